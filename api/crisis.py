"""The crisis pack: whom to call, kept by the phone for when there is no network."""

from typing import Any

from flask import request
from flask_restx import Namespace, Resource

from api.operation import Answer, operation
from diary.access.permissions import Scope
from diary.crisis import guidance
from diary.crisis.guidance import crisis_pack
from diary.safety.pack import OwnPack, own_pack
from diary.work import House, Work
from schemas.crisis import CrisisPackQuery, CrisisPackView
from schemas.safety_plans import OwnCrisisPackView

ns = Namespace("crisis", "Whom to call", path="/v1")


@ns.route("/crisis-pack")
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
        return _unless_known(pack, {"Cache-Control": "public, max-age=86400"})


@ns.route("/me/crisis-pack")
class OwnCrisisPack(Resource):
    """The same with the patient's clinic and own safety plan."""

    @operation(scope=Scope.ME_READ, returns=OwnCrisisPackView, also=(304,))
    def get(self, work: Work) -> Answer:
        """Read what helps you without a network: the country's pack, your clinic, your safety plan.

        Keep it on the phone, and fetch it again when the clinic or the plan changes.
        `If-None-Match` answers 304 while no word did.
        """
        return _unless_known(own_pack(work), {})


def _unless_known(pack: guidance.CrisisPack | OwnPack, headers: dict[str, str]) -> Answer:
    headers |= {"ETag": f'"{pack.version}"'}
    # Weak comparison: what compresses on the way makes the tag a weak one.
    if request.if_none_match.contains_weak(pack.version):
        return Answer(None, status=304, headers=headers)
    return Answer(pack, headers=headers)
