"""One-time links to acknowledge with, for whoever is paged on a phone.

The token is the secret. It is derived from the delivery, so that every try of one delivery
carries the same link, and the database holds its hash alone. It speaks for one member, about one
alert as it was then, while the contact it was sent to is in use.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, update

from diary.access import clinics, staff
from diary.access.permissions import Scope
from diary.access.secrets import key_fingerprint
from diary.alerts import answers
from diary.alerts.apply import locked, read
from diary.alerts.decide import ACKNOWLEDGEMENT_HOLDS
from diary.alerts.model import acknowledgement_links
from diary.alerts.situation import Status
from diary.callers import Caller, CallerKind
from diary.errors import NotFound
from diary.severity import Severity
from diary.webhooks.model import endpoints
from diary.work import Work

LIVES = timedelta(days=7)
# A digest of 32 bytes in base64url.
_TOKEN = re.compile("[A-Za-z0-9_-]{43}")


class Standing(StrEnum):
    """How the alert stands to the holder of a link; only an OPEN one can be acknowledged."""

    OPEN = "open"
    YOURS = "yours"
    HELD = "held"
    WORSE = "worse"
    BACK = "back"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Look:
    """What the holder of a link may see: nothing that tells whose alert it is.

    holder: the name of who has it. until: how long that holds, or would if they took it now.
    """

    standing: Standing
    severity: Severity
    opened_at: datetime
    drill: bool
    holder: str | None
    until: datetime | None
    now: datetime
    clinic: str
    locale: str
    time_zone: str


def issue(
    work: Work,
    *,
    clinic_id: UUID,
    delivery_id: UUID,
    alert_id: UUID,
    generation: int,
    endpoint_id: UUID,
    staff_id: UUID,
) -> str:
    """The link of a delivery, which is known from the commit of this on: send it after.

    The delivery is locked, so that no two do this for it at once.
    """
    name = f"{clinic_id}|{delivery_id}".encode()
    digest = hmac.digest(work.vault.key("acknowledgement links"), name, sha256)
    token = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    known = select(acknowledgement_links.c.id).where(
        acknowledgement_links.c.clinic_id == clinic_id, acknowledgement_links.c.id == delivery_id
    )
    if work.row(known) is None:
        work.add(
            acknowledgement_links,
            clinic_id=clinic_id,
            id=delivery_id,
            token_hash=key_fingerprint(token),
            alert_id=alert_id,
            generation=generation,
            endpoint_id=endpoint_id,
            staff_id=staff_id,
            created_at=work.now,
        )
    return f"{work.settings.issuer}/a/{token}"


def may_be_one(token: str) -> bool:
    """Whether it has the form of a link's token; whether there is one, the database says."""
    return _TOKEN.fullmatch(token) is not None


def look(work: Work, token: str) -> Look:
    """How the alert stands; changes nothing. Raises NotFound for a token that is not good."""
    link = _entered(work, token)
    alert = read(work, link.clinic_id, link.alert_id)
    assert alert is not None
    return _seen(work, link, alert)


def use(work: Work, token: str) -> Look:
    """ "I have it", in the name of the link's member; then how the alert stands.

    A link acknowledges once. Where it cannot any more, nothing changes. Raises NotFound for a
    token that is not good.
    """
    link = _entered(work, token)
    # Locked before it is judged: of two at once the second sees what the first did.
    alert = locked(work, link.clinic_id, link.alert_id)
    link = _entered(work, token)
    seen = _seen(work, link, alert)
    if seen.standing is not Standing.OPEN:
        return seen
    answers.acknowledge(work, link.alert_id, generation=link.generation, on_behalf_of=None)
    work.execute(
        update(acknowledgement_links)
        .where(
            acknowledgement_links.c.clinic_id == link.clinic_id,
            acknowledgement_links.c.id == link.id,
        )
        .values(used_at=work.now)
    )
    work.audit("acknowledgement-link.used", "acknowledgement_link", link.id)
    return _seen(work, link, read(work, link.clinic_id, link.alert_id))


def _entered(work: Work, token: str) -> Row[Any]:
    """The link of a token, with its member as the caller from now on; raises NotFound."""
    is_it = acknowledgement_links.c.token_hash == key_fingerprint(token)
    clinic_id = work.enter_clinic_of(acknowledgement_links, is_it)
    if clinic_id is None:
        raise NotFound
    link = work.row(
        select(acknowledgement_links)
        .join(
            endpoints,
            and_(
                endpoints.c.clinic_id == acknowledgement_links.c.clinic_id,
                endpoints.c.id == acknowledgement_links.c.endpoint_id,
            ),
        )
        .where(
            acknowledgement_links.c.clinic_id == clinic_id,
            is_it,
            acknowledgement_links.c.created_at > work.now - LIVES,
            endpoints.c.state == "active",
        )
    )
    if link is None:
        raise NotFound
    work.caller = Caller(CallerKind.STAFF, id=link.staff_id, clinic_id=link.clinic_id)
    staff.require_member(work, link.staff_id, Scope.ALERTS_WRITE)
    return link


def _seen(work: Work, link: Row[Any], alert: Any) -> Look:
    standing = _standing(link, alert)
    holder, until = None, None
    if alert.status == Status.ACKNOWLEDGED:
        holder = staff.names(work, {alert.acknowledged_by}).get(alert.acknowledged_by)
        until = alert.next_action_at
    elif standing is Standing.OPEN:
        until = work.now + ACKNOWLEDGEMENT_HOLDS[alert.severity]
    clinic = clinics.get(work)
    return Look(
        standing=standing,
        severity=alert.severity,
        opened_at=alert.opened_at,
        drill=alert.drill,
        holder=holder,
        until=until,
        now=work.now,
        clinic=clinic.name,
        locale=clinic.locale,
        time_zone=clinic.time_zone,
    )


def _standing(link: Row[Any], alert: Any) -> Standing:
    if alert.status == Status.RESOLVED:
        return Standing.RESOLVED
    if alert.status == Status.ACKNOWLEDGED:
        return Standing.YOURS if alert.acknowledged_by == link.staff_id else Standing.HELD
    if alert.generation != link.generation:
        return Standing.WORSE
    return Standing.OPEN if link.used_at is None else Standing.BACK
