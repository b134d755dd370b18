"""Scores of instruments, why a rule fired, notes and amendments.

Why: rules look at scores and at what came before, and say so in words; a note waits for a reader.
What a patient takes back stays on record.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_judging"
down_revision = "2026_11_26_instruments"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
ADDED = (
    ("scores", DOCUMENT),
    ("total", sa.Integer()),
    ("band", sa.String(32)),
    ("client_total", sa.Integer()),
    ("total_agrees", sa.Boolean()),
)


def upgrade() -> None:
    """Add them; what was recorded before has none of it."""
    _version(of=64, was=16)
    for name, kind in ADDED:
        op.add_column("check_ins", sa.Column(name, kind, nullable=True))
    op.add_column(
        "check_ins", sa.Column("amendments", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("findings", sa.Column("because", DOCUMENT, nullable=True))
    _index(
        "ix_check_ins_administrations",
        "check_ins",
        ["clinic_id", "patient_id", "instrument", "recorded_at"],
        "scores IS NOT NULL",
    )
    op.create_table(
        "notes",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("check_in_id", ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("phrases", sa.Boolean(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("read_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_notes_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_notes_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_notes")),
    )
    op.create_index(
        "ix_notes_clinic_id_patient_id_received_at",
        "notes",
        ["clinic_id", "patient_id", "received_at"],
    )
    _index("ix_notes_unread", "notes", ["clinic_id", "received_at"], "read_at IS NULL")
    op.create_table(
        "amendments",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("check_in_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("before", DOCUMENT, nullable=False),
        sa.Column("answers", DOCUMENT, nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=True),
        sa.Column("rule_set_version", sa.Integer(), nullable=False),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("amended_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_amendments_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id", "check_in_id"],
            ["check_ins.clinic_id", "check_ins.patient_id", "check_ins.id"],
            name=op.f("fk_amendments_clinic_id_patient_id_check_in_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "alert_id"],
            ["alerts.clinic_id", "alerts.id"],
            name=op.f("fk_amendments_clinic_id_alert_id"),
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "patient_id", "check_in_id", "id", name=op.f("pk_amendments")
        ),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "check_in_id",
            "number",
            name=op.f("uq_amendments_clinic_id_patient_id_check_in_id_number"),
        ),
    )


def downgrade() -> None:
    """Take them back. Notes and what was amended are lost: there is no other place for them."""
    op.drop_table("amendments")
    op.drop_table("notes")
    op.drop_index("ix_check_ins_administrations", table_name="check_ins")
    op.drop_column("findings", "because")
    op.drop_column("check_ins", "amendments")
    for name, _ in reversed(ADDED):
        op.drop_column("check_ins", name)


def _version(*, of: int, was: int) -> None:
    """A clinic's own versions have longer names."""
    with op.batch_alter_table("check_ins") as check_ins:
        check_ins.alter_column(
            "version",
            existing_type=sa.String(was),
            existing_nullable=False,
            type_=sa.String(of),
        )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
