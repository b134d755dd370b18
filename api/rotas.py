"""Rotas: who is on call, and when the team reads answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import Answer, operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.alerts import in_use
from diary.alerts.in_use import RotaInUse
from diary.errors import NotFound
from diary.oncall import service
from diary.oncall.model import rotas
from diary.oncall.service import AnotherRotaTold, OnCall
from diary.versions import Expected
from diary.work import Work
from schemas.rotas import (
    OnCallQuery,
    OnCallView,
    OverrideDraft,
    OverrideView,
    RotaDraft,
    RotaView,
)

ns = Namespace("rotas", "Who is on call", path="/v1/rotas")


@ns.route("")
class Rotas(Resource):
    """The clinic's rotas."""

    @operation(scope=Scope.POLICIES_READ, returns=RotaView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the rotas in use, the newest first."""
        return page.read(work, service.visible(work), rotas.c.id)

    @operation(
        scope=Scope.POLICIES_WRITE,
        body=RotaDraft,
        returns=RotaView,
        status=201,
        versioned=True,
        raises=(AnotherRotaTold,),
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> Row[Any]:
        """Make a rota. Whoever is on it is an active member who may answer alerts."""
        return service.create(work, **body)


@ns.route("/<uuid:rota_id>")
class Rota(Resource):
    """One rota."""

    @operation(
        scope=Scope.POLICIES_READ,
        returns=RotaView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, rota_id: UUID) -> Row[Any]:
        """Read a rota with its overrides, in the order in which they were created."""
        return service.get(work, rota_id)

    @operation(
        scope=Scope.POLICIES_WRITE,
        body=RotaDraft,
        returns=RotaView,
        versioned=True,
        raises=(NotFound, AnotherRotaTold, RotaInUse),
    )
    def put(self, work: Work, rota_id: UUID, body: dict[str, Any], expected: Expected) -> Row[Any]:
        """Replace a rota; its overrides stay."""
        return in_use.replace_rota(work, rota_id, expected, **body)

    @operation(scope=Scope.POLICIES_WRITE, status=204, versioned=True, raises=(NotFound, RotaInUse))
    def delete(self, work: Work, rota_id: UUID, expected: Expected) -> Answer:
        """Archive a rota that no policy in force pages."""
        in_use.archive_rota(work, rota_id, expected)
        return Answer()


@ns.route("/<uuid:rota_id>/overrides")
class RotaOverrides(Resource):
    """What is different on some days."""

    @operation(
        scope=Scope.POLICIES_WRITE,
        body=OverrideDraft,
        returns=OverrideView,
        status=201,
        raises=(NotFound,),
        idempotent=True,
    )
    def post(self, work: Work, rota_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
        """Put others on call instead of the shifts, or nobody: a closure.

        Of two overrides that overlap the last created holds.
        """
        return service.add_override(
            work,
            rota_id,
            starts_at=body["starts_at"],
            ends_at=body["ends_at"],
            staff_ids=body["staff"],
        )


@ns.route("/<uuid:rota_id>/overrides/<uuid:override_id>")
class RotaOverride(Resource):
    """One override."""

    @operation(scope=Scope.POLICIES_WRITE, status=204, versioned=True, raises=(NotFound, RotaInUse))
    def delete(self, work: Work, rota_id: UUID, override_id: UUID, expected: Expected) -> Answer:
        """Cancel an override: the shifts hold again. It has the version of its rota."""
        in_use.cancel_override(work, rota_id, override_id, expected)
        return Answer()


@ns.route("/<uuid:rota_id>/on-call")
class RotaOnCall(Resource):
    """Who answers at one moment."""

    @operation(scope=Scope.POLICIES_READ, query=OnCallQuery, returns=OnCallView, raises=(NotFound,))
    def get(self, work: Work, rota_id: UUID, query: dict[str, datetime | None]) -> OnCall:
        """Tell who is on call, now or at a moment, and until when."""
        return service.on_call(work, rota_id, query["at"])
