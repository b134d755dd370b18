"""Discharged patients, how long their records are kept, and legal holds.

Why: health data is kept as long as the law asks for and no longer, unless a court wants it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_records"
down_revision = "2026_11_25_consents"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Add them; nobody is discharged, and everything is kept for ever until a clinic says so."""
    with op.batch_alter_table("clinics") as clinics:
        clinics.add_column(sa.Column("retention_months", sa.Integer(), nullable=True))
    with op.batch_alter_table("patients") as patients:
        patients.add_column(sa.Column("discharged_at", INSTANT, nullable=True))
        patients.create_check_constraint(
            op.f("ck_patients_discharged"),
            "state <> 'discharged' OR discharged_at IS NOT NULL",
        )
    _index("ix_patients_discharged", "patients", "discharged_at", "state = 'discharged'")
    with op.batch_alter_table("check_ins") as check_ins:
        check_ins.add_column(sa.Column("moments", DOCUMENT, nullable=True))
    op.create_table(
        "legal_holds",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("placed_by", ID, nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("lifted_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_legal_holds_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_legal_holds_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_legal_holds")),
    )
    _index(
        "uq_legal_holds_one_in_place", "legal_holds", "patient_id", "lifted_at IS NULL", unique=True
    )


def downgrade() -> None:
    """Take them back. Whoever was discharged is a patient again, without a phone."""
    op.drop_table("legal_holds")
    with op.batch_alter_table("check_ins") as check_ins:
        check_ins.drop_column("moments")
    op.drop_index("ix_patients_discharged", table_name="patients")
    with op.batch_alter_table("patients") as patients:
        patients.drop_constraint(op.f("ck_patients_discharged"), type_="check")
        patients.drop_column("discharged_at")
    op.execute("UPDATE patients SET state = 'active' WHERE state = 'discharged'")
    with op.batch_alter_table("clinics") as clinics:
        clinics.drop_column("retention_months")


def _index(name: str, table: str, column: str, condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(
        name,
        table,
        ["clinic_id", column],
        unique=unique,
        sqlite_where=where,
        postgresql_where=where,
    )
