"""Endpoints, and what is sent to them: message → deliveries → attempts."""

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
)

from diary.columns import Id, Instant, clinic_table, partial_index, within_clinic

# secret is sealed; it signs every attempt.
endpoints = clinic_table(
    "endpoints",
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("secret", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("max_in_flight", SmallInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("state IN ('active', 'disabled')", name="state"),
)

# body is frozen: every attempt of every delivery sends these very bytes under this id.
messages = clinic_table(
    "messages",
    Column("type", String(32), nullable=False),
    Column("alert_id", Id),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

deliveries = clinic_table(
    "deliveries",
    Column("message_id", Id, nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("alert_id", Id),
    Column("is_page", Boolean, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_token", Id),
    Column("leased_until", Instant),
    Column("withdrawn", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    CheckConstraint(
        "state IN ('pending', 'leased', 'delivered', 'superseded', 'cancelled', 'exhausted')",
        name="state",
    ),
    CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", name="lease"),
    within_clinic("message_id", "messages"),
    within_clinic("endpoint_id", "endpoints"),
    partial_index("ix_deliveries_pending", "endpoint_id", "due_at", where="state = 'pending'"),
    partial_index("ix_deliveries_leased", "leased_until", where="state = 'leased'"),
    Index(None, "clinic_id", "alert_id"),
    Index(None, "clinic_id", "message_id"),
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
