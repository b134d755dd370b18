"""How a patient is reached, and where they said they were when they told of a risk.

Why: whoever answers an alert has to call somebody, and to send somebody to a place.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_states_contacts"
down_revision = "2026_11_26_states"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "patient_contacts",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.String(16), nullable=False),
        *_of_the_clinic("patient_contacts", patient_id="patients"),
    )
    op.create_index(
        op.f("ix_patient_contacts_clinic_id_patient_id"),
        "patient_contacts",
        ["clinic_id", "patient_id"],
        unique=True,
    )
    op.create_table(
        "locations",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        *_of_the_clinic("locations", patient_id="patients", alert_id="alerts"),
    )
    op.create_index(op.f("ix_locations_clinic_id_alert_id"), "locations", ["clinic_id", "alert_id"])
    op.create_index(
        op.f("ix_locations_clinic_id_patient_id_received_at"),
        "locations",
        ["clinic_id", "patient_id", "received_at"],
    )


def downgrade() -> None:
    """Take both away, and what is in them."""
    op.drop_table("locations")
    op.drop_table("patient_contacts")


def _of_the_clinic(table: str, **columns: str) -> list[Any]:
    return [
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f(f"fk_{table}_clinic_id")),
        *(
            sa.ForeignKeyConstraint(
                ["clinic_id", column],
                [f"{target}.clinic_id", f"{target}.id"],
                name=op.f(f"fk_{table}_clinic_id_{column}"),
            )
            for column, target in columns.items()
        ),
    ]
