"""Whether a check-in was entered on the day after the one that it is about.

Why: what is remembered a day later weighs less to whoever reads a mood, and has to be told apart.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_late_entries"
down_revision = "2026_11_30_infusions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: nothing was, until now."""
    op.add_column(
        "check_ins", sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Take it away; which day an entry is about stays."""
    op.drop_column("check_ins", "late")
