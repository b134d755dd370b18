"""What was set apart and nobody looks at is told of again.

Why: told once, it waited in silence however long.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_07_review_reminders"
down_revision = "2026_12_06_courses"
branch_labels = None
depends_on = None

# Of each patient the first that waits, at once: it was told of before.
_FIRST_THAT_WAIT = """
UPDATE quarantine SET remind_at = received_at
WHERE reviewed_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM quarantine AS earlier
    WHERE earlier.clinic_id = quarantine.clinic_id
      AND earlier.patient_id = quarantine.patient_id
      AND earlier.reviewed_at IS NULL
      AND (earlier.received_at < quarantine.received_at
           OR (earlier.received_at = quarantine.received_at AND earlier.id < quarantine.id))
)
"""


def upgrade() -> None:
    """Add the column; what waits is told of at once."""
    op.add_column("quarantine", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    is_due = sa.text("remind_at IS NOT NULL")
    op.create_index(
        "ix_quarantine_remind",
        "quarantine",
        ["remind_at"],
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
    op.create_index(
        "uq_quarantine_carrier",
        "quarantine",
        ["clinic_id", "patient_id"],
        unique=True,
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
    op.execute(_FIRST_THAT_WAIT)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("uq_quarantine_carrier", table_name="quarantine")
    op.drop_index("ix_quarantine_remind", table_name="quarantine")
    op.drop_column("quarantine", "remind_at")
