"""Published rule sets: immutable versions per clinic; and the silences that wait to be judged."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

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
