"""What watches the escalation itself. It belongs to the deployment, not to a clinic."""

from sqlalchemy import Column, String, Table

from diary.columns import Id, Instant, metadata

# Every engine that runs, or ran a moment ago.
engines = Table(
    "engines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
)

# When something that must happen again and again last did.
marks = Table(
    "marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
)
