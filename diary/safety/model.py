"""Safety plans, and what phones showed their patients."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from diary.columns import Id, Instant, clinic_table, metadata, within_clinic

# A version never changes, and the highest of a patient is the plan. steps: sealed; entries by step.
# written_by: the phone, the member or the client.
safety_plans = clinic_table(
    "safety_plans",
    Column("patient_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("steps", LargeBinary, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("written_by_kind", String(16), nullable=False),
    Column("written_by", Id, nullable=False),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "version", unique=True),
)

# The id is the phone's, as a check-in's is. shown_at: the phone's clock. check_in_id is no
# reference: what was shown may have come without a check-in, and comes before it is known here.
displays = Table(
    "displays",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("device_id", Id, nullable=False),
    Column("what", String(16), nullable=False),
    Column("version", String(64)),
    Column("check_in_id", Id),
    Column("shown_at", Instant, nullable=False),
    Column("offline", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "received_at", "patient_id"),
)
