"""Where Alice says she is when she tells of a risk: beside the alert, and nowhere else."""

import orjson
import pytest
from sqlalchemy import select

from diary.access.permissions import Role
from diary.alerts.model import locations
from diary.callers import OPERATOR
from diary.work import House
from tests.cast import Cast
from tests.http.test_amendments import amend

BRIDGE = "On the old bridge, harbour side."
JSON = {"Content-Type": "application/json"}


def told(cast: Cast) -> list[tuple[str, str]]:
    """What a colleague who is paged is shown of where she is."""
    heidi = cast.join("Heidi", Role.CLINICIAN)
    (alert,) = heidi.alerts()
    return [(each["source"], each["text"]) for each in heidi.alert(alert)["locations"]]


def kept(house: House) -> int:
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(select(locations.c.text))
        assert all(b"bridge" not in row.text for row in rows), "it is sealed"
        return len(rows)


def test_it_stands_beside_the_alert_that_the_answers_raise(cast: Cast, house: House) -> None:
    body = cast.alice.check_in_body(si=4) | {"location": BRIDGE}
    for _ in range(2):
        sent = cast.alice.api.put("/v1/check-ins/00000000-0000-4000-8000-000000000001", body)
        assert sent.status in (200, 201)
    assert told(cast) == [("check-in", BRIDGE)]
    assert kept(house) == 1


def test_it_is_not_kept_where_nothing_was_found(cast: Cast, house: House) -> None:
    assert cast.alice.check_in(envelope={"location": BRIDGE}).status == 201
    assert kept(house) == 0
    assert cast.alice.check_in(si=0, envelope={"location": 4}).status == 202
    assert kept(house) == 0


def test_it_is_heard_in_a_body_that_cannot_be_taken(cast: Cast, house: House) -> None:
    assert cast.alice.check_in(si=4, mood=11, envelope={"location": BRIDGE}).status == 202
    assert told(cast) == [("quarantine", BRIDGE)]
    assert kept(house) == 1


def test_a_place_called_si_is_no_answer(cast: Cast) -> None:
    """`si` is an item of the diary, and a word of Spanish."""
    wrong = cast.alice.check_in(mood=11, si_gate=None, si_act=None, safe_now=None)
    placed = cast.alice.check_in(
        mood=11, si_gate=None, si_act=None, safe_now=None, envelope={"location": "Si"}
    )
    assert (placed.status, placed.code) == (wrong.status, wrong.code)


def test_it_comes_with_an_amendment(cast: Cast) -> None:
    first = cast.alice.check_in().json["id"]
    assert amend(cast.alice, first, envelope={"location": BRIDGE}, si=5).status == 201
    assert told(cast) == [("amendment", BRIDGE)]


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        (orjson.dumps({"location": BRIDGE}), JSON, [("help", BRIDGE)]),
        (orjson.dumps({"location": BRIDGE, "more": [1]}), JSON, [("help", BRIDGE)]),
        (orjson.dumps({"location": "x" * 501}), JSON, []),
        (orjson.dumps({"location": ["a"], "b": 1}), JSON, []),
        (orjson.dumps([BRIDGE]), JSON, []),
        (b'{"location": "On the', JSON, []),
        (b"", JSON, []),
    ],
)
def test_a_call_for_help_takes_what_is_in_order_and_is_never_refused(
    cast: Cast, body: bytes, headers: dict[str, str], found: list[tuple[str, str]]
) -> None:
    assert cast.alice.api.send("POST", "/v1/me/help", body, headers).status == 201
    assert told(cast) == found
