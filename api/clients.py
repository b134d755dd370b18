"""API clients: registered, listed, revoked."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access import clients
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.versions import Expected
from diary.work import Work
from schemas.clients import ClientDraft, ClientKeyView, ClientView, PublicKeys

ns = Namespace("api-clients", "The clinic's own programs", path="/v1/api-clients")


@ns.route("")
class ApiClients(Resource):
    """Programs that act for the clinic."""

    @operation(scope=Scope.CLIENTS_WRITE, returns=ClientView, many=True)
    def get(self, work: Work) -> list[clients.Client]:
        """List the clinic's API clients, revoked ones included."""
        return clients.all_clients(work)

    @operation(
        scope=Scope.CLIENTS_WRITE,
        step_up=True,
        body=ClientDraft,
        returns=ClientKeyView,
        status=201,
        versioned=True,
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> clients.Client:
        """Register an API client; its key is shown this once.

        With `public_keys` it has no key, and signs assertions in place of showing one.
        """
        return clients.create(
            work,
            name=body["name"],
            scopes=frozenset(body["scopes"]),
            public_keys=body.get("public_keys"),
        )


@ns.route("/<uuid:client_id>")
class ApiClient(Resource):
    """One program."""

    @operation(
        scope=Scope.CLIENTS_WRITE,
        returns=ClientView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, client_id: UUID) -> clients.Client:
        """Read an API client."""
        return clients.get(work, client_id)

    @operation(
        scope=Scope.CLIENTS_WRITE, step_up=True, status=204, versioned=True, raises=(NotFound,)
    )
    def delete(self, work: Work, client_id: UUID, expected: Expected) -> None:
        """Revoke an API client: it is refused from its next request on."""
        clients.revoke_client(work, client_id, expected)


@ns.route("/<uuid:client_id>/public-keys")
class ApiClientPublicKeys(Resource):
    """The keys that a program signs its assertions with."""

    @operation(
        scope=Scope.CLIENTS_WRITE,
        step_up=True,
        body=PublicKeys,
        status=204,
        versioned=True,
        raises=(NotFound,),
    )
    def put(self, work: Work, client_id: UUID, body: dict[str, Any], expected: Expected) -> None:
        """Put other keys in place of an API client's, whose version they have.

        First the old and the new beside each other, then the new alone: so a key changes without a
        gap. A key that was shown when the client was registered serves no longer.
        """
        clients.change_public_keys(work, client_id, body["public_keys"], expected)
