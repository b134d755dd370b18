"""The canary: a synthetic alert that walks the whole path every minute, and is answered.

It lives in a clinic of its own, where nobody is real and nobody can sign in: no list, figure or
policy of another clinic can meet it, and nothing of it can reach a person. It is raised, queued,
claimed, signed, sent and acknowledged as any other alert; only the endpoint is an engine's own.

What does not arrive stays open and is tried again, as the page of any alert: no second one is
raised beside it, and the mark of the last arrival grows old for all to see.
"""

from collections.abc import Mapping
from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import delete, exists, select, update

from diary import datakeys
from diary.access.model import clinics, staff
from diary.access.permissions import Role
from diary.alerts import answers
from diary.alerts.errors import AlertResolved
from diary.alerts.findings import Finding
from diary.alerts.model import alert_entries, alerts, findings, policies
from diary.alerts.policies import DEFAULT
from diary.alerts.service import Subjected, raise_alert
from diary.audit import audit_events
from diary.callers import Caller, CallerKind
from diary.patients.model import patients
from diary.severity import Severity
from diary.watch import marks
from diary.webhooks.endpoints import MAX_IN_FLIGHT, SEALED_AT
from diary.webhooks.model import attempts, deliveries, endpoints, messages
from diary.webhooks.signing import new_secret, sign
from diary.work import Work

EVERY: Final = timedelta(seconds=60)
SENT: Final = "canary.sent"
ARRIVED: Final = "canary.arrived"
# Told to a watchdog elsewhere, and taken there.
HEARTBEAT: Final = "heartbeat.taken"
KIND: Final = "canary"
# The clinic, and in it the only member, patient, endpoint and policy.
CLINIC: Final = UUID("0ca9a270-0000-7000-8000-000000000000")
# As a person of its own clinic: an alert is acknowledged and resolved by nobody else.
CALLER: Final = Caller(CallerKind.STAFF, id=CLINIC, clinic_id=CLINIC)
_REFERENCE: Final = "pt_canary"
_DRILL: Final = "drill"
_KEPT = timedelta(days=1)
_AT_ONCE = 200
_SKEW = timedelta(minutes=5)


class Forged(Exception):
    """What reached the sink was not signed by an engine of this installation."""


def send_if_due(work: Work) -> bool:
    """Raise the canary where a minute has passed and the one before was answered.

    Any engine may ask; one of them is told that it is time.
    """
    if not marks.take(work, SENT, EVERY):
        return False
    _found(work)
    _forget(work)
    still_open = (alerts.c.clinic_id == CLINIC) & (alerts.c.status != "resolved")
    if work.row(select(alerts.c.id).where(still_open)) is not None:
        return False
    # Low: were its policy used up, a higher one would be told to the operator's last resort.
    found = Finding("canary", "canary", Severity.LOW, None, {})
    patient = Subjected(CLINIC, CLINIC, _REFERENCE, drill=True)
    raise_alert(work, patient, [found], source="canary", source_id=work.new_id())
    return True


def receive(work: Work, headers: Mapping[str, str], body: bytes) -> bool:
    """Answer what reached the sink, as a person would; True where it was a canary not yet answered.

    The caller of this transaction is CALLER. Raises Forged.
    """
    _verify(work, headers, body)
    event = orjson.loads(body)
    data = event["data"]
    if "reason" not in data:
        # No page, only word of what became of one.
        return False
    alert_id = UUID(data["alert_id"])
    try:
        answers.acknowledge(work, alert_id, generation=data["generation"], on_behalf_of=None)
        answers.resolve(
            work,
            alert_id,
            sequence=_sequence(work, alert_id),
            outcome=_DRILL,
            text=None,
            on_behalf_of=None,
        )
    except AlertResolved:
        # Sent again after an answer that was lost.
        return False
    marks.put(work, ARRIVED)
    return True


def _sequence(work: Work, alert_id: UUID) -> int:
    here = (alerts.c.clinic_id == CLINIC) & (alerts.c.id == alert_id)
    row = work.row(select(alerts.c.sequence).where(here))
    assert row is not None
    sequence: int = row.sequence
    return sequence


def _verify(work: Work, headers: Mapping[str, str], body: bytes) -> None:
    here = (endpoints.c.clinic_id == CLINIC) & (endpoints.c.id == CLINIC)
    row = work.row(select(endpoints.c.secret).where(here))
    if row is None:
        raise Forged
    secret = work.vault.open(row.secret, place=SEALED_AT, clinic=CLINIC, row=CLINIC)
    try:
        sent_at = int(headers["webhook-timestamp"])
        expected = sign([secret], headers["webhook-id"], sent_at, body)
        given = headers["webhook-signature"]
    except (KeyError, ValueError):
        raise Forged from None
    genuine = compare_digest(given.encode(), expected.encode())
    if not genuine or abs(work.now.timestamp() - sent_at) > _SKEW.total_seconds():
        raise Forged


def _found(work: Work) -> None:
    """Found the canary's clinic, the first time."""
    if work.row(select(clinics.c.id).where(clinics.c.id == CLINIC)) is not None:
        return

    work.add(
        clinics,
        id=CLINIC,
        name="Canary",
        country="ZZ",
        time_zone="UTC",
        locale="en",
        created_at=work.now,
    )
    # The clinic's own key is the patient's, too: they have one id, and nobody is real.
    datakeys.for_clinic(work, CLINIC)

    def sealed(text: str, place: str) -> bytes:
        return work.vault.seal(text, place=place, clinic=CLINIC, row=CLINIC)

    own: dict[str, Any] = {"clinic_id": CLINIC, "id": CLINIC, "created_at": work.now}
    work.add(
        staff,
        **own,
        name=sealed("Canary", "staff.name"),
        email=sealed("", "staff.email"),
        # No address leads here, and there is neither a password nor an invitation.
        email_index=work.random_bytes(32),
        role=Role.CARE_MANAGER,
    )
    work.add(
        patients,
        **own,
        reference=_REFERENCE,
        name=sealed("Canary", "patients.name"),
        locale="en",
        time_zone="UTC",
        state="active",
        drill=True,
    )
    work.add(
        endpoints,
        **own,
        kind=KIND,
        secret=sealed(new_secret(work.random_bytes), SEALED_AT),
        state="active",
        max_in_flight=MAX_IN_FLIGHT,
        failures=0,
    )
    target = {"type": "endpoint", "id": str(CLINIC)}
    step = {"delay_minutes": 1, "rounds": 1, "targets": [target]}
    work.add(policies, **own, applies_to=DEFAULT, version=1, steps=[step])


def _forget(work: Work) -> None:
    """Delete what is left of canaries that were answered a day ago, children before parents."""
    old = [
        row.id
        for row in work.rows(
            select(alerts.c.id)
            .where(alerts.c.clinic_id == CLINIC, alerts.c.resolved_at < work.now - _KEPT)
            .order_by(alerts.c.resolved_at)
            .limit(_AT_ONCE)
        )
    ]
    if not old:
        return
    sent = exists().where(
        deliveries.c.clinic_id == CLINIC,
        deliveries.c.id == attempts.c.delivery_id,
        deliveries.c.alert_id.in_(old),
    )
    work.execute(delete(attempts).where(attempts.c.clinic_id == CLINIC, sent))
    for table, column in (
        (deliveries, deliveries.c.alert_id),
        (messages, messages.c.alert_id),
        (findings, findings.c.alert_id),
        (alert_entries, alert_entries.c.alert_id),
        (audit_events, audit_events.c.subject_id),
    ):
        work.execute(delete(table).where(table.c.clinic_id == CLINIC, column.in_(old)))
    here = alerts.c.clinic_id == CLINIC
    work.execute(update(alerts).where(here, alerts.c.previous_id.in_(old)).values(previous_id=None))
    work.execute(delete(alerts).where(here, alerts.c.id.in_(old)))
