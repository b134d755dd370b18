""" "I need help now", with or without a check-in."""

from typing import Any

from flask_restx import Namespace, Resource

from api.limits import Rate
from api.operation import operation
from diary.access.permissions import Scope
from diary.checkins.help import ask_for_help
from diary.checkins.receipt import Receipt
from diary.work import Work
from schemas.checkins import HelpCall, HelpView

ns = Namespace("help", "Help now", path="/v1/me/help")


@ns.route("")
class Help(Resource):
    """The button that is always there."""

    @operation(
        scope=Scope.ME_WRITE,
        hears=HelpCall,
        returns=HelpView,
        status=201,
        rate=Rate.URGENT,
    )
    def post(self, work: Work, body: dict[str, Any]) -> Receipt:
        """Ask the care team for help now.

        Whatever body comes along, this is never refused for its form: what is in order is taken,
        and all else is ignored.
        """
        return ask_for_help(work, **body)
