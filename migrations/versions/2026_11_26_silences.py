"""Silences that wait to be judged.

Why: who told of a risk and then says no more is looked for. Whoever's last check-in of the last 30
days told of one is waited for from then on: a silence that began before the upgrade counts.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_silences"
down_revision = "2026_11_26_judging"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
_DUE = sa.text("due_at IS NOT NULL")
# No rule waits longer.
_LONGEST = timedelta(days=30)
# Due at once: how long is waited is the rule set's to say, and the engine asks it.
_WHO_TOLD_OF_A_RISK = """
    INSERT INTO silences
        (clinic_id, patient_id, check_in_id, since, prior, judged_hours, due_at)
    SELECT clinic_id, patient_id, id, said_at, suicidality_severity, 0, said_at
    FROM (
        SELECT check_ins.clinic_id, patient_id, check_ins.id, suicidality_severity,
            CASE WHEN recorded_at < received_at THEN recorded_at ELSE received_at END AS said_at,
            row_number() OVER (
                PARTITION BY check_ins.clinic_id, patient_id
                ORDER BY recorded_at DESC, check_ins.id DESC
            ) AS nth
        FROM check_ins JOIN patients
            ON patients.clinic_id = check_ins.clinic_id AND patients.id = check_ins.patient_id
        WHERE patients.state = 'active'
    ) AS said
    WHERE nth = 1 AND suicidality_severity IS NOT NULL AND said_at >= :since
"""


def upgrade() -> None:
    """Make the table, and begin to wait."""
    op.create_table(
        "silences",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("check_in_id", ID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("prior", sa.SmallInteger(), nullable=False),
        sa.Column("judged_hours", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_silences_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_silences_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name=op.f("pk_silences")),
    )
    op.create_index(
        "ix_silences_due", "silences", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    oldest = sa.bindparam("since", datetime.now(UTC) - _LONGEST, type_=INSTANT)
    op.execute(sa.text(_WHO_TOLD_OF_A_RISK).bindparams(oldest))


def downgrade() -> None:
    """Take it away; nobody is waited for any more."""
    op.drop_table("silences")
