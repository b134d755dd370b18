"""How a patient was when they left after an infusion, and when.

Why: nobody goes home from an infusion without somebody having seen that they can.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_05_departures"
down_revision = "2026_12_04_transport"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Make the table and add the column. Of the visits before this nothing is known."""
    op.add_column("infusions", sa.Column("left_at", INSTANT, nullable=True))
    op.create_table(
        "departures",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("infusion_id", ID, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.Column("met", DOCUMENT, nullable=False),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID),
        sa.ForeignKeyConstraint(
            ["clinic_id", "infusion_id"],
            ["infusions.clinic_id", "infusions.id"],
            name=op.f("fk_departures_clinic_id_infusion_id"),
        ),
        *_of_patient("departures"),
    )
    op.create_index(
        op.f("ix_departures_clinic_id_infusion_id"), "departures", ["clinic_id", "infusion_id"]
    )
    op.create_index(
        op.f("ix_departures_clinic_id_patient_id_recorded_at"),
        "departures",
        ["clinic_id", "patient_id", "recorded_at"],
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("departures")
    op.drop_column("infusions", "left_at")


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
