"""Consents: the clinic publishes what it asks for, patients answer, the care team records paper."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.consents import service, texts
from diary.consents.model import consent_texts, consents
from diary.consents.purposes import Purpose
from diary.consents.service import Standing
from diary.errors import NotFound
from diary.patients import service as patients
from diary.webhooks import consenting
from diary.work import Work
from schemas.consents import (
    AnsweredView,
    ConsentAnswer,
    ConsentHistoryView,
    ConsentTextDraft,
    ConsentTextView,
    ConsentView,
    OwnConsentView,
    PaperConsent,
)

ns = Namespace("consents", "Consents", path="/v1")


@ns.route("/me/consents")
class OwnConsents(Resource):
    """What the patient is asked, and has answered."""

    @operation(scope=Scope.ME_READ, returns=OwnConsentView, many=True)
    def get(self, work: Work) -> list[Standing]:
        """List what the patient is asked to agree to, and what holds."""
        return service.standings(work, patients.get(work, work.caller.patient))


@ns.route("/me/consents/<purpose>")
class OwnConsent(Resource):
    """The patient's answer for one purpose."""

    @operation(scope=Scope.ME_WRITE, body=ConsentAnswer, returns=AnsweredView, raises=(NotFound,))
    def put(self, work: Work, purpose: str, body: dict[str, Any]) -> consenting.Answered:
        """Give a consent, or take it back.

        It can always be taken back, and no check-in is refused for it: answers about suicidality
        are judged and passed on whatever was answered here.
        """
        if purpose not in set(Purpose):
            raise NotFound
        return consenting.answer(work, work.caller.patient, purpose=Purpose(purpose), **body)


@ns.route("/patients/<uuid:patient_id>/consents")
class PatientConsents(Resource):
    """A patient's consents."""

    @operation(scope=Scope.PATIENTS_READ, returns=ConsentView, many=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID) -> list[Standing]:
        """List what a patient is asked to agree to, and what holds."""
        return service.standings(work, patients.get(work, patient_id))

    @operation(
        scope=Scope.PATIENTS_WRITE,
        body=PaperConsent,
        returns=AnsweredView,
        status=201,
        idempotent=True,
        raises=(NotFound, patients.OnlyReading),
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> consenting.Answered:
        """Record what a patient answered on paper, or to a person."""
        return consenting.answer(work, patient_id, **body)


@ns.route("/patients/<uuid:patient_id>/consents/history")
class PatientConsentHistory(Resource):
    """All that a patient ever answered."""

    @operation(scope=Scope.PATIENTS_READ, returns=ConsentHistoryView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List every answer of a patient, the last recorded first."""
        patients.require(work, patient_id)
        query = service.history(work, patient_id)
        return page.read(work, query, consents.c.recorded_at, consents.c.id)


@ns.route("/consent-texts")
class ConsentTexts(Resource):
    """What the clinic asks its patients to agree to."""

    @operation(scope=Scope.CLINIC_READ, returns=ConsentTextView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List every version of every text, the newest first."""
        return page.read(work, texts.visible(work), consent_texts.c.id)

    @operation(
        scope=Scope.CONSENT_TEXTS_WRITE,
        body=ConsentTextDraft,
        returns=ConsentTextView,
        status=201,
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> Row[Any]:
        """Publish the next version of a text. It never changes afterwards."""
        return texts.publish(work, **body)
