"""Patients, as the care team keeps them."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.alerts import readiness
from diary.callers import Caller
from diary.erasure import service as erasure
from diary.erasure.errors import AlertOpen, ErasureNotNoted, NoErasureLedger
from diary.errors import NotFound
from diary.patients import devices, holds, service
from diary.patients.drill import DrillPatient
from diary.patients.holds import UnderLegalHold
from diary.patients.model import patients
from diary.patients.states import PatientDischarged
from diary.work import House, Work
from schemas.devices import DeviceView
from schemas.erasures import ErasureDraft
from schemas.patients import (
    EnrolmentView,
    LegalHoldDraft,
    LegalHoldView,
    PatientDraft,
    PatientFilter,
    PatientView,
)

ns = Namespace("patients", "Patients", path="/v1/patients")


@ns.route("")
class Patients(Resource):
    """The patients whom the caller sees."""

    @operation(scope=Scope.PATIENTS_READ, query=PatientFilter, returns=PatientView, page=True)
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List the patients, the newest first."""
        found = page.read(
            work,
            service.visible(work).where(patients.c.drill == (query["drill"] == "true")),
            patients.c.id,
        )
        return Found(service.all_opened(work, found.items), found.next_cursor)

    @operation(
        scope=Scope.PATIENTS_WRITE,
        body=PatientDraft,
        returns=PatientView,
        status=201,
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> service.Patient:
        """Enter a patient."""
        return service.create(work, **body)


@ns.route("/<uuid:patient_id>")
class Patient(Resource):
    """One patient."""

    @operation(scope=Scope.PATIENTS_READ, returns=PatientView, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID) -> service.Patient:
        """Read a patient."""
        return service.get(work, patient_id)

    @operation(
        scope=Scope.PATIENTS_ERASE,
        step_up=True,
        own_work=True,
        body=ErasureDraft,
        status=204,
        raises=(NotFound, AlertOpen, UnderLegalHold, NoErasureLedger, ErasureNotNoted),
    )
    def delete(self, house: House, caller: Caller, patient_id: UUID, body: dict[str, Any]) -> None:
        """Erase a patient for good: names, notes and free text can never be read again.

        Their phones are refused from their next request on. Refused while an alert of theirs is
        open, and under a legal hold. Sending it again is harmless.
        """
        erasure.erase(house, caller, patient_id, **body)


@ns.route("/<uuid:patient_id>/enrolments")
class Enrolments(Resource):
    """Codes that let a patient's phone in."""

    @operation(
        scope=Scope.PATIENTS_WRITE,
        returns=EnrolmentView,
        status=201,
        raises=(
            NotFound,
            service.OnlyReading,
            readiness.ClinicNotReady,
            DrillPatient,
            PatientDischarged,
        ),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID) -> devices.Enrolment:
        """Make a code for the patient's phone; it is good for 10 minutes, once.

        Refused while an alert of any severity would reach nobody.
        """
        return readiness.enrol(work, patient_id)


@ns.route("/<uuid:patient_id>/devices")
class PatientDevices(Resource):
    """The phones of a patient."""

    @operation(scope=Scope.PATIENTS_READ, returns=DeviceView, many=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID) -> list[devices.Device]:
        """List the phones, ended ones included; one that must be paired anew says so."""
        return devices.of_patient(work, patient_id)


@ns.route("/<uuid:patient_id>/devices/<uuid:device_id>")
class PatientDevice(Resource):
    """One phone of a patient."""

    @operation(scope=Scope.PATIENTS_WRITE, status=204, raises=(NotFound, service.OnlyReading))
    def delete(self, work: Work, patient_id: UUID, device_id: UUID) -> None:
        """Put a phone out, because it is lost: it is refused from its next request on."""
        devices.end(work, patient_id, device_id)


@ns.route("/<uuid:patient_id>/legal-holds")
class PatientLegalHolds(Resource):
    """What keeps a record from being erased."""

    @operation(scope=Scope.LEGAL_HOLDS_WRITE, returns=LegalHoldView, many=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID) -> list[holds.Hold]:
        """List the legal holds that are in place, the first comes first."""
        return holds.in_place(work, patient_id)

    @operation(
        scope=Scope.LEGAL_HOLDS_WRITE,
        body=LegalHoldDraft,
        returns=LegalHoldView,
        status=201,
        raises=(NotFound,),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> holds.Hold:
        """Place a legal hold: nothing of the patient is erased while one is there.

        One for each case: those that are in place already stay.
        """
        return holds.place(work, patient_id, **body)


@ns.route("/<uuid:patient_id>/legal-holds/<uuid:hold_id>")
class PatientLegalHold(Resource):
    """One of them."""

    @operation(scope=Scope.LEGAL_HOLDS_WRITE, step_up=True, status=204, raises=(NotFound,))
    def delete(self, work: Work, patient_id: UUID, hold_id: UUID) -> None:
        """Lift this legal hold; while there is another the record is kept."""
        holds.lift(work, patient_id, hold_id)
