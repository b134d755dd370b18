"""How a patient travels home after an infusion, apart from who comes along.

Why: somebody who comes along without a way to travel is half of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_transport"
down_revision = "2026_12_03_observations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Whoever was arranged before this had agreed to take the patient home."""
    op.add_column(
        "infusions", sa.Column("transport_arranged_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute("UPDATE infusions SET transport_arranged_at = escort_arranged_at")


def downgrade() -> None:
    """Take it away."""
    op.drop_column("infusions", "transport_arranged_at")
