"""Infusions that are moved, and numbers that count none that was cancelled.

Why: rules ask for the infusion's number, and a cancelled one is none. Numbers follow the moments,
so they are not unique while they are counted anew; whoever changes them holds the patient's row.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_infusions"
down_revision = "2026_11_29_schedule"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
NUMBERS = "ix_infusions_clinic_id_patient_id_number"
_COUNTED = """
    UPDATE infusions SET number = (
        SELECT count(*) FROM infusions AS other
        WHERE other.clinic_id = infusions.clinic_id AND other.patient_id = infusions.patient_id
            AND other.state <> 'cancelled'
            AND (
                CASE WHEN other.started_at IS NULL THEN 1 ELSE 0 END,
                coalesce(other.started_at, other.planned_at), other.id
            ) <= (
                CASE WHEN infusions.started_at IS NULL THEN 1 ELSE 0 END,
                coalesce(infusions.started_at, infusions.planned_at), infusions.id
            )
    ) WHERE state <> 'cancelled'
"""
# As it was: all of them, in the order in which they were planned.
_ALL = """
    UPDATE infusions SET number = (
        SELECT count(*) FROM infusions AS other
        WHERE other.clinic_id = infusions.clinic_id AND other.patient_id = infusions.patient_id
            AND other.id <= infusions.id
    )
"""


def upgrade() -> None:
    """Make the table, and number again."""
    op.drop_index(op.f(NUMBERS), "infusions")
    with op.batch_alter_table("infusions") as infusions:
        infusions.add_column(sa.Column("planned_minutes", sa.Integer(), nullable=True))
        infusions.add_column(sa.Column("cancel_reason", sa.String(24), nullable=True))
        infusions.add_column(sa.Column("cancelled_at", INSTANT, nullable=True))
        infusions.alter_column("number", existing_type=sa.Integer(), nullable=True)
    op.execute("UPDATE infusions SET number = NULL WHERE state = 'cancelled'")
    op.execute(_COUNTED)
    op.create_index(op.f(NUMBERS), "infusions", ["clinic_id", "patient_id", "number"])
    op.create_table(
        "infusion_moves",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("infusion_id", ID, nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("to_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("moved_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "infusion_id"],
            ["infusions.clinic_id", "infusions.id"],
            name=op.f("fk_infusion_moves_clinic_id_infusion_id"),
        ),
        *_of_patient("infusion_moves"),
    )
    op.create_index(
        op.f("ix_infusion_moves_clinic_id_infusion_id"),
        "infusion_moves",
        ["clinic_id", "infusion_id"],
    )


def downgrade() -> None:
    """Take it away; cancelled infusions are counted again."""
    op.drop_table("infusion_moves")
    op.drop_index(op.f(NUMBERS), "infusions")
    op.execute(_ALL)
    with op.batch_alter_table("infusions") as infusions:
        infusions.alter_column("number", existing_type=sa.Integer(), nullable=False)
        for name in ("cancelled_at", "cancel_reason", "planned_minutes"):
            infusions.drop_column(name)
    op.create_index(op.f(NUMBERS), "infusions", ["clinic_id", "patient_id", "number"], unique=True)


def _of_patient(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f(f"fk_{table}_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f(f"fk_{table}_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f(f"pk_{table}")),
    ]
