"""The audit trail: who did what to which object, written in the transaction that did it."""

from sqlalchemy import Column, Index, String

from diary.columns import Document, Id, Instant, clinic_table

audit_events = clinic_table(
    "audit_events",
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", Id),
    Column("action", String(64), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("detail", Document),
    Index(None, "clinic_id", "at"),
)
