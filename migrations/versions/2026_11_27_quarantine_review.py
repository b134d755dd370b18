"""What a member of the care team found a body in quarantine to be.

Why: it was kept and judged, and nobody was asked to look. What is there already waits, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_quarantine_review"
down_revision = "2026_11_26_states_contacts"
branch_labels = None
depends_on = None

_WAITING = sa.text("reviewed_at IS NULL")
_COLUMNS = (
    ("verdict", sa.String(24)),
    ("review_note", sa.LargeBinary()),
    ("reviewed_at", sa.DateTime(timezone=True)),
    ("reviewed_by", sa.Uuid()),
)


def upgrade() -> None:
    """Add the columns and the list of what waits."""
    for name, kind in _COLUMNS:
        op.add_column("quarantine", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_quarantine_waiting",
        "quarantine",
        ["clinic_id", "received_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Take them away, and with them what was reviewed."""
    op.drop_index("ix_quarantine_waiting", "quarantine")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("quarantine", name)
