"""Alerts: listed, read, acknowledged, handed over, escalated, resolved."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.limits import Rate
from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.alerts import answers, by_hand, reading
from diary.alerts.errors import AlertHeld, AlertNotHeld, AlertResolved, LookAgain, NameRequired
from diary.alerts.model import alerts
from diary.errors import NotFound
from diary.patients.service import OnlyReading
from diary.sealing import PatientErased
from diary.work import Work
from schemas.alerts import (
    Acknowledgement,
    AlertDraft,
    AlertFilter,
    AlertInFullView,
    AlertNote,
    AlertView,
    DeliveryView,
    HandOver,
    Release,
    Resolution,
    SpokenWith,
)

ns = Namespace("alerts", "Alerts", path="/v1/alerts")


@ns.route("")
class Alerts(Resource):
    """The clinic's open alerts, and the closed ones of the caller's patients."""

    @operation(
        scope=Scope.ALERTS_READ,
        query=AlertFilter,
        returns=AlertView,
        page=True,
        rate=Rate.URGENT,
    )
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List alerts, the last opened first."""
        found = reading.visible(work)
        if query["status"] == "open":
            found = found.where(alerts.c.status != "resolved")
        elif query["status"] is not None:
            found = found.where(alerts.c.status == query["status"])
        if query["severity"] is not None:
            found = found.where(alerts.c.severity == query["severity"])
        if query["patient_id"] is not None:
            found = found.where(alerts.c.patient_id == query["patient_id"])
        if query["drill"] is not None:
            found = found.where(alerts.c.drill == (query["drill"] == "true"))
        return page.read(work, found, alerts.c.opened_at, alerts.c.id)

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=AlertDraft,
        returns=AlertInFullView,
        status=201,
        raises=(NotFound, NameRequired),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, body: dict[str, Any]) -> reading.AlertInFull:
        """Raise an alert by hand.

        It joins the patient's open alert, or worsens it, as any finding does.
        """
        return reading.get(work, by_hand.raise_by_hand(work, **body))


@ns.route("/<uuid:alert_id>")
class Alert(Resource):
    """One alert."""

    # An answer needs its generation or its sequence.
    @operation(
        scope=Scope.ALERTS_READ, returns=AlertInFullView, raises=(NotFound,), rate=Rate.URGENT
    )
    def get(self, work: Work, alert_id: UUID) -> reading.AlertInFull:
        """Read an alert with its findings and its history."""
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/acknowledge")
class AcknowledgeAlert(Resource):
    """ "I have it"."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=Acknowledgement,
        returns=AlertInFullView,
        raises=(NotFound, LookAgain, AlertHeld, AlertResolved, OnlyReading, NameRequired),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Acknowledge an alert: paging stops until the acknowledgement expires.

        Again by the same person renews it.
        """
        answers.acknowledge(work, alert_id, **body)
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/hand-over")
class HandOverAlert(Resource):
    """ "You have it", or "I have it from you"."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=HandOver,
        returns=AlertInFullView,
        raises=(NotFound, LookAgain, AlertNotHeld, AlertResolved, OnlyReading, NameRequired),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Hand an acknowledged alert over to a colleague, or take it over.

        A colleague has what was left of the acknowledgement and may renew it; whoever takes it
        over has it anew.
        """
        answers.hand_over(work, alert_id, **body)
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/release")
class ReleaseAlert(Resource):
    """ "I do not have it any more"."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=Release,
        returns=AlertInFullView,
        raises=(NotFound, LookAgain, AlertNotHeld, AlertResolved, OnlyReading, NameRequired),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Take an acknowledgement back: the step where it stood is paged at once."""
        answers.release(work, alert_id, **body)
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/contacted")
class ContactedPatient(Resource):
    """ "I spoke with them"."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=SpokenWith,
        returns=AlertInFullView,
        raises=(NotFound, AlertResolved, OnlyReading, NameRequired),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Record that someone spoke with the patient; the first time is kept."""
        answers.contacted(work, alert_id, **body)
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/notes")
class AlertNotes(Resource):
    """What the team wants the next reader to know."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=AlertNote,
        returns=AlertInFullView,
        status=201,
        raises=(NotFound, OnlyReading, PatientErased),
        idempotent=True,
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Write a note into the history."""
        answers.note(work, alert_id, body["text"])
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/escalate")
class EscalateAlert(Resource):
    """More hands, now."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        returns=AlertInFullView,
        raises=(NotFound, AlertResolved, OnlyReading),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID) -> reading.AlertInFull:
        """Page the policy's next step now; an acknowledgement ends with it."""
        answers.escalate(work, alert_id)
        return reading.get(work, alert_id)


@ns.route("/<uuid:alert_id>/resolve")
class ResolveAlert(Resource):
    """The end, by a person."""

    @operation(
        scope=Scope.ALERTS_WRITE,
        body=Resolution,
        returns=AlertInFullView,
        raises=(NotFound, LookAgain, AlertResolved, OnlyReading, NameRequired, PatientErased),
        rate=Rate.URGENT,
    )
    def post(self, work: Work, alert_id: UUID, body: dict[str, Any]) -> reading.AlertInFull:
        """Resolve an alert with its outcome.

        Where the patient was erased since, it is resolved without a note.
        """
        # Not taken out of it: a lost race runs this again with the same body.
        how = {name: value for name, value in body.items() if name != "note"}
        answers.resolve(work, alert_id, text=body["note"], **how)
        return reading.closed(work, alert_id)


@ns.route("/<uuid:alert_id>/deliveries")
class AlertDeliveries(Resource):
    """What was sent for an alert."""

    @operation(scope=Scope.ALERTS_READ, returns=DeliveryView, many=True, raises=(NotFound,))
    def get(self, work: Work, alert_id: UUID) -> list[dict[str, Any]]:
        """List what was owed for an alert, to which endpoint, with every attempt."""
        return reading.deliveries_of(work, alert_id)
