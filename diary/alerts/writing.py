"""A delivery to a person, written just before it is sent."""

import orjson
from sqlalchemy import and_, select

from diary.access.model import clinics
from diary.alerts import links
from diary.alerts.texts import Text, text_of
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.queue import Claimed
from diary.work import Work


def written(work: Work, claimed: Claimed) -> Text | None:
    """The text of a claimed delivery, with a link to acknowledge with where it pages a member.

    None where it is not ours to send any more (its lease was lost) or not wanted any more. What
    this returns may be sent once this is committed: its link must be known before it is read.
    """
    row = work.row(
        select(deliveries.c.endpoint_id, deliveries.c.withdrawn, endpoints.c.staff_id)
        .join(
            endpoints,
            and_(
                endpoints.c.clinic_id == deliveries.c.clinic_id,
                endpoints.c.id == deliveries.c.endpoint_id,
            ),
        )
        .where(
            deliveries.c.clinic_id == claimed.clinic_id,
            deliveries.c.id == claimed.id,
            deliveries.c.lease_token == claimed.lease_token,
        )
        .with_for_update(of=deliveries)
    )
    clinic = work.row(
        select(clinics.c.name, clinics.c.locale).where(clinics.c.id == claimed.clinic_id)
    )
    if row is None or row.withdrawn or clinic is None:
        return None
    message = orjson.loads(claimed.body)
    link = None
    if claimed.is_page and claimed.alert_id is not None and row.staff_id is not None:
        link = links.issue(
            work,
            clinic_id=claimed.clinic_id,
            delivery_id=claimed.id,
            alert_id=claimed.alert_id,
            generation=message["data"]["generation"],
            endpoint_id=row.endpoint_id,
            staff_id=row.staff_id,
        )
    return text_of(
        message["type"], message["data"], clinic=clinic.name, locale=clinic.locale, link=link
    )
