"""An endpoint is lost to the alerts that page it: they go on at once instead of waiting for it."""

from uuid import UUID

from sqlalchemy import select, update

from diary.alerts.model import alerts
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.model import deliveries
from diary.webhooks.model import endpoints as table
from diary.webhooks.publish import publish
from diary.work import Work


def go_on(work: Work, clinic_id: UUID, endpoint_id: UUID) -> None:
    """Make due now every alert whose last page is still owed to that endpoint."""
    owed = select(deliveries.c.message_id).where(
        deliveries.c.clinic_id == clinic_id,
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.state.in_(("pending", "leased")),
    )
    work.execute(
        update(alerts)
        .where(
            alerts.c.clinic_id == clinic_id,
            alerts.c.status == "triggered",
            alerts.c.page_id.in_(owed),
        )
        .values(next_action_at=work.now)
    )


def endpoint_gone(work: Work, clinic_id: UUID, endpoint_id: UUID) -> bool:
    """A webhook answered 410: nothing more is sent to it until an administrator activates it.

    The clinic's other webhooks are told, alerts that wait for it go on. False where it was not
    active any more.
    """
    held = work.row(
        select(table.c.state)
        .where(table.c.clinic_id == clinic_id, table.c.id == endpoint_id)
        .with_for_update()
    )
    if held is None or held.state != "active":
        return False
    go_on(work, clinic_id, endpoint_id)
    endpoints.retire(work, clinic_id, endpoint_id, state="gone")
    others = work.rows(
        select(table.c.id).where(
            table.c.clinic_id == clinic_id,
            table.c.state == "active",
            table.c.kind == "webhook",
            table.c.purpose == "care",
            table.c.id != endpoint_id,
        )
    )
    publish(
        work,
        clinic_id=clinic_id,
        type="endpoint.gone",
        data={
            "endpoint_id": endpoint_id,
            "link": f"{work.settings.issuer}/v1/webhook-endpoints/{endpoint_id}",
        },
        endpoint_ids=[row.id for row in others],
        # Before any other event that waits: from now on alerts reach fewer than was planned.
        priority=Severity.CRITICAL,
    )
    work.audit("endpoint.gone", "endpoint", endpoint_id, clinic=clinic_id)
    return True
