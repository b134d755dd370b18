"""What is asked when: a clinic's plans, and the windows of its patients.

Why: a check-in that did not come has to be noticed, and nobody can miss what was never due.
Everybody in treatment is given windows as soon as an engine runs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_29_schedule"
down_revision = "2026_11_29_displays"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NEXT = sa.text("next_at IS NOT NULL")
DUE = sa.text("schedule_due_at IS NOT NULL")


def upgrade() -> None:
    """Make both tables, and have everybody's windows made."""
    op.create_table(
        "schedule_plans",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", ID),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_schedule_plans_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_schedule_plans")),
    )
    op.create_index(
        op.f("ix_schedule_plans_clinic_id_version"),
        "schedule_plans",
        ["clinic_id", "version"],
        unique=True,
    )
    _windows()
    op.add_column("patients", sa.Column("schedule_due_at", INSTANT))
    op.create_index(
        "ix_patients_schedule",
        "patients",
        ["schedule_due_at"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.execute(
        "UPDATE patients SET schedule_due_at = created_at WHERE state = 'active' AND NOT drill"
    )


def downgrade() -> None:
    """Take all of it away. What was missed is forgotten with it; no answer is."""
    op.drop_index("ix_patients_schedule", "patients")
    op.drop_column("patients", "schedule_due_at")
    op.drop_table("windows")
    op.drop_table("schedule_plans")


def _windows() -> None:
    op.create_table(
        "windows",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("slot", sa.String(96), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("instrument", sa.String(64), nullable=False),
        sa.Column("instrument_version", sa.String(64), nullable=False),
        sa.Column("infusion_id", ID),
        sa.Column("after_effects", sa.Boolean(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("opens_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("check_in_id", ID),
        sa.Column("answered_at", INSTANT),
        sa.Column("late", sa.Boolean()),
        sa.Column("remind_at", INSTANT),
        sa.Column("chase_at", INSTANT),
        sa.Column("reminded_at", INSTANT),
        sa.Column("reminder_id", ID),
        sa.Column("reminder_shown_at", INSTANT),
        sa.Column("next_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('pending', 'answered', 'missed', 'cancelled')",
            name=op.f("ck_windows_state"),
        ),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_windows_order")),
        sa.CheckConstraint(
            "(state = 'answered') = (check_in_id IS NOT NULL)", name=op.f("ck_windows_answered")
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (next_at IS NOT NULL)", name=op.f("ck_windows_next")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_windows_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_windows_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_windows")),
    )
    op.create_index(
        op.f("ix_windows_clinic_id_patient_id_slot"),
        "windows",
        ["clinic_id", "patient_id", "slot"],
        unique=True,
    )
    op.create_index(
        op.f("ix_windows_clinic_id_patient_id_closes_at"),
        "windows",
        ["clinic_id", "patient_id", "closes_at"],
    )
    op.create_index(op.f("ix_windows_clinic_id_local_date"), "windows", ["clinic_id", "local_date"])
    op.create_index(
        "ix_windows_next", "windows", ["next_at"], sqlite_where=NEXT, postgresql_where=NEXT
    )
