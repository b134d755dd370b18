"""Published rule sets: immutable versions per clinic; the silences that wait to be judged; and the
low levels that are known of patients."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from diary.columns import (
    Document,
    Id,
    Instant,
    SeverityColumn,
    clinic_table,
    metadata,
    partial_index,
    within_clinic,
)

rule_sets = clinic_table(
    "rule_sets",
    Column("version", Integer, nullable=False),
    Column("document", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Id),
    Index(None, "clinic_id", "version", unique=True),
)

# Patients whose last word told of suicidality, one row each; whoever said nothing of it has none.
# check_in_id: the word, a check-in or a call for help; since: when the patient last spoke; prior:
# how grave it was found. judged_hours: up to which hour of the silence it was judged; due_at: when
# the next comes, NULL where no rule waits for a longer one.
silences = Table(
    "silences",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Column("check_in_id", Id, nullable=False),
    Column("since", Instant, nullable=False),
    Column("prior", SeverityColumn, nullable=False),
    Column("judged_hours", Integer, nullable=False),
    Column("due_at", Instant),
    within_clinic("patient_id", "patients"),
    partial_index("ix_silences_due", "due_at", where="due_at IS NOT NULL"),
)

# A low level that a clinician knows of a patient; reason is sealed. ended_why: `over`, `rise`,
# `replaced`, `ended`, `left`; NULL while it is in force, or is over and nobody has looked since.
known_baselines = clinic_table(
    "known_baselines",
    Column("patient_id", Id, nullable=False),
    Column("level", Integer, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Id, nullable=False),
    Column("until", Instant, nullable=False),
    Column("review_due_at", Instant, nullable=False),
    Column("reviewed_at", Instant),
    Column("reviewed_by", Id),
    Column("ended_at", Instant),
    Column("ended_why", String(16)),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "set_at"),
    partial_index(
        "uq_known_baselines_one_in_force",
        "clinic_id",
        "patient_id",
        where="ended_at IS NULL",
        unique=True,
    ),
)
