"""What is seen of a patient during a visit: vital signs and dissociation.

Why: what happened while they were watched belongs beside what they tell afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_03_observations"
down_revision = "2026_12_02_escorts"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "observations",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("infusion_id", ID, nullable=False),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.Column("systolic", sa.Integer()),
        sa.Column("diastolic", sa.Integer()),
        sa.Column("heart_rate", sa.Integer()),
        sa.Column("spo2", sa.Integer()),
        sa.Column("respiratory_rate", sa.Integer()),
        sa.Column("dissociation", sa.Integer()),
        sa.Column("cadss", sa.Integer()),
        sa.Column("corrects", ID),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID),
        sa.ForeignKeyConstraint(
            ["clinic_id", "infusion_id"],
            ["infusions.clinic_id", "infusions.id"],
            name=op.f("fk_observations_clinic_id_infusion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "corrects"],
            ["observations.clinic_id", "observations.id"],
            name=op.f("fk_observations_clinic_id_corrects"),
        ),
        *_of_patient("observations"),
    )
    for column in ("infusion_id", "patient_id"):
        op.create_index(
            op.f(f"ix_observations_clinic_id_{column}_observed_at"),
            "observations",
            ["clinic_id", column, "observed_at"],
        )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("observations")


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
