"""How the members of the care team are reached in person."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import Answer, operation
from diary.access.permissions import Scope
from diary.alerts import in_use
from diary.alerts.policies import EndpointInUse
from diary.errors import Forbidden, NotFound
from diary.versions import Expected
from diary.webhooks import contacts
from diary.webhooks.contacts import ChannelsNotInstalled, Contact
from diary.work import House, Work
from schemas.contacts import ContactDraft, ContactView

ns = Namespace("contacts", "How people are reached", path="/v1/staff/<uuid:staff_id>/contacts")


def _checked(house: House, body: dict[str, Any]) -> dict[str, Any]:
    contacts.check_address(house.settings, body["address"])
    return body


@ns.route("")
class StaffContacts(Resource):
    """A member's contacts."""

    @operation(scope=Scope.STAFF_READ, returns=ContactView, many=True, raises=(NotFound,))
    def get(self, work: Work, staff_id: UUID) -> list[Contact]:
        """List a member's contacts: of each address only its scheme."""
        return contacts.of_member(work, staff_id)

    @operation(
        scope=Scope.STAFF_READ,
        before=_checked,
        body=ContactDraft,
        returns=ContactView,
        status=201,
        versioned=True,
        raises=(NotFound, Forbidden, ChannelsNotInstalled),
        idempotent=True,
    )
    def post(self, work: Work, staff_id: UUID, body: dict[str, Any]) -> Contact:
        """Add a contact to oneself; to someone else with `staff:write`.

        The member may answer alerts. The address is kept sealed and never shown again.
        """
        return contacts.create(work, staff_id, **body)


@ns.route("/<uuid:contact_id>")
class StaffContact(Resource):
    """One contact."""

    @operation(
        scope=Scope.STAFF_READ,
        returns=ContactView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, staff_id: UUID, contact_id: UUID) -> Contact:
        """Read a contact."""
        return contacts.require(work, staff_id, contact_id)

    @operation(
        scope=Scope.STAFF_READ,
        status=204,
        versioned=True,
        raises=(NotFound, Forbidden, EndpointInUse),
    )
    def delete(self, work: Work, staff_id: UUID, contact_id: UUID, expected: Expected) -> Answer:
        """Remove a contact of one's own; someone else's with `staff:write`."""
        in_use.remove_contact(work, staff_id, contact_id, expected)
        return Answer()
