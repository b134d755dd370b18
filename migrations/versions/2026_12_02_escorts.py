"""Whether somebody takes a patient home after an infusion.

Why: nobody drives before the next morning, and to find an escort takes a day.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_escorts"
down_revision = "2026_12_01_late_entries"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DUE = sa.text("escort_due_at IS NOT NULL")


def upgrade() -> None:
    """Add the columns. What was planned before this is told of by nobody, and is in the list."""
    op.add_column("infusions", sa.Column("escort_arranged_at", INSTANT))
    op.add_column("infusions", sa.Column("escort_due_at", INSTANT))
    op.create_index(
        "ix_infusions_escort",
        "infusions",
        ["escort_due_at"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_infusions_escort", "infusions")
    op.drop_column("infusions", "escort_due_at")
    op.drop_column("infusions", "escort_arranged_at")
