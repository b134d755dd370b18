"""Instruments that a clinic brought: each row is one language of an immutable version."""

from sqlalchemy import Column, Index, Integer, String, Text

from diary.columns import Document, Id, Instant, clinic_table

# document: as it was brought; sha256: of `fhir.documents.canonical` of it. matching: how it is
# scored, as `matching.Match` writes itself; fingerprint: of all but the words. Only the licence is
# written later, once.
instruments = clinic_table(
    "instruments",
    Column("slug", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("url", String(500)),
    Column("title", Text, nullable=False),
    Column("profile", String(64)),
    Column("document", Document, nullable=False),
    Column("matching", Document, nullable=False),
    Column("report", Document, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source", Text),
    Column("shortest_interval_hours", Integer),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by_kind", String(16), nullable=False),
    Column("imported_by", Id),
    Column("licence", Text),
    Column("attested_at", Instant),
    Column("attested_by_kind", String(16)),
    Column("attested_by", Id),
    Index(None, "clinic_id", "slug", "version", "locale", unique=True),
)
