"""How a patient is reached: entered by the patient, or by the care team."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.patients import contacts
from diary.patients.contacts import Contacts
from diary.patients.service import OnlyReading
from diary.versions import Expected
from diary.work import Work
from schemas.patient_contacts import PatientContactsDraft, PatientContactsView

ns = Namespace("patient-contacts", "How patients are reached", path="/v1")


@ns.route("/me/contacts")
class OwnContacts(Resource):
    """The patient's own."""

    @operation(
        scope=Scope.ME_READ,
        returns=PatientContactsView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work) -> Contacts:
        """Read whom the care team calls, and where; 404 where nobody has entered any."""
        return contacts.get(work, work.caller.patient)

    @operation(
        scope=Scope.ME_WRITE,
        body=PatientContactsDraft,
        returns=PatientContactsView,
        versioned=True,
    )
    def put(self, work: Work, body: dict[str, Any], expected: Expected) -> Contacts:
        """Say whom the care team calls, and where. It takes the place of all that was there."""
        return contacts.put(work, work.caller.patient, body, expected)


@ns.route("/patients/<uuid:patient_id>/contacts")
class PatientContacts(Resource):
    """A patient's."""

    @operation(
        scope=Scope.PATIENTS_READ,
        returns=PatientContactsView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID) -> Contacts:
        """Read how a patient is reached, and who else is; 404 where nobody has entered any."""
        return contacts.get(work, patient_id)

    @operation(
        scope=Scope.PATIENTS_WRITE,
        body=PatientContactsDraft,
        returns=PatientContactsView,
        versioned=True,
        raises=(NotFound, OnlyReading),
    )
    def put(
        self, work: Work, patient_id: UUID, body: dict[str, Any], expected: Expected
    ) -> Contacts:
        """Enter how a patient is reached. It takes the place of all that was there."""
        return contacts.put(work, patient_id, body, expected)
