"""Amendments: the patient takes answers back; what stood before stays on record."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from marshmallow import ValidationError

from api.checkins import answered, urgent_if_it_may_carry_a_risk
from api.operation import Answer, Refused, operation
from api.paging import Found, Page
from api.problems import faults_of
from diary.access.permissions import Scope
from diary.checkins import amend as amending
from diary.checkins.model import amendments
from diary.checkins.receipt import CheckInConflict, Receipt
from diary.errors import FieldFault, NotFound
from diary.work import Work
from schemas.amendments import AmendmentDraft, AmendmentView, OwnAmendmentView
from schemas.checkins import ReceiptView

ns = Namespace("amendments", "What patients took back", path="/v1")

_draft = AmendmentDraft()


def amended(work: Work, check_in_id: UUID, amendment_id: UUID, body: Any) -> Receipt:
    """Amend a check-in by a body as it was sent."""
    given: amending.Amended | None = None
    faults: tuple[FieldFault, ...] = ()
    try:
        loaded = _draft.load(body)
        loaded.pop("sent_at")
        given = amending.Amended(**loaded)
    except ValidationError as error:
        faults = faults_of(error)
    return amending.amend(work, check_in_id, amendment_id, body, given, faults)


@ns.route("/check-ins/<uuid:check_in_id>/amendments")
class OwnAmendments(Resource):
    """The amendments of one of the patient's own check-ins."""

    @operation(scope=Scope.ME_READ, returns=OwnAmendmentView, page=True, raises=(NotFound,))
    def get(self, work: Work, check_in_id: UUID, page: Page) -> Found:
        """List what the patient took back in a check-in, the first comes first."""
        return _read(work, work.caller.patient, check_in_id, page)


@ns.route("/check-ins/<uuid:check_in_id>/amendments/<uuid:amendment_id>")
class OwnAmendment(Resource):
    """One amendment, under the id that the phone gave it."""

    @operation(
        scope=Scope.ME_WRITE,
        body=AmendmentDraft,
        raw=True,
        returns=ReceiptView,
        status=201,
        also=(200, 202),
        rate=urgent_if_it_may_carry_a_risk,
        raises=(NotFound, CheckInConflict),
    )
    def put(self, work: Work, check_in_id: UUID, amendment_id: UUID, body: Any) -> Answer | Refused:
        """Amend a check-in: all its answers anew, and why.

        What stood before stays on record, and whatever it raised stays as it is. The new answers
        are judged as those of a check-in are, and answered in the same way.
        """
        return answered(amended(work, check_in_id, amendment_id, body))


@ns.route("/patients/<uuid:patient_id>/check-ins/<uuid:check_in_id>/amendments")
class PatientAmendments(Resource):
    """The amendments of one check-in of a patient."""

    @operation(scope=Scope.CHECK_INS_READ, returns=AmendmentView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, check_in_id: UUID, page: Page) -> Found:
        """List what a patient took back in a check-in, the first comes first."""
        return _read(work, patient_id, check_in_id, page)


def _read(work: Work, patient_id: UUID, check_in_id: UUID, page: Page) -> Found:
    return page.read(
        work,
        amending.of_check_in(work, patient_id, check_in_id),
        amendments.c.number,
        descending=False,
        shown=lambda row: amending.opened(work, row),
    )
