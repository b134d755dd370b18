"""What watches the escalation itself. It belongs to the deployment, not to a clinic."""

from sqlalchemy import Boolean, Column, String, Table

from diary.columns import Document, Id, Instant, metadata

# Every engine that runs, or ran a moment ago. standby: it runs inside an API process, for as long
# as no other does. listening: whether it hears of commits at once; NULL where it does not try to.
# figures: what it measured since it started, as `diary.watch.meters` writes it.
engines = Table(
    "engines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    Column("standby", Boolean, nullable=False),
    Column("listening", Boolean),
    Column("figures", Document),
)

# When something that must happen again and again last did.
marks = Table(
    "marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
)
