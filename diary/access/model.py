"""Clinics, the people and programs that act for them, and their sessions."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from diary.columns import (
    Document,
    Id,
    Instant,
    clinic_table,
    metadata,
    partial_index,
    within_clinic,
)

clinics = Table(
    "clinics",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("phone", String(32)),
    Column("staffed_hours", Document),
    # How long a record is kept after a discharge; NULL: for ever.
    Column("retention_months", Integer),
    Column("created_at", Instant, nullable=False),
    info={"clinic_column": "id"},
)


# name, email and second_factor_secret are sealed; email_index finds an address across clinics
# without storing it. second_factor_step: of the last one-time code that was used.
staff = clinic_table(
    "staff",
    Column("name", LargeBinary, nullable=False),
    Column("email", LargeBinary, nullable=False),
    Column("email_index", LargeBinary, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255)),
    Column("invitation_hash", LargeBinary, unique=True),
    Column("invitation_expires_at", Instant),
    Column("second_factor_secret", LargeBinary),
    Column("second_factor_since", Instant),
    Column("second_factor_step", Integer),
    Column("created_at", Instant, nullable=False),
)

recovery_codes = clinic_table(
    "recovery_codes",
    Column("staff_id", Id, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("used_at", Instant),
    within_clinic("staff_id", "staff"),
    Index(None, "clinic_id", "staff_id"),
)

api_clients = clinic_table(
    "api_clients",
    Column("name", Text, nullable=False),
    # One of the two: a key to be exchanged, or the public half of keys to sign assertions with.
    Column("key_hash", LargeBinary, unique=True),
    Column("public_keys", Document),
    Column("created_at", Instant, nullable=False),
)

# Assertions that were taken, until they expire: each serves once.
client_assertions = Table(
    "client_assertions",
    metadata,
    Column("clinic_id", Id, nullable=False),
    Column("client_id", Id, nullable=False),
    Column("used", LargeBinary, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    within_clinic("client_id", "api_clients"),
    Index(None, "expires_at"),
)

# A device's or client's only session has its id; a staff member signs in many times.
# proven_at: when a member last showed a code once more, after signing in.
sessions = clinic_table(
    "sessions",
    Column("kind", String(16), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("patient_id", Id),
    Column("role", String(16), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("proven_at", Instant),
    Column("refreshed_at", Instant, nullable=False),
    Column("refresh_ordinal", Integer, nullable=False),
    Column("refresh_nonce", LargeBinary, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_why", String(32)),
    CheckConstraint("kind <> 'device' OR patient_id IS NOT NULL", name="device_has_patient"),
    within_clinic("patient_id", "patients"),
    Index(None, "clinic_id", "subject_id"),
    Index(None, "clinic_id", "patient_id"),
)

# Guesses at secrets, of accounts and addresses that stand here as keyed fingerprints alone.
guesses = Table(
    "guesses",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at", Instant, nullable=False),
    Column("refused_until", Instant),
    Index(None, "at"),
)

# Keys belong to the deployment, not to a clinic. signs_from: NULL where it did from its creation.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_jwk", Document, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("signs_from", Instant),
    CheckConstraint("state IN ('pending', 'active', 'retiring', 'retired')", name="state"),
    partial_index("uq_signing_keys_active", "state", where="state = 'active'", unique=True),
)
