"""That something is open and not answered is told to the app's push service, which reminds.

One message for each patient, however many windows are open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists

from diary.patients.states import State
from diary.schedule.model import windows
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.model import deliveries
from diary.webhooks.publish import publish
from diary.work import Work


def remind(
    work: Work, due: Iterable[Row[Any]], patients: Mapping[UUID, Row[Any]]
) -> Mapping[UUID, UUID]:
    """Remind the patients of these windows, in the caller's clinic; returns the message of each
    patient. due: rows of windows. patients: the rows of theirs. Where nothing listens nobody is
    told, and none is returned."""
    open_of: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in due:
        open_of[row.patient_id].append(row)
    listening = endpoints.live(work, work.caller.clinic).webhooks
    if not listening:
        return {}
    return {
        patient_id: publish(
            work,
            clinic_id=work.caller.clinic,
            type="reminder.due",
            data=_data(patients[patient_id].reference, asked),
            endpoint_ids=listening,
            priority=Severity.LOW,
        )
        for patient_id, asked in open_of.items()
        if patients[patient_id].state == State.ACTIVE
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
