"""Rotas: who is on call, week by week, and what is different on some days."""

from sqlalchemy import Boolean, Column, String, Text, false

from diary.columns import Document, Id, Instant, clinic_table, partial_index, version_column

# shifts: [{"weekday": 1, "opens": "09:00", "closes": "17:00", "staff": ["…"]}], in the rota's zone.
# overrides: [{"id": "…", "starts_at": "…", "ends_at": "…", "staff": ["…"]}], in UTC; they replace
# the shifts for as long as they last, and an empty list is a closure. In the row, because whoever
# needs the shifts needs them too.
# told_to_patients: this rota's hours are what a clinic's patients read of its coverage.
rotas = clinic_table(
    "rotas",
    Column("name", Text, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("shifts", Document, nullable=False),
    Column("overrides", Document, nullable=False),
    Column("told_to_patients", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Id),
    Column("archived_at", Instant),
    version_column(),
    partial_index("uq_rotas_told_to_patients", "clinic_id", where="told_to_patients", unique=True),
)
