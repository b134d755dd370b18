"""Instruments that a clinic brings itself.

Why: the words of validated questionnaires are not the product's to ship; what a patient was asked
must stay what it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_instruments"
down_revision = "2026_11_25_legal_holds"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "instruments",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=True),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("matching", DOCUMENT, nullable=False),
        sa.Column("report", DOCUMENT, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("shortest_interval_hours", sa.Integer(), nullable=True),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("imported_by_kind", sa.String(length=16), nullable=False),
        sa.Column("imported_by", ID, nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("attested_at", INSTANT, nullable=True),
        sa.Column("attested_by_kind", sa.String(length=16), nullable=True),
        sa.Column("attested_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_instruments_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_instruments")),
    )
    op.create_index(
        op.f("ix_instruments_clinic_id_slug_version_locale"),
        "instruments",
        ["clinic_id", "slug", "version", "locale"],
        unique=True,
    )


def downgrade() -> None:
    """Take it back; what was imported is gone, and can be imported again."""
    op.drop_table("instruments")
