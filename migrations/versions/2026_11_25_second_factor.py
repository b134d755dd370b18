"""Members of the care team sign in with an authenticator app.

Why: a password alone is guessed, reused and phished. Whoever has no second factor yet sets one up
with the first sign-in after this.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_second_factor"
down_revision = "2026_11_25_guesses"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the table of recovery codes."""
    with op.batch_alter_table("staff") as staff:
        staff.add_column(sa.Column("second_factor_secret", sa.LargeBinary(), nullable=True))
        staff.add_column(sa.Column("second_factor_since", INSTANT, nullable=True))
        staff.add_column(sa.Column("second_factor_step", sa.Integer(), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_recovery_codes_clinic_id_staff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_recovery_codes_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(
        op.f("ix_recovery_codes_clinic_id_staff_id"), "recovery_codes", ["clinic_id", "staff_id"]
    )


def downgrade() -> None:
    """Take them away, and every second factor with them."""
    op.drop_table("recovery_codes")
    with op.batch_alter_table("staff") as staff:
        for name in ("second_factor_step", "second_factor_since", "second_factor_secret"):
            staff.drop_column(name)
