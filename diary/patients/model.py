"""Patients, who cares for them, and how their phones get in."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    false,
)

from diary.columns import (
    Id,
    Instant,
    clinic_table,
    metadata,
    partial_index,
    version_column,
    within_clinic,
)

# name is sealed; reference is what webhooks and lists call the patient: it means nothing outside.
# drill: nobody real; a rehearsal is about them, so that no real finding can ever join it.
# state: one of `diary.patients.states`, or `erased`, with which the key of all that was sealed
# about them is destroyed. state_until: when a time away ends by itself. discharged_at: when the
# treatment ended, be it by a death. schedule_due_at: when what they are asked is made anew.
ERASED = "erased"
patients = clinic_table(
    "patients",
    Column("reference", String(24), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("drill", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("discharged_at", Instant),
    Column("state_until", Instant),
    Column("schedule_due_at", Instant),
    CheckConstraint("state <> 'discharged' OR discharged_at IS NOT NULL", name="discharged"),
    Index(None, "clinic_id", "reference", unique=True),
    partial_index("uq_patients_one_drill", "clinic_id", where="drill", unique=True),
    partial_index(
        "ix_patients_ended", "clinic_id", "discharged_at", where="discharged_at IS NOT NULL"
    ),
    partial_index("ix_patients_away", "state_until", where="state_until IS NOT NULL"),
    partial_index("ix_patients_schedule", "schedule_due_at", where="schedule_due_at IS NOT NULL"),
)

# Every change of a patient's state. since: when it began, as it was said; changed_by: NULL where it
# ended by itself; reason is sealed.
patient_states = clinic_table(
    "patient_states",
    Column("patient_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("reason", LargeBinary),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Id),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "changed_at"),
)

# details: sealed JSON, how the patient is reached and who else is. changed_by: `patient` or
# `care-team`.
patient_contacts = clinic_table(
    "patient_contacts",
    Column("patient_id", Id, nullable=False),
    version_column(),
    Column("details", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(16), nullable=False),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", unique=True),
)

# Every hold that ever was, several of a patient among them; reason is sealed.
legal_holds = clinic_table(
    "legal_holds",
    Column("patient_id", Id, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("placed_by", Id),
    Column("lifted_at", Instant),
    Column("lifted_by", Id),
    within_clinic("patient_id", "patients"),
    partial_index("ix_legal_holds_in_place", "clinic_id", "patient_id", where="lifted_at IS NULL"),
)

# Which clinicians a patient is in the care of. added_by: whoever said so; NULL for the migration.
care_team = Table(
    "care_team",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Column("staff_id", Id, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("added_by", Id),
    within_clinic("patient_id", "patients"),
    within_clinic("staff_id", "staff"),
    Index(None, "clinic_id", "staff_id"),
)

# A clinician who reads a patient of somebody else, in the open. reason is sealed.
break_glass = clinic_table(
    "break_glass",
    Column("patient_id", Id, nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    within_clinic("patient_id", "patients"),
    within_clinic("staff_id", "staff"),
    Index(None, "clinic_id", "staff_id", "patient_id"),
)

enrolments = clinic_table(
    "enrolments",
    Column("patient_id", Id, nullable=False),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    within_clinic("patient_id", "patients"),
)

devices = clinic_table(
    "devices",
    Column("patient_id", Id, nullable=False),
    Column("name", LargeBinary),
    Column("platform", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id"),
)
