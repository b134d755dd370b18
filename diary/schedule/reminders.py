"""That something is open and not answered is told to the app's push service, which reminds.

One message for each patient, however many windows are open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select

from diary.patients.model import patients
from diary.patients.states import State
from diary.schedule.model import windows
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.model import deliveries
from diary.webhooks.publish import publish
from diary.work import Work


def remind(work: Work, due: Iterable[Row[Any]]) -> Mapping[UUID, UUID]:
    """Remind the patients of these windows, in the caller's clinic; returns the message of each
    patient. due: rows of windows. Where nothing listens nobody is told, and none is returned."""
    open_of: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in due:
        open_of[row.patient_id].append(row)
    listening = endpoints.live(work, work.caller.clinic).webhooks
    if not listening:
        return {}
    rows = work.rows(
        select(patients.c.id, patients.c.reference).where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id.in_(list(open_of)),
            patients.c.state == State.ACTIVE,
        )
    )
    return {
        patient.id: publish(
            work,
            clinic_id=work.caller.clinic,
            type="reminder.due",
            data=_data(patient.reference, open_of[patient.id]),
            endpoint_ids=listening,
            priority=Severity.LOW,
        )
        for patient in rows
    }


def _data(reference: str, asked: Sequence[Row[Any]]) -> dict[str, Any]:
    return {
        "patient": reference,
        "kind": "chaser" if any(each.remind_at is None for each in asked) else "reminder",
        "windows": [
            {
                "id": str(each.id),
                "instrument": each.instrument,
                "opens_at": each.opens_at,
                "closes_at": each.closes_at,
            }
            for each in sorted(asked, key=lambda each: each.closes_at)
        ],
    }


def was_delivered() -> ColumnElement[bool]:
    """Whether some system of the clinic took the last reminder of a window, for use in a query of
    windows."""
    return exists().where(
        deliveries.c.clinic_id == windows.c.clinic_id,
        deliveries.c.message_id == windows.c.reminder_id,
        deliveries.c.state == "delivered",
    )
