"""That something is open and not answered is told to the app's push service, which reminds.

One message for each patient, however many windows are open.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from diary.patients.model import patients
from diary.patients.states import State
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def remind(work: Work, due: Iterable[Row[Any]]) -> None:
    """Remind the patients of these windows, in the caller's clinic. due: rows of windows."""
    open_of: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in due:
        open_of[row.patient_id].append(row)
    listening = endpoints.live(work, work.caller.clinic).webhooks
    rows = work.rows(
        select(patients.c.id, patients.c.reference).where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id.in_(list(open_of)),
            patients.c.state == State.ACTIVE,
        )
    )
    for patient in rows:
        asked = open_of[patient.id]
        publish(
            work,
            clinic_id=work.caller.clinic,
            type="reminder.due",
            data={
                "patient": patient.reference,
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
            },
            endpoint_ids=listening,
            priority=Severity.LOW,
        )
