"""Several legal holds of a patient, each lifted by itself.

Why: whoever placed a hold took the place of somebody else's, and freed the record by lifting it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_legal_holds"
down_revision = "2026_11_25_http"
branch_labels = None
depends_on = None

IN_PLACE = sa.text("lifted_at IS NULL")


def upgrade() -> None:
    """Let there be more than one."""
    op.drop_index("uq_legal_holds_one_in_place", table_name="legal_holds")
    _index("ix_legal_holds_in_place")


def downgrade() -> None:
    """One again: the first that is in place stays, so whatever is held is held on."""
    op.execute(
        """
        UPDATE legal_holds SET lifted_at = placed_at
        WHERE lifted_at IS NULL AND EXISTS (
            SELECT 1 FROM legal_holds AS earlier
            WHERE earlier.clinic_id = legal_holds.clinic_id
            AND earlier.patient_id = legal_holds.patient_id
            AND earlier.lifted_at IS NULL
            AND (earlier.placed_at, earlier.id) < (legal_holds.placed_at, legal_holds.id)
        )
        """
    )
    op.drop_index("ix_legal_holds_in_place", table_name="legal_holds")
    _index("uq_legal_holds_one_in_place", unique=True)


def _index(name: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "legal_holds",
        ["clinic_id", "patient_id"],
        unique=unique,
        sqlite_where=IN_PLACE,
        postgresql_where=IN_PLACE,
    )
