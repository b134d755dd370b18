"""What a phone showed its patient: told by the phone, read by the care team."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from marshmallow import ValidationError
from sqlalchemy import Select

from api.operation import operation
from api.paging import Found, Page
from api.problems import faults_of
from diary.access.permissions import Scope
from diary.errors import Invalid, NotFound
from diary.safety.displays import Display, keep, of_patient, visible
from diary.safety.model import displays
from diary.work import Work
from schemas.displays import (
    DisplayDraft,
    DisplayFilter,
    DisplaysDraft,
    DisplaysEnvelope,
    DisplayView,
    KeptDisplayView,
)

ns = Namespace("displays", "What was shown", path="/v1")
_envelope, _draft = DisplaysEnvelope(), DisplayDraft()


@ns.route("/me/displays")
class OwnDisplays(Resource):
    """What the patient's phone showed."""

    @operation(
        scope=Scope.ME_WRITE, body=DisplaysDraft, raw=True, returns=KeptDisplayView, many=True
    )
    def post(self, work: Work, body: Any) -> list[dict[str, Any]]:
        """Tell what was shown: the crisis pack, the safety plan or the guidance of an answer.

        Up to 100 at a time, each under an id that the phone made and with an outcome of its own:
        one that cannot be read keeps none of the others out. Sent again they count once. No alert
        is raised by it.
        """
        try:
            sent = _envelope.load(body)["displays"]
        except ValidationError as error:
            raise Invalid(errors=faults_of(error)) from None
        read = [_read(each) for each in sent]
        outcomes = iter(keep(work, [each for each in read if isinstance(each, Display)]))
        return [
            {"id": each.id, "outcome": next(outcomes), "errors": ()}
            if isinstance(each, Display)
            else each
            for each in read
        ]


@ns.route("/displays")
class Displays(Resource):
    """What patients were shown."""

    @operation(scope=Scope.CHECK_INS_READ, query=DisplayFilter, returns=DisplayView, page=True)
    def get(self, work: Work, query: dict[str, str | None], page: Page) -> Found:
        """List what your patients were shown, the last told first.

        `what=crisis-pack` and `offline=true`: somebody looked for help where there was no network.
        """
        return _listed(work, visible(work), query, page)


@ns.route("/patients/<uuid:patient_id>/displays")
class PatientDisplays(Resource):
    """What one patient was shown."""

    @operation(
        scope=Scope.CHECK_INS_READ,
        query=DisplayFilter,
        returns=DisplayView,
        page=True,
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID, query: dict[str, str | None], page: Page) -> Found:
        """List what a patient was shown, the last told first."""
        return _listed(work, of_patient(work, patient_id), query, page)


def _read(sent: Any) -> Display | dict[str, Any]:
    """What was told, or what is answered to what cannot be read."""
    try:
        return Display(**_draft.load(sent))
    except ValidationError as error:
        valid = error.valid_data
        known = valid.get("id") if isinstance(valid, dict) else None
        return {"id": known, "outcome": "refused", "errors": faults_of(error)}


def _listed(work: Work, found: Select[Any], query: dict[str, str | None], page: Page) -> Found:
    if query["what"] is not None:
        found = found.where(displays.c.what == query["what"])
    if query["offline"] is not None:
        found = found.where(displays.c.offline.is_(query["offline"] == "true"))
    shown = displays.c
    return page.read(work, found, shown.received_at, shown.shown_at, shown.patient_id, shown.id)
