"""Consents: what a clinic asks its patients for, and what they answered, row upon row."""

from sqlalchemy import Boolean, Column, Index, Integer, String

from diary.columns import Document, Id, Instant, clinic_table, within_clinic

# A published version never changes. asks_anew: what was given for the versions before counts no
# more. wordings: [{"locale": "en", "title": "…", "text": "…"}].
consent_texts = clinic_table(
    "consent_texts",
    Column("purpose", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("asks_anew", Boolean, nullable=False),
    Column("lasts_months", Integer),
    Column("wordings", Document, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Id),
    Index(None, "clinic_id", "purpose", "version", unique=True),
)

# Append-only: whoever changes their mind adds a row. The highest ordinal of a patient and purpose
# is what holds now, for a clock can be set back. recorded_by: the phone, the member or the client.
consents = clinic_table(
    "consents",
    Column("patient_id", Id, nullable=False),
    Column("text_id", Id, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by_kind", String(16), nullable=False),
    Column("recorded_by", Id),
    within_clinic("patient_id", "patients"),
    within_clinic("text_id", "consent_texts"),
    Index(None, "clinic_id", "patient_id", "purpose", "ordinal", unique=True),
)
