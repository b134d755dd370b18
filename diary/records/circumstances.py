"""The sections of an export on how the patient stood, is reached, and what is kept at hand."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from diary.alerts import locations as locating
from diary.alerts.model import locations
from diary.callers import CallerKind
from diary.checkins import baselines
from diary.infusions import departures
from diary.infusions.courses import reading as courses
from diary.infusions.model import courses as course_rows
from diary.infusions.model import departures as departure_rows
from diary.patients import contacts, states
from diary.patients.model import patient_states
from diary.records.items import Found, Key, read_after
from diary.rules.model import known_baselines
from diary.safety import displays as displaying
from diary.safety import plans
from diary.safety.model import displays, safety_plans
from diary.schedule import windows as asking
from diary.schedule.model import windows
from diary.work import Work


def stood(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The changes of the patient's state. The care team's reason is for it to give."""

    def shown(row: Row[Any]) -> dict[str, Any]:
        reason = None
        if work.caller.kind is not CallerKind.DEVICE:
            reason = states.opened(work, row).reason
        return dict(row._mapping) | {"reason": reason, "has_reason": row.reason is not None}

    by = (patient_states.c.changed_at, patient_states.c.id)
    return read_after(work, states.history(work, patient_id), by, after, limit, shown)


def reached(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """How the patient is reached, and who else is."""
    return Found(contacts.all_of(work, patient_id), None)


def located(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Where the patient said they were when they told of a risk."""
    by = (locations.c.received_at, locations.c.id)
    query = locating.of_patient(work, patient_id)
    return read_after(work, query, by, after, limit, lambda row: locating.opened(work, row))


def known(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The low levels that were known of the patient. The care team's reason is for it to give."""

    def shown(row: Row[Any]) -> dict[str, Any]:
        opened = baselines.opened(work, row)
        reason = None if work.caller.kind is CallerKind.DEVICE else opened.reason
        return asdict(opened) | {"reason": reason, "has_reason": True}

    by = (known_baselines.c.set_at, known_baselines.c.id)
    return read_after(work, baselines.of_patient(work, patient_id), by, after, limit, shown)


def treated(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The courses of treatment. The care team's reason for a waiver is for it to give."""

    def shown(row: Row[Any]) -> dict[str, Any]:
        course = courses.opened(work, row)
        reason = None if work.caller.kind is CallerKind.DEVICE else course.waiver_reason
        has_reason = course.waiver_reason is not None
        return asdict(course) | {"waiver_reason": reason, "has_waiver_reason": has_reason}

    by = (course_rows.c.opened_at, course_rows.c.id)
    return read_after(work, courses.of_patient(work, patient_id), by, after, limit, shown)


def left(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """How the patient was when they went home. The care team's reason is for it to give."""

    def shown(row: Row[Any]) -> dict[str, Any]:
        opened = departures.opened(work, row)
        reason = None if work.caller.kind is CallerKind.DEVICE else opened.reason
        return asdict(opened) | {"reason": reason, "has_reason": opened.reason is not None}

    by = (departure_rows.c.recorded_at, departure_rows.c.id)
    return read_after(work, departures.of_patient(work, patient_id), by, after, limit, shown)


def planned(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Every version of the safety plan."""
    by = (safety_plans.c.version,)
    query = plans.versions(work, patient_id)
    return read_after(work, query, by, after, limit, lambda row: plans.opened(work, row))


def displayed(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What the patient's phones showed."""
    by = (displays.c.received_at, displays.c.id)
    return read_after(work, displaying.of_patient(work, patient_id), by, after, limit)


def asked(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What the patient was asked until now, answered or not."""
    query = asking.of_patient(work, patient_id).where(windows.c.opens_at <= work.now)
    by = (windows.c.opens_at, windows.c.id)
    return read_after(work, query, by, after, limit, lambda row: asking.shown(row, work.now))
