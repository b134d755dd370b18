"""Safety plans: what helps a patient in a crisis, every version of it.

Why: in a crisis one's own words help more than anybody else's, if they are at hand.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_safety_plans"
down_revision = "2026_11_28_known_baselines"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "safety_plans",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("steps", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("written_by_kind", sa.String(16), nullable=False),
        sa.Column("written_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_safety_plans_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_safety_plans_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_safety_plans")),
    )
    op.create_index(
        "ix_safety_plans_clinic_id_patient_id_version",
        "safety_plans",
        ["clinic_id", "patient_id", "version"],
        unique=True,
    )


def downgrade() -> None:
    """Take it away. The plans are lost: there is no other place for them."""
    op.drop_table("safety_plans")
