"""Three levels of keys.

Why: a master key that is replaced must not mean that every field is written anew, and erasing a
patient means destroying one key. What was sealed before could not be opened after this, and no key
is made here: the step is refused, both ways, where there is a clinic.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util.exc import CommandError
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_data_keys"
down_revision = "2026_11_25_authorisation"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def _refuse_where_something_is_sealed() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM clinics")):
        raise CommandError(
            "What this database holds is sealed in another way, and could not be opened after this "
            "step. Begin with an empty database; nothing was changed."
        )


def upgrade() -> None:
    """Add the tables of keys; the faults of a body kept apart are sealed with it from now on."""
    _refuse_where_something_is_sealed()
    op.create_table(
        "root_secret",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_root_secret_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root_secret")),
    )
    op.create_table(
        "clinic_keys",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_clinic_keys_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_keys")),
    )
    op.create_index(
        "uq_clinic_keys_one_active",
        "clinic_keys",
        ["clinic_id"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "data_keys",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("wrapped_by", ID, nullable=True),
        sa.Column("destroyed_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(destroyed_at IS NULL) = (wrapped IS NOT NULL)", name=op.f("ck_data_keys_destroyed")
        ),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (wrapped_by IS NULL)", name=op.f("ck_data_keys_wrapped")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "wrapped_by"],
            ["clinic_keys.clinic_id", "clinic_keys.id"],
            name=op.f("fk_data_keys_clinic_id_wrapped_by"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_data_keys_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_data_keys")),
    )
    op.create_index(
        op.f("ix_data_keys_clinic_id_wrapped_by"), "data_keys", ["clinic_id", "wrapped_by"]
    )
    with op.batch_alter_table("quarantine") as quarantine:
        quarantine.drop_column("faults")


def downgrade() -> None:
    """Take the keys away."""
    _refuse_where_something_is_sealed()
    with op.batch_alter_table("quarantine") as quarantine:
        quarantine.add_column(
            sa.Column("faults", DOCUMENT, nullable=False, server_default=sa.text("'[]'"))
        )
    op.drop_table("data_keys")
    op.drop_table("clinic_keys")
    op.drop_table("root_secret")
