"""The log of deliveries: what was sent where, how it went, and once more."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.webhooks import by_hand, log
from diary.webhooks.by_hand import EndpointInactive, NotReplayable
from diary.webhooks.disclosure import ConsentNeeded
from diary.webhooks.model import deliveries
from diary.work import Work
from schemas.deliveries import DeliveryFilter, LoggedDeliveryInFullView, LoggedDeliveryView

ns = Namespace("deliveries", "Deliveries", path="/v1/deliveries")


@ns.route("")
class Deliveries(Resource):
    """The clinic's deliveries."""

    @operation(
        scope=Scope.ENDPOINTS_READ, query=DeliveryFilter, returns=LoggedDeliveryView, page=True
    )
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List what was owed to endpoints, the newest first."""
        found = log.visible(work, query)
        return page.read(work, found, deliveries.c.created_at, deliveries.c.id, shown=log.shown)


@ns.route("/<uuid:delivery_id>")
class Delivery(Resource):
    """One delivery."""

    @operation(scope=Scope.ENDPOINTS_READ, returns=LoggedDeliveryInFullView, raises=(NotFound,))
    def get(self, work: Work, delivery_id: UUID) -> dict[str, Any]:
        """Read a delivery with every attempt."""
        return log.get(work, delivery_id)


@ns.route("/<uuid:delivery_id>/replay")
class DeliveryReplay(Resource):
    """Once more."""

    @operation(
        scope=Scope.ENDPOINTS_WRITE,
        returns=LoggedDeliveryInFullView,
        status=201,
        raises=(NotFound, NotReplayable, EndpointInactive, ConsentNeeded),
    )
    def post(self, work: Work, delivery_id: UUID) -> dict[str, Any]:
        """Send a message once more, under the same `webhook-id`.

        The answer is a new delivery. It is retried as a state event, also where it repeats a page.
        """
        return by_hand.replay(work, delivery_id)
