"""What the tests of the engine say in one word."""

from collections.abc import Callable
from typing import Any

from diary.alerts import policies
from diary.webhooks import endpoints
from diary.webhooks.endpoints import NewEndpoint
from diary.work import House
from tests.cast import Cast
from tests.receiver import Receiver

Wait = Callable[..., None]


def heard(receiver: Receiver, name: str) -> list[str]:
    """What an endpoint heard, in order: a page's reason, or the type of any other message."""
    return [str(each.data.get("reason", each.type)) for each in receiver.received(name)]


def set_policy(house: House, cast: Cast, *steps: Any, applies_to: str = policies.DEFAULT) -> None:
    """steps: the endpoints, the minutes to wait after them, and how often they are paged."""
    with house.work(cast.erin.caller) as work:
        policies.save(
            work,
            applies_to,
            [
                {
                    "delay_minutes": minutes,
                    "rounds": rounds,
                    "targets": [{"type": "endpoint", "id": str(each.id)} for each in targets],
                }
                for targets, minutes, rounds in steps
            ],
        )


def disable(house: House, cast: Cast, endpoint: NewEndpoint) -> None:
    """Without asking whether a policy still pages it."""
    with house.work(cast.erin.caller) as work:
        endpoints.disable(work, endpoint.id)
