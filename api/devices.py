"""A patient's phone gets in."""

from typing import Any

from flask_restx import Namespace, Resource

from api.auth import front
from api.limits import Rate
from api.operation import operation
from diary.access.errors import GrantRefused
from diary.callers import ANONYMOUS
from diary.patients import devices
from diary.work import House
from schemas.devices import DeviceDraft
from schemas.sessions import TokenView

ns = Namespace("devices", "Patients' phones", path="/v1/devices")


@ns.route("")
class Devices(Resource):
    """Phones that patients keep the diary on."""

    @operation(
        public=True,
        own_work=True,
        body=DeviceDraft,
        returns=TokenView,
        status=201,
        raises=(GrantRefused,),
        rate=Rate.SIGN_IN,
    )
    def post(self, house: House, body: dict[str, Any]) -> dict[str, Any]:
        """Pair a phone with the code of an enrolment.

        A patient keeps two phones: a third one ends the session of the oldest.
        """
        door = front()
        key = door.keys.active()
        with house.work(ANONYMOUS) as work:
            return door.token_answer(work, devices.pair(work, **body), key)
