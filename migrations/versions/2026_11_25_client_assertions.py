"""Clients that prove who they are with a key of their own.

Why: a key that both sides know can be read on the clinic's side, on ours and in between; the
private half of a pair is nowhere but with the client.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_client_assertions"
down_revision = "2026_11_25_sessions"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Add the keys, and the assertions that were taken."""
    with op.batch_alter_table("api_clients") as clients:
        clients.alter_column("key_hash", existing_type=sa.LargeBinary(), nullable=True)
        clients.add_column(sa.Column("public_keys", DOCUMENT, nullable=True))
    op.create_table(
        "client_assertions",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("used", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("used", name=op.f("pk_client_assertions")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["api_clients.clinic_id", "api_clients.id"],
            name=op.f("fk_client_assertions_clinic_id_client_id"),
        ),
    )
    op.create_index(op.f("ix_client_assertions_expires_at"), "client_assertions", ["expires_at"])


def downgrade() -> None:
    """Take them away, and with them the clients that have no other key."""
    op.drop_table("client_assertions")
    op.execute(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM api_clients WHERE key_hash IS NULL)"
    )
    op.execute("DELETE FROM api_clients WHERE key_hash IS NULL")
    with op.batch_alter_table("api_clients") as clients:
        clients.drop_column("public_keys")
        clients.alter_column("key_hash", existing_type=sa.LargeBinary(), nullable=False)
