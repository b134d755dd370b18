"""The audit trail: who did what to which object, written in the transaction that did it.

The engine then seals it: it gives each event its place in the chain of its clinic (`diary/trail/`).
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, bindparam

from diary.columns import Document, Id, Instant, clinic_table, partial_index
from diary.ids import CANARY_CLINIC

# What waits to be sealed. The canary's events are deleted after a day and never are.
UNSEALED: Final = f"sequence IS NULL AND clinic_id <> '{CANARY_CLINIC.hex}'"

# sequence: its place in the chain, from 1 and without a gap; link: what binds it to all before it.
# Both are NULL until the event is sealed.
audit_events = clinic_table(
    "audit_events",
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", Id),
    Column("action", String(64), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("detail", Document),
    Column("sequence", BigInteger),
    Column("link", LargeBinary),
    Index(None, "clinic_id", "at"),
    partial_index("ix_audit_events_unsealed", "clinic_id", "at", "id", where=UNSEALED),
    partial_index(
        "uq_audit_events_sequence",
        "clinic_id",
        "sequence",
        where="sequence IS NOT NULL",
        unique=True,
    ),
)
# The same for queries. The clinic stands in the statement itself: only so do they go by the index.
WAITS: Final = audit_events.c.sequence.is_(None) & (
    audit_events.c.clinic_id
    != bindparam("canary_clinic", CANARY_CLINIC, type_=Id, literal_execute=True)
)
