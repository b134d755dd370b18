"""Check-ins, and what was sent but could not be taken as it was."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

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

# A check-in's id is the phone's, so it lives under its patient: nobody can collide with another's.
check_ins = Table(
    "check_ins",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("device_id", Id, nullable=False),
    Column("instrument", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("answers", Document, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("mood", Integer),
    Column("anxiety", Integer),
    Column("dissociation", Integer),
    Column("dissociation_total", Integer),
    Column("si", Integer),
    # Every other measure that was scored, by name; empty where an instrument gave none.
    Column("scores", Document),
    # Of an imported instrument: the total as we add it up, its band, and what the phone added up.
    Column("total", Integer),
    Column("band", String(32)),
    Column("client_total", Integer),
    Column("total_agrees", Boolean),
    Column("severity", SeverityColumn),
    Column("suicidality_severity", SeverityColumn),
    Column("rule_set_version", Integer, nullable=False),
    Column("alert_id", Id),
    # The phone's clock when it was answered and when it was sent; ours when it came.
    Column("recorded_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("received_at", Instant, nullable=False),
    # Of those two, what the phone wrote, letter for letter: it is given back so.
    Column("moments", Document),
    Column("utc_offset_minutes", Integer, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("infusion_number", Integer),
    Column("days_since_infusion", Integer),
    Column("hours_since_infusion", Integer),
    # How often the patient has amended it; the answers and scores are those of the last time.
    Column("amendments", Integer, nullable=False, server_default="0"),
    within_clinic("patient_id", "patients"),
    within_clinic("alert_id", "alerts"),
    Index(
        "ix_check_ins_trajectory",
        "clinic_id",
        "patient_id",
        "recorded_at",
        "id",
        postgresql_include=["mood", "anxiety", "dissociation", "si", "suicidality_severity"],
    ),
    Index(None, "clinic_id", "patient_id", "received_at"),
    # Weeks lie between two of them, and many daily ones.
    Index(
        "ix_check_ins_administrations",
        "clinic_id",
        "patient_id",
        "instrument",
        "recorded_at",
        sqlite_where=text("scores IS NOT NULL"),
        postgresql_where=text("scores IS NOT NULL"),
    ),
)

# Each time a patient took answers back. before: the answers and scores that stood until then, so
# that the first amendment keeps what was sent at first. reason is sealed.
amendments = Table(
    "amendments",
    metadata,
    Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Column("check_in_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("device_id", Id, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("before", Document, nullable=False),
    Column("answers", Document, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("severity", SeverityColumn),
    Column("rule_set_version", Integer, nullable=False),
    Column("alert_id", Id),
    Column("amended_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["clinic_id", "patient_id", "check_in_id"],
        ["check_ins.clinic_id", "check_ins.patient_id", "check_ins.id"],
    ),
    within_clinic("alert_id", "alerts"),
    UniqueConstraint("clinic_id", "patient_id", "check_in_id", "number"),
)

# What a patient wrote beside the answers, sealed; for people, and not read right away. phrases:
# whether it holds one of the clinic's list.
notes = clinic_table(
    "notes",
    Column("patient_id", Id, nullable=False),
    Column("check_in_id", Id, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("phrases", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("read_by", Id),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "patient_id", "received_at"),
    Index(
        "ix_notes_unread",
        "clinic_id",
        "received_at",
        sqlite_where=text("read_at IS NULL"),
        postgresql_where=text("read_at IS NULL"),
    ),
)

# body: kept whole and sealed, with what was wrong with it, which may name fields as they were sent.
# Its suicidality answers were judged when it came. It waits until somebody has reviewed it; what
# they wrote, review_note, is sealed.
quarantine = clinic_table(
    "quarantine",
    Column("patient_id", Id, nullable=False),
    Column("check_in_id", Id, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("why", String(16), nullable=False),
    Column("severity", SeverityColumn),
    Column("alert_id", Id),
    Column("received_at", Instant, nullable=False),
    Column("verdict", String(24)),
    Column("review_note", LargeBinary),
    Column("reviewed_at", Instant),
    Column("reviewed_by", Id),
    # When the care team is told again; of what waits of a patient, one carries it.
    Column("remind_at", Instant),
    within_clinic("patient_id", "patients"),
    within_clinic("alert_id", "alerts"),
    Index(None, "clinic_id", "patient_id", "check_in_id", "body_hash", unique=True),
    Index(None, "clinic_id", "patient_id", "received_at"),
    partial_index("ix_quarantine_waiting", "clinic_id", "received_at", where="reviewed_at IS NULL"),
    partial_index("ix_quarantine_remind", "remind_at", where="remind_at IS NOT NULL"),
    # Two bodies that are the first to wait, at once: one of them is looked at again.
    partial_index(
        "uq_quarantine_carrier",
        "clinic_id",
        "patient_id",
        where="remind_at IS NOT NULL",
        unique=True,
    ),
)
