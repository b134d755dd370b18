"""Endpoints, and what is sent to them: message → deliveries → attempts."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    and_,
    literal_column,
)

from diary.columns import Id, Instant, clinic_table, partial_index, within_clinic

# Whatever can be sent to. kind: a webhook; a contact of a member of staff, whose address is what
# `secret` seals; the operator's last resort, whose address is a setting; the canary's sink.
# secret is sealed; a webhook's signs every attempt, beside previous_secret while that is good.
# failures counts those in a row; blocked_until: no claim before then but a single probe after it.
# purpose: `disclosure` is outside the clinic, and told only of patients who consent to it.
endpoints = clinic_table(
    "endpoints",
    Column("kind", String(16), nullable=False, server_default="webhook"),
    Column("purpose", String(16), nullable=False, server_default="care"),
    Column("staff_id", Id),
    Column("url", Text),
    Column("description", Text),
    Column("secret", LargeBinary),
    Column("previous_secret", LargeBinary),
    Column("previous_secret_until", Instant),
    Column("state", String(16), nullable=False),
    Column("max_in_flight", SmallInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("blocked_until", Instant),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("kind IN ('webhook', 'contact', 'last-resort', 'canary')", name="kind"),
    CheckConstraint("state IN ('active', 'disabled', 'gone')", name="state"),
    CheckConstraint(
        "purpose = 'care' OR (purpose = 'disclosure' AND kind = 'webhook')", name="purpose"
    ),
    CheckConstraint(
        "kind <> 'webhook' OR (url IS NOT NULL AND secret IS NOT NULL)", name="webhook"
    ),
    CheckConstraint(
        "kind <> 'contact' OR (staff_id IS NOT NULL AND secret IS NOT NULL)", name="contact"
    ),
    within_clinic("staff_id", "staff"),
    Index(None, "clinic_id", "staff_id"),
    partial_index(
        "uq_endpoints_one_last_resort", "clinic_id", where="kind = 'last-resort'", unique=True
    ),
)

# body is frozen: every attempt of every delivery sends these very bytes under this id.
messages = clinic_table(
    "messages",
    Column("type", String(32), nullable=False),
    Column("alert_id", Id),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# patient_id: of a disclosure alone, which leaves only while this patient consents. It has no
# alert_id: nothing that judges an alert by its deliveries may count one.
deliveries = clinic_table(
    "deliveries",
    Column("message_id", Id, nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("alert_id", Id),
    Column("patient_id", Id),
    Column("is_page", Boolean, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_token", Id),
    Column("leased_until", Instant),
    Column("leased_by", Id),
    Column("withdrawn", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    CheckConstraint(
        "state IN ('pending', 'leased', 'delivered', 'superseded', 'cancelled', 'exhausted')",
        name="state",
    ),
    CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", name="lease"),
    CheckConstraint("patient_id IS NULL OR (alert_id IS NULL AND NOT is_page)", name="disclosure"),
    within_clinic("message_id", "messages"),
    within_clinic("endpoint_id", "endpoints"),
    partial_index(
        "ix_deliveries_in_order",
        "endpoint_id",
        "is_page",
        "priority",
        "due_at",
        "id",
        where="state = 'pending'",
    ),
    partial_index("ix_deliveries_leased", "leased_until", where="state = 'leased'"),
    partial_index(
        "ix_deliveries_in_flight", "endpoint_id", "leased_until", where="state = 'leased'"
    ),
    partial_index(
        "ix_deliveries_disclosed", "clinic_id", "patient_id", "id", where="patient_id IS NOT NULL"
    ),
    Index(None, "clinic_id", "alert_id"),
    Index(None, "clinic_id", "message_id"),
    Index(None, "clinic_id", "created_at"),
)

# Literal: under a parameter neither database can tell that the partial indexes serve. SQLite also
# wants a range to search, and every lease ends at some time.
PENDING = deliveries.c.state == literal_column("'pending'")
LEASED = and_(
    deliveries.c.state == literal_column("'leased'"),
    deliveries.c.leased_until > datetime(1970, 1, 1, tzinfo=UTC),
)

attempts = clinic_table(
    "attempts",
    Column("delivery_id", Id, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("status", SmallInteger),
    Column("error", String(32)),
    Column("stale", Boolean, nullable=False),
    within_clinic("delivery_id", "deliveries"),
    Index(None, "clinic_id", "delivery_id"),
)
