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
from diary.webhooks import endpoints
from diary.webhooks.model import endpoints as table
from diary.work import Work
from schemas.endpoints import EndpointDraft, EndpointView, NewEndpointView

ns = Namespace("webhook-endpoints", "Webhook endpoints", path="/v1/webhook-endpoints")


@ns.route("")
class Endpoints(Resource):
    """The clinic's endpoints."""

    @operation(scope=Scope.ENDPOINTS_READ, returns=EndpointView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the endpoints, the newest first."""
        return page.read(work, endpoints.visible(work), table.c.id)

    @operation(scope=Scope.ENDPOINTS_WRITE, body=EndpointDraft, returns=NewEndpointView, status=201)
    def post(self, work: Work, body: dict[str, Any]) -> endpoints.NewEndpoint:
        """Add an endpoint. Its signing secret is in this answer and in no other."""
        return endpoints.create(work, **body)


@ns.route("/<uuid:endpoint_id>")
class Endpoint(Resource):
    """One endpoint."""

    @operation(scope=Scope.ENDPOINTS_READ, returns=EndpointView, raises=(NotFound,))
    def get(self, work: Work, endpoint_id: UUID) -> Row[Any]:
        """Read an endpoint."""
        return endpoints.get(work, endpoint_id)

    @operation(scope=Scope.ENDPOINTS_WRITE, status=204, raises=(NotFound, EndpointInUse))
    def delete(self, work: Work, endpoint_id: UUID) -> Answer:
        """Disable an endpoint that no policy in force pages, and cancel what waits for it."""
        disable_endpoint(work, endpoint_id)
        return Answer()
