"""Rotas: made, replaced, overridden for some days, archived.

That no policy in force is left without anyone is for `diary.alerts.in_use` to see to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, select, update

from diary.access import staff
from diary.access.model import clinics
from diary.access.permissions import Scope
from diary.columns import Id
from diary.crisis.hours import StaffedHours, Staffing, staffing
from diary.errors import Conflict, FieldFault, Invalid, NotFound
from diary.oncall.model import rotas
from diary.oncall.rota import Rota
from diary.versions import Expected, claim
from diary.work import Work

MOST_OVERRIDES = 100
_AHEAD = timedelta(days=366)
_ALWAYS = Staffing(True, None, None)


class AnotherRotaTold(Conflict):
    """Patients are told the hours of one rota at most."""

    code = "another-rota-told"
    title = "Patients are told the hours of another rota"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the care team."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at a moment, and until when; `until` is None where no change is near."""

    at: datetime
    until: datetime | None
    staff: Sequence[Person]


def visible(work: Work) -> Select[Any]:
    """The rotas of the caller's clinic that are not archived."""
    return select(rotas).where(
        rotas.c.clinic_id == work.caller.clinic, rotas.c.archived_at.is_(None)
    )


def get(work: Work, rota_id: UUID) -> Row[Any]:
    """One rota; raises NotFound."""
    row = work.row(visible(work).where(rotas.c.id == rota_id))
    if row is None:
        raise NotFound
    return row


def create(
    work: Work, *, name: str, time_zone: str, shifts: list[dict[str, Any]], told_to_patients: bool
) -> Row[Any]:
    """Make a rota. Raises Invalid where someone on it may not answer alerts, AnotherRotaTold."""
    rota_id = work.new_id()
    _only_one_told(work, rota_id, told_to_patients)
    work.add(
        rotas,
        clinic_id=work.caller.clinic,
        id=rota_id,
        name=name,
        time_zone=time_zone,
        shifts=_stored_shifts(work, shifts),
        overrides=[],
        told_to_patients=told_to_patients,
        created_at=work.now,
        created_by=work.caller.id,
    )
    work.audit("rota.created", "rota", rota_id)
    return get(work, rota_id)


def replace(
    work: Work,
    rota_id: UUID,
    expected: Expected | None = None,
    *,
    name: str,
    time_zone: str,
    shifts: list[dict[str, Any]],
    told_to_patients: bool,
) -> Row[Any]:
    """Replace all but the overrides; raises as `create`, or NotFound."""
    locked(work, rota_id)
    claim(work, rotas, _mine(work, rota_id), expected)
    _only_one_told(work, rota_id, told_to_patients)
    values = {
        "name": name,
        "time_zone": time_zone,
        "shifts": _stored_shifts(work, shifts),
        "told_to_patients": told_to_patients,
    }
    _update(work, rota_id, values)
    work.audit("rota.replaced", "rota", rota_id)
    return get(work, rota_id)


def archive(work: Work, rota_id: UUID, expected: Expected | None = None) -> None:
    """Take a rota out of use; it is kept, and nobody is on call by it any more."""
    locked(work, rota_id)
    claim(work, rotas, _mine(work, rota_id), expected)
    _update(work, rota_id, {"archived_at": work.now, "told_to_patients": False})
    work.audit("rota.archived", "rota", rota_id)


def add_override(
    work: Work, rota_id: UUID, *, starts_at: datetime, ends_at: datetime, staff_ids: list[UUID]
) -> dict[str, Any]:
    """Put these people on call instead of the shifts, or nobody: the team is closed meanwhile.

    Raises Invalid, or NotFound. Returns it as it is stored: ids and moments as text.
    """
    row = locked(work, rota_id)
    faults = []
    if ends_at <= max(starts_at, work.now):
        faults.append(FieldFault("/ends_at", "too_early", "must be to come, and after the start"))
    elif ends_at > work.now + _AHEAD:
        faults.append(FieldFault("/ends_at", "out_of_range", "must lie within a year from now"))
    kept = [each for each in row.overrides if _ends(each) > work.now]
    if len(kept) >= MOST_OVERRIDES:
        faults.append(FieldFault("", "too_many", f"at most {MOST_OVERRIDES} overrides to come"))
    faults += _strangers(work, {f"/staff/{n}": person for n, person in enumerate(staff_ids)})
    if faults:
        raise Invalid(errors=faults)
    override = {
        "id": str(work.new_id()),
        "starts_at": _utc(starts_at),
        "ends_at": _utc(ends_at),
        "staff": [str(person) for person in staff_ids],
    }
    claim(work, rotas, _mine(work, rota_id), None)
    _update(work, rota_id, {"overrides": [*kept, override]})
    work.audit("rota.overridden", "rota", rota_id, override=override["id"])
    return override


def cancel_override(
    work: Work, rota_id: UUID, override_id: UUID, expected: Expected | None = None
) -> None:
    """Let the shifts hold again; raises NotFound. expected: of the rota."""
    row = locked(work, rota_id)
    kept = [each for each in row.overrides if each["id"] != str(override_id)]
    if len(kept) == len(row.overrides):
        raise NotFound
    claim(work, rotas, _mine(work, rota_id), expected)
    _update(work, rota_id, {"overrides": kept})
    work.audit("rota.override-cancelled", "rota", rota_id, override=str(override_id))


def on_call(work: Work, rota_id: UUID, at: datetime | None) -> OnCall:
    """Who is on call at a moment, now if none is given; raises NotFound."""
    moment = at or work.now
    duty = rota_of(get(work, rota_id)).on_call(moment)
    names = staff.names(work, set(duty.staff))
    people = [Person(person, names.get(person)) for person in sorted(duty.staff)]
    return OnCall(moment, duty.until, people)


def rota_of(row: Any) -> Rota:
    """What a stored row says."""
    return Rota.of(row.time_zone, row.shifts, row.overrides)


def find(
    work: Work, clinic_id: UUID, among: Iterable[UUID], *, hold: bool = False
) -> dict[UUID, Rota]:
    """Some rotas of a clinic that are in use, by id. hold: keep them from changing meanwhile."""
    wanted = set(among)
    if not wanted:
        return {}
    query = select(rotas).where(
        rotas.c.clinic_id == clinic_id, rotas.c.id.in_(wanted), rotas.c.archived_at.is_(None)
    )
    if hold:
        query = query.with_for_update(read=True)
    return {row.id: rota_of(row) for row in work.rows(query)}


_HOURS = (
    select(
        clinics.c.time_zone.label("clinic_zone"),
        clinics.c.staffed_hours,
        rotas.c.time_zone,
        rotas.c.shifts,
        rotas.c.overrides,
    )
    .select_from(clinics)
    .outerjoin(rotas, (rotas.c.clinic_id == clinics.c.id) & rotas.c.told_to_patients)
    .where(clinics.c.id == bindparam("clinic", type_=Id))
)


def staffed(work: Work, clinic_id: UUID) -> Staffing:
    """Whether a clinic's team reads answers now: by the rota that patients are told of, or else by
    the clinic's hours; a clinic with neither always does."""
    row = work.row(_HOURS, {"clinic": clinic_id})
    assert row is not None
    if row.shifts is not None:
        rota = rota_of(row)
        return staffing(rota.around(work.now), work.now)
    if not row.staffed_hours:
        return _ALWAYS
    return staffing(StaffedHours.of(row.clinic_zone, row.staffed_hours).spans(work.now), work.now)


def locked(work: Work, rota_id: UUID) -> Row[Any]:
    """Hold a rota against whoever else changes it or pages by it; raises NotFound."""
    row = work.row(visible(work).where(rotas.c.id == rota_id).with_for_update())
    if row is None:
        raise NotFound
    return row


def _update(work: Work, rota_id: UUID, values: dict[str, Any]) -> None:
    work.execute(update(rotas).where(_mine(work, rota_id)).values(**values))


def _mine(work: Work, rota_id: UUID) -> ColumnElement[bool]:
    return (rotas.c.clinic_id == work.caller.clinic) & (rotas.c.id == rota_id)


def _only_one_told(work: Work, rota_id: UUID, told: bool) -> None:
    others = visible(work).where(rotas.c.told_to_patients, rotas.c.id != rota_id)
    if told and work.row(others) is not None:
        raise AnotherRotaTold


def _stored_shifts(work: Work, shifts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    places = {
        f"/shifts/{number}/staff/{index}": person
        for number, shift in enumerate(shifts)
        for index, person in enumerate(shift["staff"])
    }
    if faults := _strangers(work, places):
        raise Invalid(errors=faults)
    return [shift | {"staff": [str(person) for person in shift["staff"]]} for shift in shifts]


def _strangers(work: Work, places: dict[str, UUID]) -> list[FieldFault]:
    able = staff.who_may(work, work.caller.clinic, set(places.values()), Scope.ALERTS_WRITE)
    detail = "is no active member who may answer alerts"
    return [FieldFault(p, "unknown", detail) for p, person in places.items() if person not in able]


def _ends(override: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(override["ends_at"])


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
