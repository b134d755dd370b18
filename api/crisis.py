"""The crisis pack: whom to call, kept by the phone for when there is no network."""

from typing import Any

from flask import request
from flask_restx import Namespace, Resource

from api.operation import Answer, operation
from diary.crisis.guidance import crisis_pack
from diary.work import House
from schemas.crisis import CrisisPackQuery, CrisisPackView

ns = Namespace("crisis", "Whom to call", path="/v1/crisis-pack")


@ns.route("")
class CrisisPack(Resource):
    """Help without a network, and without a token."""

    @operation(
        public=True, own_work=True, query=CrisisPackQuery, returns=CrisisPackView, also=(304,)
    )
    def get(self, house: House, query: dict[str, Any]) -> Answer:
        """Read a country's crisis lines and words; for an unknown country, advice for anywhere.

        Keep it on the phone. `If-None-Match` answers 304 while nothing changed.
        """
        country = query["country"] or house.settings.default_country
        pack = crisis_pack(country, query["locale"])
        headers = {"ETag": f'"{pack.version}"', "Cache-Control": "public, max-age=86400"}
        if request.if_none_match.contains(pack.version):
            return Answer(None, status=304, headers=headers)
        return Answer(pack, headers=headers)
