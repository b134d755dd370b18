"""Known baselines: what is known of a patient is a list entry, and a rise pages."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins import baselines
from diary.checkins.baselines import GraveAlertOpen, KnownBaseline, NothingKnown
from diary.errors import NotFound
from diary.patients.drill import DrillPatient
from diary.patients.service import OnlyReading
from diary.patients.states import PatientDischarged
from diary.rules.model import known_baselines
from diary.work import Work
from schemas.baselines import KnownBaselineDraft, KnownBaselineFilter, KnownBaselineView

ns = Namespace("known-baselines", "Known baselines", path="/v1")


@ns.route("/known-baselines")
class KnownBaselines(Resource):
    """Of every patient whom the caller reads."""

    @operation(
        scope=Scope.CHECK_INS_READ,
        query=KnownBaselineFilter,
        returns=KnownBaselineView,
        page=True,
    )
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List what is known now, the newest first; `review=due`: what is to be looked at."""
        found = page.read(
            work,
            baselines.visible(work, due=query["review"] == "due"),
            known_baselines.c.id,
        )
        return Found([baselines.opened(work, row) for row in found.items], found.next_cursor)


@ns.route("/patients/<uuid:patient_id>/known-baselines")
class PatientKnownBaselines(Resource):
    """Of one patient."""

    @operation(scope=Scope.CHECK_INS_READ, returns=KnownBaselineView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List all that was ever known of a patient, the newest first."""
        found = page.read(work, baselines.of_patient(work, patient_id), known_baselines.c.id)
        return Found([baselines.opened(work, row) for row in found.items], found.next_cursor)

    @operation(
        scope=Scope.KNOWN_BASELINES_WRITE,
        step_up=True,
        body=KnownBaselineDraft,
        returns=KnownBaselineView,
        status=201,
        raises=(NotFound, OnlyReading, DrillPatient, PatientDischarged, GraveAlertOpen),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> KnownBaseline:
        """Say that a low level is known of a patient, until when. It is to be reviewed every week.

        An answer at that level or below, with no act, safe right now and nothing beside it, is a
        list entry then: severity low, and nobody is paged. Whatever is graver is told as ever, and
        ends it. Refused while a high or critical alert is open.
        """
        return baselines.begin(work, patient_id, **body)


@ns.route("/patients/<uuid:patient_id>/known-baselines/current")
class PatientKnownBaseline(Resource):
    """The one of now."""

    @operation(scope=Scope.KNOWN_BASELINES_WRITE, status=204, raises=(NotFound, OnlyReading))
    def delete(self, work: Work, patient_id: UUID) -> None:
        """End it: every answer is told as the rules find it. Again changes nothing."""
        baselines.give_up(work, patient_id)


@ns.route("/patients/<uuid:patient_id>/known-baselines/current/reviews")
class KnownBaselineReviews(Resource):
    """Its weekly reviews."""

    @operation(
        scope=Scope.KNOWN_BASELINES_WRITE,
        returns=KnownBaselineView,
        status=201,
        raises=(NotFound, OnlyReading, PatientDischarged, NothingKnown, GraveAlertOpen),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID) -> KnownBaseline:
        """Say that it still is so; the next review is due in a week."""
        return baselines.review(work, patient_id)
