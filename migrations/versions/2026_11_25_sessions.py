"""Why a session ended.

Why: a phone that was put out because an old token of it came back has to be paired anew, and the
care team has to see which one that is.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_sessions"
down_revision = "2026_11_25_second_factor"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of sessions that ended before, the audit trail tells."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("revoked_why", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("revoked_why")
