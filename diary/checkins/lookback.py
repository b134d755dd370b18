"""What came before a check-in, as far as the rules look back: one query, however long the diary.

A score of an imported instrument is compared with those of the same version alone: another wording
may measure something else. The product's own measures stay the same through its versions.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select

from diary.alerts.service import Subjected
from diary.checkins.model import check_ins
from diary.checkins.scoring import COLUMNS
from diary.columns import Id, Instant
from diary.infusions.model import infusions
from diary.rules.facts import Entry, History
from diary.work import Work

# Of so many earlier check-ins the newest are looked at: twenty a day for ten days.
AT_MOST: Final = 200
_CLINIC, _PATIENT = bindparam("clinic", type_=Id), bindparam("patient", type_=Id)
_CHECK_IN: Any = bindparam("check_in", type_=Id)
_MOMENT: Any = bindparam("moment", type_=Instant)
_SINCE: Any = bindparam("since", type_=Instant)
_INSTRUMENT: Any = bindparam("instrument")
_VERSION: Any = bindparam("version")


def history(
    work: Work,
    patient: Subjected,
    check_in_id: UUID,
    *,
    instrument: str,
    version: str | None,
    recorded_at: datetime,
    day: date,
    hours: int,
    baseline: bool,
) -> History:
    """What is known now of the same instrument. version: None for any; hours: how far back;
    baseline: whether the last values before the first infusion are wanted, too."""
    place: dict[str, Any] = {
        "clinic": patient.clinic_id,
        "patient": patient.id,
        "check_in": check_in_id,
        "instrument": instrument,
        "moment": recorded_at,
    }
    exact = version is not None
    if exact:
        place["version"] = version
    since = recorded_at - timedelta(hours=hours)
    rows: Sequence[Row[Any]] = work.rows(_EARLIER[exact], place | {"since": since})
    entries = tuple(Entry(row.recorded_at, row.local_date, scored(row)) for row in rows)
    base = work.row(_BASELINE[exact], place) if baseline else None
    if base is None:
        return History(recorded_at, day, entries)
    baselines = {name: value for name, value in scored(base).items() if isinstance(value, int)}
    return History(recorded_at, day, entries, baselines, base.treated_since)


def scored(row: Row[Any]) -> dict[str, int | str]:
    """The measures that a check-in's row keeps."""
    found = {name: value for name in COLUMNS if (value := getattr(row, name)) is not None}
    return found | (row.scores or {})


def _looked(exact: bool) -> Select[Any]:
    columns = [check_ins.c[name] for name in ("recorded_at", "local_date", *COLUMNS, "scores")]
    query = select(*columns).where(
        check_ins.c.clinic_id == _CLINIC,
        check_ins.c.patient_id == _PATIENT,
        check_ins.c.instrument == _INSTRUMENT,
        check_ins.c.recorded_at <= _MOMENT,
        check_ins.c.id != _CHECK_IN,
    )
    if exact:
        # As the index on administrations says it: the days between them are not gone through.
        query = query.where(check_ins.c.version == _VERSION, check_ins.c.scores.is_not(None))
    return query.order_by(check_ins.c.recorded_at.desc(), check_ins.c.id.desc())


def _baseline(exact: bool) -> Select[Any]:
    first = (
        select(infusions.c.started_at)
        .where(
            infusions.c.clinic_id == _CLINIC,
            infusions.c.patient_id == _PATIENT,
            infusions.c.started_at.is_not(None),
        )
        .order_by(infusions.c.started_at)
        .limit(1)
        .scalar_subquery()
    )
    query = _looked(exact).where(check_ins.c.recorded_at <= first).limit(1)
    if exact:
        # Whoever left half of it before treatment has answered it whole at another time.
        query = query.where(check_ins.c.total.is_not(None))
    return query.add_columns(first.label("treated_since"))


_EARLIER = {
    exact: _looked(exact).where(check_ins.c.recorded_at >= _SINCE).limit(AT_MOST)
    for exact in (False, True)
}
_BASELINE = {exact: _baseline(exact) for exact in (False, True)}
