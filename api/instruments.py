"""Instruments: the product's own questionnaires, by version and language."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.instruments import library
from diary.work import Work
from schemas.instruments import InstrumentTextView, InstrumentView, LocaleQuery

ns = Namespace("instruments", "What a check-in asks", path="/v1/instruments")


@ns.route("")
class Instruments(Resource):
    """Everything that was published."""

    @operation(scope=Scope.INSTRUMENTS_READ, query=LocaleQuery, returns=InstrumentView, many=True)
    def get(self, work: Work, query: dict[str, str]) -> list[dict[str, Any]]:
        """List every version of every instrument, the oldest first."""
        return [
            library.localised(each, query["locale"]) | {"locales": each.locales}
            for each in library.published()
        ]


@ns.route("/<string:slug>/<string:version>")
class Instrument(Resource):
    """One version."""

    @operation(
        scope=Scope.INSTRUMENTS_READ,
        query=LocaleQuery,
        returns=InstrumentTextView,
        raises=(NotFound,),
    )
    def get(self, work: Work, slug: str, version: str, query: dict[str, str]) -> dict[str, Any]:
        """Read one version of an instrument in the closest language there is."""
        found = library.find(slug, version)
        if found is None:
            raise NotFound
        return library.localised(found, query["locale"])
