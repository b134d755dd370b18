"""What a patient can see of the alert that their own answers raised."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, select

from diary.alerts.model import alerts, findings
from diary.alerts.situation import Status
from diary.checkins.guide import guide
from diary.crisis.guidance import Guidance
from diary.crisis.standing import Progress, Stands, progress, said
from diary.safety.here import here
from diary.webhooks.model import deliveries
from diary.work import Work

# How long a patient still reads that something was closed.
CLOSED_SHOWN = timedelta(hours=24)
# What the patient sent; what the team found out about them is not told as an answer of theirs, and
# neither is that they sent nothing.
_SENT = ("check-in", "amendment", "quarantine", "help")


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """How far what the patient sent has got, in words too, and where help is whatever it says."""

    progress: Progress
    text: str
    guidance: Guidance


def own_alert(work: Work) -> OwnAlert:
    """For the caller's own patient: the open alert, or one closed a short time ago."""
    at = here(work)
    alert = _alert(work)
    found = Progress(Stands.NONE) if alert is None else _progress(work, alert)
    is_open = alert is not None and alert.status != Status.RESOLVED
    return OwnAlert(
        progress=found,
        text=said(found, now=work.now, zone=at.zone, locale=at.locale),
        guidance=guide(
            at,
            alert.severity if alert is not None and is_open else None,
            locale=at.locale,
            now=work.now,
            looking=True,
        ),
    )


def _alert(work: Work) -> Row[Any] | None:
    sent = exists().where(
        findings.c.clinic_id == alerts.c.clinic_id,
        findings.c.alert_id == alerts.c.id,
        findings.c.source.in_(_SENT),
    )
    is_open = alerts.c.status != Status.RESOLVED
    return work.row(
        select(alerts)
        .where(
            alerts.c.clinic_id == work.caller.clinic,
            alerts.c.patient_id == work.caller.patient,
            is_open | (alerts.c.resolved_at > work.now - CLOSED_SHOWN),
            sent,
        )
        .order_by(case((is_open, 0), else_=1), alerts.c.resolved_at.desc(), alerts.c.id.desc())
        .limit(1)
    )


def _progress(work: Work, alert: Row[Any]) -> Progress:
    sent = work.row(
        select(
            func.min(findings.c.found_at).label("first"),
            func.max(findings.c.found_at).label("last"),
        ).where(
            findings.c.clinic_id == alert.clinic_id,
            findings.c.alert_id == alert.id,
            findings.c.source.in_(_SENT),
        )
    )
    assert sent is not None
    arrived = work.row(
        select(func.min(deliveries.c.settled_at).label("at")).where(
            and_(
                deliveries.c.clinic_id == alert.clinic_id,
                deliveries.c.alert_id == alert.id,
                deliveries.c.state == "delivered",
                deliveries.c.created_at >= sent.first,
            )
        )
    )
    return progress(
        sent_at=sent.first,
        last_sent_at=sent.last,
        delivered_at=arrived and arrived.at,
        acknowledgements=(alert.first_acknowledged_at, alert.acknowledged_at),
        is_held=alert.status == Status.ACKNOWLEDGED,
        closed_at=alert.resolved_at,
    )
