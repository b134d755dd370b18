"""What patients are asked when, and where they live."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.patients import zones
from diary.patients.service import OnlyReading
from diary.schedule import windows
from diary.schedule.model import windows as window_rows
from diary.schedule.windows import Schedule, Window
from diary.work import Work
from schemas.schedule import (
    ReminderShownDraft,
    ScheduleView,
    TimeZoneDraft,
    TimeZoneView,
    WindowsQuery,
    WindowView,
)

ns = Namespace("schedule", "What is asked when", path="/v1")


@ns.route("/me/schedule")
class OwnSchedule(Resource):
    """The patient's own."""

    @operation(scope=Scope.ME_READ, returns=ScheduleView)
    def get(self, work: Work) -> Schedule:
        """Read what is due, what was lately and what will be in the next two weeks.

        A window is answered by the first check-in of its instrument that was recorded while it was
        open, whenever it is sent. More check-ins are welcome: all are kept and judged.
        """
        return windows.own(work)


@ns.route("/me/schedule/<uuid:window_id>/reminder")
class OwnReminder(Resource):
    """A reminder that reached its patient."""

    @operation(
        scope=Scope.ME_WRITE, body=ReminderShownDraft, returns=WindowView, raises=(NotFound,)
    )
    def put(self, work: Work, window_id: UUID, body: dict[str, Any]) -> Window:
        """Tell that the phone showed the reminder of a window; the first time stays.

        Without it the care team cannot tell a patient who is silent from one who was not reminded.
        """
        return windows.remind_shown(work, window_id, **body)


@ns.route("/patients/<uuid:patient_id>/schedule")
class PatientSchedule(Resource):
    """A patient's."""

    @operation(
        scope=Scope.PATIENTS_READ,
        query=WindowsQuery,
        returns=WindowView,
        page=True,
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID, query: dict[str, Any], page: Page) -> Found:
        """List all that a patient was and will be asked, the last first."""
        found = windows.of_patient(work, patient_id, state=query["state"])
        return page.read(
            work,
            found,
            window_rows.c.opens_at,
            window_rows.c.id,
            shown=lambda row: windows.shown(row, work.now),
        )


@ns.route("/me/time-zone")
class OwnTimeZone(Resource):
    """Where the patient lives."""

    @operation(scope=Scope.ME_WRITE, body=TimeZoneDraft, returns=TimeZoneView)
    def put(self, work: Work, body: dict[str, Any]) -> dict[str, str]:
        """Say in which time zone the patient lives now: what is ahead moves along.

        For a journey that is over within days it is not needed: a check-in says where the phone is.
        """
        return {"time_zone": zones.move(work, work.caller.patient, **body)}


@ns.route("/patients/<uuid:patient_id>/time-zone")
class PatientTimeZone(Resource):
    """Where a patient lives."""

    @operation(
        scope=Scope.PATIENTS_WRITE,
        body=TimeZoneDraft,
        returns=TimeZoneView,
        raises=(NotFound, OnlyReading),
    )
    def put(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> dict[str, str]:
        """Say in which time zone a patient lives now: what is ahead moves along."""
        return {"time_zone": zones.move(work, patient_id, **body)}
