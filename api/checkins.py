"""Check-ins: the patient records and reads them; the care team reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from marshmallow import ValidationError
from sqlalchemy import Row, Select

from api.limits import Rate
from api.operation import Answer, Refused, operation
from api.paging import Found, Page
from api.problems import faults_of
from diary.access.permissions import Scope
from diary.checkins import reading
from diary.checkins.model import check_ins
from diary.checkins.receipt import CheckInConflict, Draft, Outcome, Receipt
from diary.checkins.record import record
from diary.checkins.suicidality import suicidality_of
from diary.errors import FieldFault, NotFound
from diary.instruments import library
from diary.work import Work
from schemas.checkins import (
    CheckInDraft,
    CheckInFilter,
    CheckInView,
    GuidanceView,
    OwnCheckInView,
    ReceiptView,
)
from schemas.dump import dumper

ns = Namespace("check-ins", "Check-ins", path="/v1")

_draft = CheckInDraft()
_dump_guidance = dumper(GuidanceView)
_SLUGS = {instrument.slug for instrument in library.published()}
STATUS = {Outcome.RECORDED: 201, Outcome.REPEATED: 200, Outcome.QUARANTINED: 202}


def urgent_if_it_may_carry_a_risk(arguments: Mapping[str, Any]) -> tuple[Rate, None]:
    """Whatever says anything of suicidality may carry a risk, and so may free text, and whatever is
    not known to ask nothing of it."""
    body = arguments["body"]
    said = body if isinstance(body, Mapping) else {}
    other = bool(said.get("answers")) and said.get("instrument") not in _SLUGS
    may_carry_one = other or bool(said.get("note")) or suicidality_of(body) is not None
    return (Rate.URGENT if may_carry_one else Rate.ORDINARY), None


def recorded(work: Work, check_in_id: UUID, body: Any) -> Receipt:
    """Record a body as it was sent."""
    draft: Draft | None = None
    faults: tuple[FieldFault, ...] = ()
    try:
        draft = Draft(**_draft.load(body))
    except ValidationError as error:
        faults = faults_of(error)
    return record(work, check_in_id, body, draft, faults)


def answered(receipt: Receipt) -> Answer | Refused:
    """What the phone is told, whatever became of what it sent."""
    if receipt.outcome is Outcome.CONFLICT:
        extra = {"guidance": _dump_guidance(receipt.guidance)}
        return Refused(CheckInConflict(), extra=extra)
    return Answer(receipt, status=STATUS[receipt.outcome])


@ns.route("/check-ins")
class OwnCheckIns(Resource):
    """The patient's own check-ins."""

    @operation(scope=Scope.ME_READ, query=CheckInFilter, returns=OwnCheckInView, page=True)
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List the patient's own check-ins, the last recorded first."""
        return _read(work, work.caller.patient, query, page)


@ns.route("/check-ins/<uuid:check_in_id>")
class OwnCheckIn(Resource):
    """One of the patient's own check-ins, under the id that the phone gave it."""

    @operation(
        scope=Scope.ME_WRITE,
        body=CheckInDraft,
        raw=True,
        returns=ReceiptView,
        status=201,
        also=(200, 202),
        rate=urgent_if_it_may_carry_a_risk,
        raises=(CheckInConflict,),
    )
    def put(self, work: Work, check_in_id: UUID, body: Any) -> Answer | Refused:
        """Record a check-in.

        201: recorded. 200: it was already, by the same body. 202: something in it is wrong, and
        as it carries suicidality answers it was kept and they were judged. 409: another check-in
        has this id; a changed suicidality answer was judged all the same.
        """
        return answered(recorded(work, check_in_id, body))

    @operation(scope=Scope.ME_READ, returns=OwnCheckInView, raises=(NotFound,))
    def get(self, work: Work, check_in_id: UUID) -> Row[Any]:
        """Read one of the patient's own check-ins."""
        return reading.get(work, work.caller.patient, check_in_id)


@ns.route("/patients/<uuid:patient_id>/check-ins")
class PatientCheckIns(Resource):
    """A patient's check-ins."""

    @operation(
        scope=Scope.CHECK_INS_READ,
        query=CheckInFilter,
        returns=CheckInView,
        page=True,
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID, query: dict[str, Any], page: Page) -> Found:
        """List a patient's check-ins, the last recorded first."""
        return _read(work, patient_id, query, page)


@ns.route("/patients/<uuid:patient_id>/check-ins/<uuid:check_in_id>")
class PatientCheckIn(Resource):
    """One check-in of a patient."""

    @operation(scope=Scope.CHECK_INS_READ, returns=CheckInView, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, check_in_id: UUID) -> Row[Any]:
        """Read a check-in."""
        return reading.get(work, patient_id, check_in_id)


def _read(work: Work, patient_id: UUID, query: dict[str, Any], page: Page) -> Found:
    found: Select[Any] = reading.visible(work, patient_id)
    start: datetime | None = query["recorded_from"]
    end: datetime | None = query["recorded_before"]
    if start is not None:
        found = found.where(check_ins.c.recorded_at >= start)
    if end is not None:
        found = found.where(check_ins.c.recorded_at < end)
    if query["si_at_least"] is not None:
        found = found.where(check_ins.c.si >= query["si_at_least"])
    return page.read(work, found, check_ins.c.recorded_at, check_ins.c.id)
