"""Safety plans: what helps a patient in a crisis, in their own words, every version of it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String

from diary.columns import Id, Instant, clinic_table, within_clinic

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
