"""What patients consent to, and webhooks that lead outside the clinic.

Why: what is told outside the care team is for each patient to say; what the care team is told of
a risk is not.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_consents"
down_revision = "2026_11_25_audit_chain"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Add the texts and the answers; every endpoint so far is the care team's."""
    op.create_table(
        "consent_texts",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asks_anew", sa.Boolean(), nullable=False),
        sa.Column("lasts_months", sa.Integer(), nullable=True),
        sa.Column("wordings", DOCUMENT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_consent_texts_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_consent_texts")),
    )
    op.create_index(
        op.f("ix_consent_texts_clinic_id_purpose_version"),
        "consent_texts",
        ["clinic_id", "purpose", "version"],
        unique=True,
    )
    op.create_table(
        "consents",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("text_id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by_kind", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_consents_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_consents_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "text_id"],
            ["consent_texts.clinic_id", "consent_texts.id"],
            name=op.f("fk_consents_clinic_id_text_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_clinic_id_patient_id_purpose_ordinal"),
        "consents",
        ["clinic_id", "patient_id", "purpose", "ordinal"],
        unique=True,
    )
    with op.batch_alter_table("endpoints") as endpoints:
        endpoints.add_column(
            sa.Column("purpose", sa.String(length=16), server_default="care", nullable=False)
        )
        endpoints.create_check_constraint(
            op.f("ck_endpoints_purpose"),
            "purpose = 'care' OR (purpose = 'disclosure' AND kind = 'webhook')",
        )
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("patient_id", ID, nullable=True))
        deliveries.create_check_constraint(
            op.f("ck_deliveries_disclosure"),
            "patient_id IS NULL OR (alert_id IS NULL AND NOT is_page)",
        )
    disclosed = sa.text("patient_id IS NOT NULL")
    op.create_index(
        "ix_deliveries_disclosed",
        "deliveries",
        ["clinic_id", "patient_id", "id"],
        sqlite_where=disclosed,
        postgresql_where=disclosed,
    )


def downgrade() -> None:
    """Take them back. What led outside is gone for good: activated in the version before, it would
    be paged."""
    op.drop_index("ix_deliveries_disclosed", table_name="deliveries")
    op.execute(
        "UPDATE deliveries SET state = 'cancelled', withdrawn = true, lease_token = NULL, "
        "leased_until = NULL, leased_by = NULL "
        "WHERE patient_id IS NOT NULL AND state IN ('pending', 'leased')"
    )
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_constraint(op.f("ck_deliveries_disclosure"), type_="check")
        deliveries.drop_column("patient_id")
    op.execute("UPDATE endpoints SET state = 'gone' WHERE purpose <> 'care'")
    with op.batch_alter_table("endpoints") as endpoints:
        endpoints.drop_constraint(op.f("ck_endpoints_purpose"), type_="check")
        endpoints.drop_column("purpose")
    op.drop_table("consents")
    op.drop_table("consent_texts")
