"""The scorecard of a clinic and a period, read from its alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from diary.access import clinics
from diary.alerts.model import alert_entries, alerts
from diary.errors import BadPeriod, FieldFault
from diary.outcomes.scorecard import Answering, Figures, figures
from diary.work import Work

USUALLY = timedelta(days=30)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The figures of the alerts opened from `since` on and before `until`."""

    since: datetime
    until: datetime
    severities: Sequence[Figures]


def scorecard(work: Work, since: date | None, until: date | None) -> Scorecard:
    """For alerts opened in a period of at most 366 days; of the last 30 unless said otherwise.

    since, until: moments, or days, which begin at midnight in the clinic's time zone. Drills count
    nowhere. Raises BadPeriod.
    """
    zone = ZoneInfo(clinics.get(work).time_zone)
    end = work.now if until is None else _moment(until, zone)
    start = end - USUALLY if since is None else _moment(since, zone)
    if not timedelta(0) < end - start <= LONGEST:
        detail = "must lie before `to`, and at most 366 days"
        raise BadPeriod(errors=[FieldFault("/from", "out_of_range", detail)])
    worsened = exists().where(
        alert_entries.c.clinic_id == alerts.c.clinic_id,
        alert_entries.c.alert_id == alerts.c.id,
        alert_entries.c.kind == "worsened",
        alert_entries.c.at > alerts.c.first_acknowledged_at,
    )
    rows = work.rows(
        select(
            alerts.c.severity,
            alerts.c.opened_at,
            alerts.c.answer_by,
            alerts.c.acknowledge_by,
            alerts.c.first_acknowledged_at,
            alerts.c.resolved_at,
            alerts.c.contacted_at,
            alerts.c.outcome,
            alerts.c.exhausted_at,
            worsened.label("reopened"),
        ).where(
            alerts.c.clinic_id == work.caller.clinic,
            alerts.c.opened_at >= start,
            # What opens in this very moment is of the period that ends now.
            *([] if until is None else [alerts.c.opened_at < end]),
            alerts.c.drill.is_(False),
        )
    )
    found = [
        Answering(
            severity=row.severity,
            opened_at=row.opened_at,
            answer_by=row.answer_by or row.acknowledge_by,
            answered_at=row.first_acknowledged_at or row.resolved_at,
            contacted_at=row.contacted_at,
            outcome=row.outcome,
            exhausted=row.exhausted_at is not None,
            reopened=bool(row.reopened),
        )
        for row in rows
    ]
    return Scorecard(start, end, figures(found, work.now))


def _moment(given: date, zone: ZoneInfo) -> datetime:
    moment = given if isinstance(given, datetime) else datetime.combine(given, time.min, zone)
    return moment.astimezone(UTC)
