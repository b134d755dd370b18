"""Alerts, what found them, what was done about them, and the policies that climb."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, String, false

from diary.columns import (
    Document,
    Id,
    Instant,
    SeverityColumn,
    clinic_table,
    partial_index,
    within_clinic,
)

# Every version is kept: an alert is stamped with the one in force when it opened or worsened.
# applies_to: a severity's word, or `default` for the severities without a policy of their own.
policies = clinic_table(
    "policies",
    Column("applies_to", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("steps", Document, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Id),
    Index(None, "clinic_id", "applies_to", "version", unique=True),
)

# acted_at: by the clock that set next_action_at, when something last happened to it.
# people_from: while the people of a moderate alert wait for staffed hours, until when.
# exhausted_at: the first time; whether it is so now says `exhausted`. answer_by: the first deadline
# that stood until someone answered, which worsening may make earlier but not later; acknowledge_by
# is the present generation's.
alerts = clinic_table(
    "alerts",
    Column("patient_id", Id, nullable=False),
    Column("status", String(16), nullable=False),
    Column("severity", SeverityColumn, nullable=False),
    Column("suicidality", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("policy_id", Id),
    Column("step", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("exhausted", Boolean, nullable=False),
    Column("exhausted_at", Instant),
    Column("drill", Boolean, nullable=False, server_default=false()),
    Column("page_id", Id),
    Column("opened_at", Instant, nullable=False),
    Column("next_action_at", Instant),
    Column("acted_at", Instant),
    Column("people_from", Instant),
    Column("acknowledge_by", Instant, nullable=False),
    Column("contact_by", Instant, nullable=False),
    Column("answer_by", Instant),
    Column("first_acknowledged_at", Instant),
    Column("contacted_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Id),
    Column("resolved_at", Instant),
    Column("resolved_by", Id),
    Column("outcome", String(32)),
    Column("previous_id", Id),
    CheckConstraint("status IN ('triggered', 'acknowledged', 'resolved')", name="status"),
    # Silence is unrepresentable: what is not resolved has a next action.
    CheckConstraint("status = 'resolved' OR next_action_at IS NOT NULL", name="never_silent"),
    CheckConstraint(
        "status <> 'resolved' OR (resolved_by IS NOT NULL AND outcome IS NOT NULL)",
        name="resolved_by_a_person",
    ),
    within_clinic("patient_id", "patients"),
    within_clinic("policy_id", "policies"),
    within_clinic("previous_id", "alerts"),
    within_clinic("acknowledged_by", "staff"),
    within_clinic("resolved_by", "staff"),
    Index(None, "clinic_id", "patient_id", "opened_at"),
    Index(None, "clinic_id", "opened_at"),
    partial_index(
        "uq_alerts_one_open_per_patient",
        "clinic_id",
        "patient_id",
        where="status <> 'resolved'",
        unique=True,
    ),
    partial_index("ix_alerts_due", "next_action_at", where="status <> 'resolved'"),
    partial_index("ix_alerts_acted", "acted_at", where="status <> 'resolved'"),
)

# source: where the finding came from, and source_id the check-in, quarantined body or call.
findings = clinic_table(
    "findings",
    Column("alert_id", Id, nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("source", String(16), nullable=False),
    Column("source_id", Id, nullable=False),
    Column("rule", String(32), nullable=False),
    Column("title", String(64), nullable=False),
    Column("severity", SeverityColumn, nullable=False),
    Column("suicidality", Integer),
    Column("inputs", Document, nullable=False),
    # What made the rule fire, for people: `diary.rules.explain` puts it into words.
    Column("because", Document),
    Column("found_at", Instant, nullable=False),
    within_clinic("alert_id", "alerts"),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "alert_id"),
    Index(None, "clinic_id", "source_id"),
)

# Where the patient said they were, with what raised an alert. text is sealed.
locations = clinic_table(
    "locations",
    Column("patient_id", Id, nullable=False),
    Column("alert_id", Id, nullable=False),
    Column("source", String(16), nullable=False),
    Column("source_id", Id, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    within_clinic("patient_id", "patients"),
    within_clinic("alert_id", "alerts"),
    Index(None, "clinic_id", "alert_id"),
    Index(None, "clinic_id", "patient_id", "received_at"),
)

# The alert's history, append-only. note is sealed.
alert_entries = clinic_table(
    "alert_entries",
    Column("alert_id", Id, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", Id),
    Column("detail", Document),
    Column("note", LargeBinary),
    within_clinic("alert_id", "alerts"),
    Index(None, "clinic_id", "alert_id", "at"),
)

# One-time links to acknowledge with: bound to an alert, a generation and a contact of one person.
acknowledgement_links = clinic_table(
    "acknowledgement_links",
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("alert_id", Id, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    within_clinic("alert_id", "alerts"),
    within_clinic("endpoint_id", "endpoints"),
    within_clinic("staff_id", "staff"),
    Index(None, "clinic_id", "alert_id"),
)
