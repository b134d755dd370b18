"""Rotas, staff contacts, acknowledgement links, and what watches the escalation itself.

Why: an alert has to find the person on duty, by the means that reaches that person, and the
engine has to be seen to live. Every new column has a value or may be empty, so that the version
before still runs on this schema.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_on_call"
down_revision = "2026_11_23_the_first_tables"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Add the tables and the columns."""
    op.create_table(
        "engines",
        sa.Column("id", ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("beat_at", INSTANT, nullable=False),
        sa.Column("standby", sa.Boolean(), nullable=False),
        sa.Column("listening", sa.Boolean(), nullable=True),
        sa.Column("figures", DOCUMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engines")),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "rotas",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("shifts", DOCUMENT, nullable=False),
        sa.Column("overrides", DOCUMENT, nullable=False),
        sa.Column("told_to_patients", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("archived_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_rotas_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_rotas")),
    )
    _index("uq_rotas_told_to_patients", "rotas", ["clinic_id"], "told_to_patients")

    with op.batch_alter_table("patients") as patients:
        patients.add_column(
            sa.Column("drill", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    _index("uq_patients_one_drill", "patients", ["clinic_id"], "drill")
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(
            sa.Column("drill", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        alerts.add_column(sa.Column("people_from", INSTANT, nullable=True))
        alerts.add_column(sa.Column("acted_at", INSTANT, nullable=True))
        alerts.add_column(sa.Column("exhausted_at", INSTANT, nullable=True))
        alerts.add_column(sa.Column("answer_by", INSTANT, nullable=True))
        alerts.add_column(sa.Column("first_acknowledged_at", INSTANT, nullable=True))
        alerts.add_column(sa.Column("contacted_at", INSTANT, nullable=True))
        alerts.create_index(op.f("ix_alerts_clinic_id_opened_at"), ["clinic_id", "opened_at"])
        still_open = sa.text("status <> 'resolved'")
        alerts.create_index(
            "ix_alerts_acted", ["acted_at"], sqlite_where=still_open, postgresql_where=still_open
        )
    op.execute(
        "UPDATE alerts SET first_acknowledged_at = (SELECT min(e.at) FROM alert_entries e WHERE "
        "e.clinic_id = alerts.clinic_id AND e.alert_id = alerts.id AND e.kind = 'acknowledged')"
    )
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("leased_by", ID, nullable=True))
        deliveries.create_index(
            op.f("ix_deliveries_clinic_id_created_at"), ["clinic_id", "created_at"]
        )
    _index(
        "ix_deliveries_in_order",
        "deliveries",
        ["endpoint_id", "is_page", "priority", "due_at", "id"],
        "state = 'pending'",
        unique=False,
    )
    with op.batch_alter_table("endpoints") as endpoints:
        endpoints.add_column(
            sa.Column("kind", sa.String(length=16), server_default="webhook", nullable=False)
        )
        endpoints.add_column(sa.Column("staff_id", ID, nullable=True))
        endpoints.add_column(sa.Column("previous_secret", sa.LargeBinary(), nullable=True))
        endpoints.add_column(sa.Column("previous_secret_until", INSTANT, nullable=True))
        endpoints.add_column(
            sa.Column("failures", sa.Integer(), server_default="0", nullable=False)
        )
        endpoints.add_column(sa.Column("blocked_until", INSTANT, nullable=True))
        endpoints.alter_column("url", existing_type=sa.Text(), nullable=True)
        endpoints.alter_column("secret", existing_type=sa.LargeBinary(), nullable=True)
        endpoints.drop_constraint(op.f("ck_endpoints_state"), type_="check")
        for name, condition in _ENDPOINT_CHECKS.items():
            endpoints.create_check_constraint(op.f(f"ck_endpoints_{name}"), condition)
        endpoints.create_foreign_key(
            op.f("fk_endpoints_clinic_id_staff_id"),
            "staff",
            ["clinic_id", "staff_id"],
            ["clinic_id", "id"],
        )
        endpoints.create_index(op.f("ix_endpoints_clinic_id_staff_id"), ["clinic_id", "staff_id"])
    _index("uq_endpoints_one_last_resort", "endpoints", ["clinic_id"], "kind = 'last-resort'")

    op.create_table(
        "acknowledgement_links",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["clinic_id", column],
                [f"{table}.clinic_id", f"{table}.id"],
                name=op.f(f"fk_acknowledgement_links_clinic_id_{column}"),
            )
            for column, table in (
                ("alert_id", "alerts"),
                ("endpoint_id", "endpoints"),
                ("staff_id", "staff"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.id"], name=op.f("fk_acknowledgement_links_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_acknowledgement_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_acknowledgement_links_token_hash")),
    )
    op.create_index(
        op.f("ix_acknowledgement_links_clinic_id_alert_id"),
        "acknowledgement_links",
        ["clinic_id", "alert_id"],
    )


def downgrade() -> None:
    """Take them back. What is no webhook stays as a disabled one, for the deliveries it had."""
    op.drop_table("acknowledgement_links")
    op.drop_index("uq_endpoints_one_last_resort", table_name="endpoints")
    op.execute(
        "UPDATE endpoints SET state = 'disabled', url = coalesce(url, ''), "
        "secret = coalesce(secret, '') WHERE kind <> 'webhook' OR state = 'gone'"
    )
    with op.batch_alter_table("endpoints") as endpoints:
        endpoints.drop_index(op.f("ix_endpoints_clinic_id_staff_id"))
        endpoints.drop_constraint(op.f("fk_endpoints_clinic_id_staff_id"), type_="foreignkey")
        for name in _ENDPOINT_CHECKS:
            endpoints.drop_constraint(op.f(f"ck_endpoints_{name}"), type_="check")
        endpoints.create_check_constraint(
            op.f("ck_endpoints_state"), "state IN ('active', 'disabled')"
        )
        endpoints.alter_column("secret", existing_type=sa.LargeBinary(), nullable=False)
        endpoints.alter_column("url", existing_type=sa.Text(), nullable=False)
        for name in (
            "blocked_until",
            "failures",
            "previous_secret_until",
            "previous_secret",
            "staff_id",
            "kind",
        ):
            endpoints.drop_column(name)
    op.drop_index("ix_deliveries_in_order", table_name="deliveries")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_index(op.f("ix_deliveries_clinic_id_created_at"))
        deliveries.drop_column("leased_by")
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_index("ix_alerts_acted")
        alerts.drop_index(op.f("ix_alerts_clinic_id_opened_at"))
        alerts.drop_column("contacted_at")
        alerts.drop_column("first_acknowledged_at")
        alerts.drop_column("acted_at")
        alerts.drop_column("people_from")
        alerts.drop_column("answer_by")
        alerts.drop_column("exhausted_at")
        alerts.drop_column("drill")
    op.drop_index("uq_patients_one_drill", table_name="patients")
    with op.batch_alter_table("patients") as patients:
        patients.drop_column("drill")
    op.drop_table("rotas")
    op.drop_table("marks")
    op.drop_table("engines")


_ENDPOINT_CHECKS = {
    "kind": "kind IN ('webhook', 'contact', 'last-resort', 'canary')",
    "state": "state IN ('active', 'disabled', 'gone')",
    "webhook": "kind <> 'webhook' OR (url IS NOT NULL AND secret IS NOT NULL)",
    "contact": "kind <> 'contact' OR (staff_id IS NOT NULL AND secret IS NOT NULL)",
}


def _index(
    name: str, table: str, columns: list[str], condition: str, *, unique: bool = True
) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
