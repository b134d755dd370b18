"""The audit trail becomes a chain, which the engine seals.

Why: whoever can write to the database could change or delete what the trail tells. The events that
are there already are sealed after this, the oldest first.

A partial index of what waits to be sealed is built over all of them: on PostgreSQL that keeps
writers of the table waiting meanwhile, as docs/operations.md says. The version before goes on
writing events on this schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_audit_chain"
down_revision = "2026_11_25_data_keys"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns, their indexes and the heads."""
    with op.batch_alter_table("audit_events") as events:
        events.add_column(sa.Column("sequence", sa.BigInteger(), nullable=True))
        events.add_column(sa.Column("link", sa.LargeBinary(), nullable=True))
    _index(
        "ix_audit_events_unsealed",
        ["clinic_id", "at", "id"],
        "sequence IS NULL AND clinic_id <> '0ca9a270000070008000000000000000'",
        unique=False,
    )
    _index(
        "uq_audit_events_sequence",
        ["clinic_id", "sequence"],
        "sequence IS NOT NULL",
        unique=True,
    )
    op.create_table(
        "audit_heads",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_audit_heads_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_audit_heads")),
    )


def downgrade() -> None:
    """Take them away, and what the chain proved with them."""
    op.drop_table("audit_heads")
    op.drop_index("uq_audit_events_sequence", table_name="audit_events")
    op.drop_index("ix_audit_events_unsealed", table_name="audit_events")
    with op.batch_alter_table("audit_events") as events:
        events.drop_column("link")
        events.drop_column("sequence")


def _index(name: str, columns: list[str], condition: str, *, unique: bool) -> None:
    where = sa.text(condition)
    op.create_index(
        name, "audit_events", columns, unique=unique, sqlite_where=where, postgresql_where=where
    )
