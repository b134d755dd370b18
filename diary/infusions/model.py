"""Infusions: the visits that the diary lies between, and the courses of treatment they are of."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Numeric, String

from diary.columns import (
    Document,
    Id,
    Instant,
    clinic_table,
    partial_index,
    version_column,
    within_clinic,
)

# A course of treatment; a patient has at most one that is not closed. trials and waiver_reason are
# sealed. assessed_*, baseline_*, waived_*: what was known before its first infusion, which began at
# begun_at; waived: what of it that one could do without; lacked: what else it did without, NULL for
# nothing. baseline_check_in_id: the patient's own answer that the baseline is of; NULL where the
# care team entered it.
courses = clinic_table(
    "courses",
    Column("patient_id", Id, nullable=False),
    version_column(),
    Column("indication", String(24), nullable=False),
    Column("trials", LargeBinary, nullable=False),
    Column("induction_infusions", Integer, nullable=False),
    Column("baseline_instrument", String(16), nullable=False),
    Column("assessed_at", Instant),
    Column("assessed_by", Id),
    Column("baseline_total", Integer),
    Column("baseline_at", Instant),
    Column("baseline_by", Id),
    Column("baseline_check_in_id", Id),
    Column("waived", Document, nullable=False),
    Column("waiver_reason", LargeBinary),
    Column("waived_at", Instant),
    Column("waived_by", Id),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", Id),
    Column("begun_at", Instant),
    Column("lacked", Document),
    Column("closed_at", Instant),
    Column("closed_by", Id),
    Column("close_reason", String(24)),
    within_clinic("patient_id", "patients"),
    partial_index(
        "uq_courses_open", "clinic_id", "patient_id", where="closed_at IS NULL", unique=True
    ),
    Index(None, "clinic_id", "patient_id", "opened_at"),
)

# number: among the patient's that were or will be given, in the order of their moments; NULL where
# it was cancelled; number_in_course: among those of its course. planned_minutes: how long it is to
# run. escort_due_at: when it is told that the way home is not arranged. left_at: when the
# patient went home, by the newest departure.
infusions = clinic_table(
    "infusions",
    Column("patient_id", Id, nullable=False),
    Column("number", Integer),
    Column("course_id", Id),
    Column("number_in_course", Integer),
    Column("phase", String(16)),
    Column("state", String(16), nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("planned_minutes", Integer),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("dose_mg_per_kg", Numeric(5, 3, asdecimal=False)),
    Column("route", String(8), nullable=False),
    Column("cancel_reason", String(24)),
    Column("cancelled_at", Instant),
    Column("escort_arranged_at", Instant),
    Column("transport_arranged_at", Instant),
    Column("escort_due_at", Instant),
    Column("left_at", Instant),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("state IN ('planned', 'started', 'ended', 'cancelled')", name="state"),
    CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
    within_clinic("patient_id", "patients"),
    within_clinic("course_id", "courses"),
    Index(None, "clinic_id", "patient_id", "number"),
    Index(None, "clinic_id", "patient_id", "started_at"),
    partial_index("ix_infusions_escort", "escort_due_at", where="escort_due_at IS NOT NULL"),
)

# Each time a planned infusion was moved.
infusion_moves = clinic_table(
    "infusion_moves",
    Column("patient_id", Id, nullable=False),
    Column("infusion_id", Id, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("to_at", Instant, nullable=False),
    Column("reason", String(24), nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("moved_by", Id),
    within_clinic("patient_id", "patients"),
    within_clinic("infusion_id", "infusions"),
    Index(None, "clinic_id", "infusion_id"),
)

# What was seen of a patient during a visit; nothing is changed, a wrong one is corrected by another
# that names it in `corrects`. Pressures in mmHg, rates per minute, spo2 in percent; dissociation:
# as a clinician sees it, 0 to 4; cadss: 0 to 92.
observations = clinic_table(
    "observations",
    Column("patient_id", Id, nullable=False),
    Column("infusion_id", Id, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("systolic", Integer),
    Column("diastolic", Integer),
    Column("heart_rate", Integer),
    Column("spo2", Integer),
    Column("respiratory_rate", Integer),
    Column("dissociation", Integer),
    Column("cadss", Integer),
    Column("corrects", Id),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Id),
    within_clinic("patient_id", "patients"),
    within_clinic("infusion_id", "infusions"),
    within_clinic("corrects", "observations"),
    Index(None, "clinic_id", "infusion_id", "observed_at"),
    Index(None, "clinic_id", "patient_id", "observed_at"),
)

# How a patient was when they left after an infusion. The newest of a visit counts, and the others
# stay. left_at: NULL takes back that they had left. met: the criteria that were; reason: sealed:
# why they left though others were not.
departures = clinic_table(
    "departures",
    Column("patient_id", Id, nullable=False),
    Column("infusion_id", Id, nullable=False),
    Column("left_at", Instant),
    Column("met", Document, nullable=False),
    Column("reason", LargeBinary),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Id),
    within_clinic("patient_id", "patients"),
    within_clinic("infusion_id", "infusions"),
    Index(None, "clinic_id", "infusion_id"),
    Index(None, "clinic_id", "patient_id", "recorded_at"),
)
