"""Webhook endpoints: where the care team's systems listen."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import Answer, operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.alerts.policies import EndpointInUse, disable_endpoint
from diary.errors import NotFound
from diary.versions import Expected
from diary.webhooks import by_hand, endpoints
from diary.webhooks.by_hand import EndpointInactive
from diary.webhooks.model import endpoints as table
from diary.work import Work
from schemas.deliveries import LoggedDeliveryInFullView
from schemas.endpoints import EndpointDraft, EndpointView, NewEndpointView, SecretRotation

ns = Namespace("webhook-endpoints", "Webhook endpoints", path="/v1/webhook-endpoints")


@ns.route("")
class Endpoints(Resource):
    """The clinic's endpoints."""

    @operation(scope=Scope.ENDPOINTS_READ, returns=EndpointView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the endpoints, the newest first."""
        return page.read(work, endpoints.visible(work), table.c.id)

    @operation(
        scope=Scope.ENDPOINTS_WRITE,
        step_up=True,
        body=EndpointDraft,
        returns=NewEndpointView,
        status=201,
        versioned=True,
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> endpoints.NewEndpoint:
        """Add an endpoint. Its signing secret is in this answer and in no other."""
        return endpoints.create(work, **body)


@ns.route("/<uuid:endpoint_id>")
class Endpoint(Resource):
    """One endpoint."""

    @operation(scope=Scope.ENDPOINTS_READ, returns=EndpointView, versioned=True, raises=(NotFound,))
    def get(self, work: Work, endpoint_id: UUID) -> Row[Any]:
        """Read an endpoint.

        Its version counts what people change; `failures` and `blocked_until` are not part of it.
        """
        return endpoints.get(work, endpoint_id)

    @operation(
        scope=Scope.ENDPOINTS_WRITE,
        step_up=True,
        status=204,
        versioned=True,
        raises=(NotFound, EndpointInUse),
    )
    def delete(self, work: Work, endpoint_id: UUID, expected: Expected) -> Answer:
        """Disable an endpoint that no policy in force pages, and cancel what waits for it."""
        disable_endpoint(work, endpoint_id, expected)
        return Answer()


@ns.route("/<uuid:endpoint_id>/activate")
class EndpointActivation(Resource):
    """Back again."""

    @operation(scope=Scope.ENDPOINTS_WRITE, step_up=True, returns=EndpointView, raises=(NotFound,))
    def post(self, work: Work, endpoint_id: UUID) -> Row[Any]:
        """Send to an endpoint again that was disabled, or gone. What was cancelled stays so."""
        return endpoints.activate(work, endpoint_id)


@ns.route("/<uuid:endpoint_id>/rotate-secret")
class EndpointSecretRotation(Resource):
    """Another secret."""

    @operation(
        scope=Scope.ENDPOINTS_WRITE,
        step_up=True,
        body=SecretRotation,
        returns=NewEndpointView,
        raises=(NotFound,),
        idempotent=True,
    )
    def post(self, work: Work, endpoint_id: UUID, body: dict[str, Any]) -> endpoints.NewEndpoint:
        """Replace the signing secret; for a while the one before signs as well.

        The new secret is in this answer and in no other.
        """
        return endpoints.rotate_secret(work, endpoint_id, **body)


@ns.route("/<uuid:endpoint_id>/ping")
class EndpointPing(Resource):
    """A try."""

    @operation(
        scope=Scope.ENDPOINTS_WRITE,
        returns=LoggedDeliveryInFullView,
        status=201,
        raises=(NotFound, EndpointInactive),
        idempotent=True,
    )
    def post(self, work: Work, endpoint_id: UUID) -> dict[str, Any]:
        """Send a `ping`. Read the delivery that is answered again to see how it went."""
        return by_hand.ping(work, endpoint_id)
