"""One index of what is pending, and one of what an endpoint has in flight.

Why: of two indexes of what is pending the planner took the wrong one for a long queue, because by
the statistics of a quiet day nothing is pending.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_queue_index"
down_revision = "2026_11_25_on_call"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exchange the index."""
    op.drop_index("ix_deliveries_pending", table_name="deliveries")
    _index("ix_deliveries_in_flight", ["endpoint_id", "leased_until"], "state = 'leased'")


def downgrade() -> None:
    """Exchange it back."""
    op.drop_index("ix_deliveries_in_flight", table_name="deliveries")
    _index("ix_deliveries_pending", ["endpoint_id", "due_at"], "state = 'pending'")


def _index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)
