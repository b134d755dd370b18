"""Where the chain of each clinic ends."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table

from diary.columns import Id, Instant, metadata

# sequence and link: of the last event that was sealed, at `at`. mark: shows that whoever wrote this
# had the key; without it a chain could be cut and said to end earlier.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("mark", LargeBinary, nullable=False),
)
