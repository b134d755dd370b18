"""Check-ins that a phone kept without a network, sent at once."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask_restx import Namespace, Resource
from marshmallow import ValidationError

from api.amendments import amended
from api.checkins import STATUS, answered, recorded, urgent_if_it_may_carry_a_risk
from api.limits import Rate
from api.operation import Refused, operation
from api.problems import faults_of, problem_of
from api.races import run_again
from diary.access.permissions import Scope
from diary.callers import Caller
from diary.checkins.batches import Item, ahead
from diary.checkins.receipt import Receipt
from diary.checkins.record import record
from diary.errors import FieldFault
from diary.work import House, Work
from schemas.batches import BatchDraft, BatchEnvelope, BatchView

ns = Namespace("batches", "Check-ins at once", path="/v1/check-ins")

_LARGEST_BODY = 512 * 1024


_envelope = BatchEnvelope()


def urgent_if_any_may(arguments: Mapping[str, Any]) -> tuple[Rate, None]:
    """As urgent as the most urgent of its items."""
    for sent in _items(arguments["body"]):
        urgent = urgent_if_it_may_carry_a_risk({"body": Item.of(sent, 0).body})
        if urgent[0] is Rate.URGENT:
            return urgent
    return Rate.ORDINARY, None


@ns.route("/batch")
class CheckInBatch(Resource):
    """Many at once."""

    @operation(
        scope=Scope.ME_WRITE,
        body=BatchDraft,
        raw=True,
        returns=BatchView,
        max_body=_LARGEST_BODY,
        own_work=True,
        rate=urgent_if_any_may,
    )
    def post(self, house: House, caller: Caller, body: Any) -> dict[str, Any]:
        """Send what the phone has kept, up to 100 check-ins and amendments at a time.

        Each is taken as it would be alone, in a transaction of its own and in the order in which
        they stand; `results` says of each how it would have been answered. What is wrong with one
        keeps none of the others out, and the same batch can be sent again and again.
        """
        now = house.clock.now()
        results = [
            _taken(house, caller, Item.of(sent, number)) for number, sent in enumerate(_items(body))
        ]
        sent_at, faults = _around(body)
        return {
            "received_at": now,
            "clock_ahead_seconds": ahead(sent_at, now),
            "errors": faults,
            "results": results,
        }


def _items(body: Any) -> list[Any]:
    items = body.get("items") if isinstance(body, Mapping) else None
    # Whatever came in place of a list may say something of suicidality.
    return items if isinstance(items, list) else [body]


def _around(body: Any) -> tuple[datetime | None, tuple[FieldFault, ...]]:
    """When it was sent, and what is wrong around the items: no reason to wait for what they say."""
    around = {}
    if isinstance(body, Mapping) and "items" in body:
        around = {name: value for name, value in body.items() if name != "items"}
    try:
        return _envelope.load(around)["sent_at"], ()
    except ValidationError as error:
        return None, faults_of(error)


def _taken(house: House, caller: Caller, item: Item) -> dict[str, Any]:
    shown_id = item.id
    try:
        receipt = run_again(house, partial(_once, house, caller, item))
        answer = answered(receipt)
        if isinstance(answer, Refused):
            answer.fault.extra |= answer.extra
            raise answer.fault
    except Exception as error:
        problem = problem_of(error)
        return {"id": shown_id, "status": problem["status"], "problem": problem}
    return {"id": shown_id, "status": STATUS[receipt.outcome], "receipt": receipt}


def _once(house: House, caller: Caller, item: Item) -> Receipt:
    with house.work(caller) as work:
        return _carried_out(work, item)


def _carried_out(work: Work, item: Item) -> Receipt:
    known = item.kept_under(work)
    if item.faults:
        return record(work, known, item.body, None, item.faults)
    if item.amends is not None:
        return amended(work, item.amends, known, item.body)
    return recorded(work, known, item.body)
