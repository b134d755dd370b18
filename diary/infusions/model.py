"""Infusions: the visits that the diary lies between."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Numeric, String

from diary.columns import Id, Instant, clinic_table, within_clinic

infusions = clinic_table(
    "infusions",
    Column("patient_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("dose_mg_per_kg", Numeric(5, 3, asdecimal=False)),
    Column("route", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("state IN ('planned', 'started', 'ended', 'cancelled')", name="state"),
    CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "number", unique=True),
    Index(None, "clinic_id", "patient_id", "started_at"),
)
