"""Courses of treatment: why it is given, what was tried, what was known before the first infusion.

Why: an infusion that nobody knows the ground of, and no state before it, shows nothing later.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_06_courses"
down_revision = "2026_12_05_departures"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
ADDED: dict[str, sa.types.TypeEngine[Any]] = {
    "course_id": ID,
    "number_in_course": sa.Integer(),
    "phase": sa.String(16),
}


def upgrade() -> None:
    """Make the table and add the columns. The infusions before this are of no course."""
    op.create_table(
        "courses",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("indication", sa.String(24), nullable=False),
        sa.Column("trials", sa.LargeBinary(), nullable=False),
        sa.Column("induction_infusions", sa.Integer(), nullable=False),
        sa.Column("baseline_instrument", sa.String(16), nullable=False),
        sa.Column("assessed_at", INSTANT),
        sa.Column("assessed_by", ID),
        sa.Column("baseline_total", sa.Integer()),
        sa.Column("baseline_at", INSTANT),
        sa.Column("baseline_by", ID),
        sa.Column("baseline_check_in_id", ID),
        sa.Column("waived", DOCUMENT, nullable=False),
        sa.Column("waiver_reason", sa.LargeBinary()),
        sa.Column("waived_at", INSTANT),
        sa.Column("waived_by", ID),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_by", ID),
        sa.Column("begun_at", INSTANT),
        sa.Column("lacked", DOCUMENT),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", ID),
        sa.Column("close_reason", sa.String(24)),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_courses_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_courses_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_courses")),
    )
    op.create_index(
        op.f("ix_courses_clinic_id_patient_id_opened_at"),
        "courses",
        ["clinic_id", "patient_id", "opened_at"],
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_courses_open",
        "courses",
        ["clinic_id", "patient_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    with op.batch_alter_table("infusions") as infusions:
        for name, kind in ADDED.items():
            infusions.add_column(sa.Column(name, kind, nullable=True))
        infusions.create_foreign_key(
            op.f("fk_infusions_clinic_id_course_id"),
            "courses",
            ["clinic_id", "course_id"],
            ["clinic_id", "id"],
        )


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("infusions") as infusions:
        infusions.drop_constraint(op.f("fk_infusions_clinic_id_course_id"), type_="foreignkey")
        for name in reversed(ADDED):
            infusions.drop_column(name)
    op.drop_table("courses")
