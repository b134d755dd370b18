"""What people change has a version, and requests that are sent again are remembered.

Why: two people who change the same thing at once must not undo each other in silence, and a
program that heard no answer must be able to ask again without making a second thing. A version
has a value from the start, so that the release before still runs on this schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_http"
down_revision = "2026_11_25_records"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
VERSIONED = ("clinics", "rotas", "endpoints", "api_clients")


def upgrade() -> None:
    """Add the versions and the table."""
    for table in VERSIONED:
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "remembered_requests",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_remembered_requests_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_remembered_requests")),
    )
    op.create_index(
        op.f("ix_remembered_requests_clinic_id_at"), "remembered_requests", ["clinic_id", "at"]
    )


def downgrade() -> None:
    """Take them away: whatever is sent again is done again."""
    op.drop_table("remembered_requests")
    for table in VERSIONED:
        op.drop_column(table, "version")
