"""The clinic's plans of what is asked when, and every patient's windows to answer in."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Text,
)

from diary.columns import Document, Id, Instant, clinic_table, partial_index, within_clinic

# Immutable versions; the one with the highest number is in force.
schedule_plans = clinic_table(
    "schedule_plans",
    Column("version", Integer, nullable=False),
    Column("document", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Id),
    Index(None, "clinic_id", "version", unique=True),
)

# slot: what tells a patient's windows apart, whatever moves: `daily@2026-11-26`, `phq@2026-W48`.
# plan: the version that wanted it last; 0 is what ships. after_effects: whether the items are asked
# that are about the hours after an infusion. late: whether the answer was recorded after it had
# closed. remind_at, chase_at: when that is still to be done; reminded_at: when it was done last,
# reminder_id: by which message, NULL where nobody listens; reminder_shown_at: as the phone says.
# next_at: when the engine looks at it next.
windows = clinic_table(
    "windows",
    Column("patient_id", Id, nullable=False),
    Column("slot", String(96), nullable=False),
    Column("plan", Integer, nullable=False),
    Column("instrument", String(64), nullable=False),
    Column("instrument_version", String(64), nullable=False),
    Column("infusion_id", Id),
    Column("after_effects", Boolean, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("closes_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("check_in_id", Id),
    Column("answered_at", Instant),
    Column("late", Boolean),
    Column("remind_at", Instant),
    Column("chase_at", Instant),
    Column("reminded_at", Instant),
    Column("reminder_id", Id),
    Column("reminder_shown_at", Instant),
    Column("next_at", Instant),
    CheckConstraint("state IN ('pending', 'answered', 'missed', 'cancelled')", name="state"),
    CheckConstraint("closes_at > opens_at", name="order"),
    CheckConstraint("(state = 'answered') = (check_in_id IS NOT NULL)", name="answered"),
    # What is pending is looked at again: none is forgotten.
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="next"),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "slot", unique=True),
    Index(None, "clinic_id", "patient_id", "closes_at"),
    Index(None, "clinic_id", "local_date"),
    partial_index("ix_windows_next", "next_at", where="next_at IS NOT NULL"),
)
