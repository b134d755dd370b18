"""States of a patient: away for a time, or no longer in treatment, with a history.

Why: a pause, a stay in hospital and a death were entered as a discharge, or not at all. Whoever was
discharged has one entry of their history already, without a reason: none was asked for.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_states"
down_revision = "2026_11_26_silences"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DISCHARGED = sa.text("state = 'discharged'")
ENDED = sa.text("discharged_at IS NOT NULL")
AWAY = sa.text("state_until IS NOT NULL")


def upgrade() -> None:
    """Make room for when a state ends, and for what it was before."""
    op.add_column("patients", sa.Column("state_until", INSTANT, nullable=True))
    op.create_index(
        "ix_patients_away", "patients", ["state_until"], sqlite_where=AWAY, postgresql_where=AWAY
    )
    op.create_index(
        "ix_patients_ended",
        "patients",
        ["clinic_id", "discharged_at"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
    op.drop_index("ix_patients_discharged", table_name="patients")
    op.create_table(
        "patient_states",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_patient_states_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_patient_states_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patient_states")),
    )
    op.create_index(
        op.f("ix_patient_states_clinic_id_patient_id_changed_at"),
        "patient_states",
        ["clinic_id", "patient_id", "changed_at"],
    )
    # An id is needed that is in no use there: the patient's own.
    op.execute(
        """
        INSERT INTO patient_states (clinic_id, id, patient_id, state, since, changed_at)
        SELECT clinic_id, id, id, 'discharged', discharged_at, discharged_at
        FROM patients WHERE state = 'discharged'
        """
    )


def downgrade() -> None:
    """As before. Whoever is away is in treatment there, and whoever died was discharged."""
    op.execute("UPDATE patients SET state = 'active' WHERE state IN ('paused', 'hospitalised')")
    op.execute("UPDATE patients SET state = 'discharged' WHERE state = 'deceased'")
    op.drop_table("patient_states")
    op.create_index(
        "ix_patients_discharged",
        "patients",
        ["clinic_id", "discharged_at"],
        sqlite_where=DISCHARGED,
        postgresql_where=DISCHARGED,
    )
    op.drop_index("ix_patients_ended", table_name="patients")
    op.drop_index("ix_patients_away", table_name="patients")
    op.drop_column("patients", "state_until")
