"""Who cares for whom, who broke the glass, who proved who they are, and when a key signs.

Why: clinicians see the patients of their care team, and no more. Every active clinician of a clinic
is put on the team of each patient there is: nobody loses sight by the upgrade.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_authorisation"
down_revision = "2026_11_25_client_assertions"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
_EVERYONE_SEES_WHAT_THEY_SAW = """
    INSERT INTO care_team (clinic_id, patient_id, staff_id, since)
    SELECT patients.clinic_id, patients.id, staff.id, patients.created_at
    FROM patients JOIN staff ON staff.clinic_id = patients.clinic_id
    WHERE staff.role = 'clinician' AND staff.password_hash IS NOT NULL AND NOT patients.drill
"""
_STATES = "state IN ('pending', 'active', 'retiring', 'retired')"
_STATES_BEFORE = "state IN ('active', 'retiring', 'retired')"


def _of_both(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f(f"fk_{table}_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f(f"fk_{table}_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f(f"fk_{table}_clinic_id_staff_id"),
        ),
    ]


def upgrade() -> None:
    """Make the tables, fill the care teams, and add the columns."""
    op.create_table(
        "care_team",
        *_of_both("care_team"),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("added_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", "staff_id", name=op.f("pk_care_team")),
    )
    op.create_table(
        "break_glass",
        sa.Column("id", ID, nullable=False),
        *_of_both("break_glass"),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_break_glass")),
    )
    op.create_index(op.f("ix_care_team_clinic_id_staff_id"), "care_team", ["clinic_id", "staff_id"])
    op.create_index(
        op.f("ix_break_glass_clinic_id_staff_id_patient_id"),
        "break_glass",
        ["clinic_id", "staff_id", "patient_id"],
    )
    op.execute(_EVERYONE_SEES_WHAT_THEY_SAW)
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("proven_at", INSTANT, nullable=True))
    with op.batch_alter_table("signing_keys") as keys:
        keys.add_column(sa.Column("signs_from", INSTANT, nullable=True))
        keys.drop_constraint(op.f("ck_signing_keys_state"), type_="check")
        keys.create_check_constraint(op.f("ck_signing_keys_state"), _STATES)


def downgrade() -> None:
    """Take them away; a key that has not signed yet goes, too."""
    op.execute("DELETE FROM signing_keys WHERE state = 'pending'")
    with op.batch_alter_table("signing_keys") as keys:
        keys.drop_constraint(op.f("ck_signing_keys_state"), type_="check")
        keys.create_check_constraint(op.f("ck_signing_keys_state"), _STATES_BEFORE)
        keys.drop_column("signs_from")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("proven_at")
    op.drop_table("break_glass")
    op.drop_table("care_team")
