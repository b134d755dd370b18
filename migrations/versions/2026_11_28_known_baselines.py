"""Low levels of suicidality that are known of patients, each for a time.

Why: a patient who has lived with the same passive thoughts for years pages the team every day, and
a team that is paged every day hears less.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_known_baselines"
down_revision = "2026_11_27_quarantine_review"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "known_baselines",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("review_due_at", INSTANT, nullable=False),
        sa.Column("reviewed_at", INSTANT, nullable=True),
        sa.Column("reviewed_by", ID, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_why", sa.String(16), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_known_baselines_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_known_baselines_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_known_baselines")),
    )
    op.create_index(
        op.f("ix_known_baselines_clinic_id_patient_id_set_at"),
        "known_baselines",
        ["clinic_id", "patient_id", "set_at"],
    )
    op.create_index(
        "uq_known_baselines_one_in_force",
        "known_baselines",
        ["clinic_id", "patient_id"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def downgrade() -> None:
    """Take it away: every answer is told as the rules find it."""
    op.drop_table("known_baselines")
