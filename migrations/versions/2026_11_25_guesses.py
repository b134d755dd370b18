"""Guesses at passwords are counted.

Why: whoever tries many has to be kept out for a while, also after a restart.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_guesses"
down_revision = "2026_11_25_queue_index"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "guesses",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("refused_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_guesses")),
    )
    op.create_index(op.f("ix_guesses_at"), "guesses", ["at"])


def downgrade() -> None:
    """Take it away, and what was counted."""
    op.drop_table("guesses")
