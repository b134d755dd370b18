"""Published rule sets: immutable versions per clinic."""

from sqlalchemy import Column, Index, Integer, Text

from diary.columns import Document, Id, Instant, clinic_table

rule_sets = clinic_table(
    "rule_sets",
    Column("version", Integer, nullable=False),
    Column("document", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Id),
    Index(None, "clinic_id", "version", unique=True),
)
