"""What phones showed their patients.

Why: who looked at the crisis pack without a network looked for help, and nobody knew of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_displays"
down_revision = "2026_11_28_safety_plans"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "displays",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("version", sa.String(64), nullable=True),
        sa.Column("check_in_id", ID, nullable=True),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_displays_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_displays_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", "id", name=op.f("pk_displays")),
    )
    op.create_index(
        "ix_displays_clinic_id_received_at_patient_id",
        "displays",
        ["clinic_id", "received_at", "patient_id"],
    )


def downgrade() -> None:
    """Take it away, and what it told of."""
    op.drop_table("displays")
