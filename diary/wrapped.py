"""The keys that are kept in the database, each wrapped by the one above it."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
)

from diary.columns import Id, Instant, clinic_table, metadata, partial_index, within_clinic

# wrapped_by: the master key's fingerprint. This row also says which of them wraps new clinics'
# keys, whatever a process was started with: processes are restarted one by one.
root_secret = Table(
    "root_secret",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("wrapped_by", String(16), nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)

# A clinic's wrapping keys, under a master key. One is active and wraps; the others are on their way
# out, and go when the last data key is wrapped anew.
clinic_keys = clinic_table(
    "clinic_keys",
    Column("wrapped", LargeBinary, nullable=False),
    Column("wrapped_by", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    partial_index("uq_clinic_keys_one_active", "clinic_id", where="active", unique=True),
)

# What fields are sealed under. id: the patient's, or the clinic's own for its fields. A destroyed
# one has no bytes left; that the row stays tells it from one that was lost.
data_keys = clinic_table(
    "data_keys",
    Column("wrapped", LargeBinary),
    Column("wrapped_by", Id),
    Column("destroyed_at", Instant),
    CheckConstraint("(destroyed_at IS NULL) = (wrapped IS NOT NULL)", name="destroyed"),
    CheckConstraint("(wrapped IS NULL) = (wrapped_by IS NULL)", name="wrapped"),
    within_clinic("wrapped_by", "clinic_keys"),
    Index(None, "clinic_id", "wrapped_by"),
)
