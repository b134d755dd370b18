""" "I need help now", with or without a check-in."""

from flask_restx import Namespace, Resource

from api.limits import Rate
from api.operation import operation
from diary.access.permissions import Scope
from diary.checkins.help import ask_for_help
from diary.checkins.receipt import Receipt
from diary.work import Work
from schemas.checkins import HelpView

ns = Namespace("help", "Help now", path="/v1/me/help")


@ns.route("")
class Help(Resource):
    """The button that is always there."""

    @operation(
        scope=Scope.ME_WRITE,
        any_body=True,
        returns=HelpView,
        status=201,
        rate=Rate.URGENT,
    )
    def post(self, work: Work) -> Receipt:
        """Ask the care team for help now.

        Whatever body comes along is ignored: this is never refused for its form.
        """
        return ask_for_help(work)
