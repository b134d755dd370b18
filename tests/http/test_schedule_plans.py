"""A clinic's own plan: what can be asked so, what cannot, and why."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.asked import DAILY, NEXT_DAY, PLANS, WEEKLY, publish
from tests.cast import Cast
from tests.http.test_permissions import LICENCE
from tests.questionnaires import phq9

_MORNING = DAILY | {"id": "morning", "closes": "12:00"}
_EVENING = DAILY | {"id": "evening", "opens": "18:00"}


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status == 422, answer
    return [(each["pointer"], each["code"]) for each in answer.json["errors"]]


def test_what_ships_asks_every_day_and_once_a_week(cast: Cast) -> None:
    shipped = cast.bob.api.get(f"{PLANS}/current").json
    assert shipped["version"] == 0
    assert [(each["kind"], each["instrument"]) for each in shipped["document"]["items"]] == [
        ("daily", "daily-check-in"),
        ("weekly", "weekly-check-in"),
    ]
    assert cast.bob.api.get(PLANS).json["items"] == []


def test_a_plan_is_a_version_that_stays(cast: Cast) -> None:
    made = publish(cast.dana, _MORNING, _EVENING, NEXT_DAY, remind_at="11:00", chase_at=None)
    assert (made.status, made.json["version"]) == (201, 1)
    again = publish(cast.dana, DAILY | {"days": [0, 28]})
    assert again.json["version"] == 2
    assert again.json["document"]["items"][0]["days"] == [0, 28]
    assert cast.bob.api.get(f"{PLANS}/1").json == made.json
    assert cast.bob.api.get(f"{PLANS}/current").json == again.json
    assert cast.bob.api.get(f"{PLANS}/3").status == 404
    assert cast.charlie.api.get(f"{PLANS}/current").json["version"] == 0


def test_the_plan_in_the_documents_is_taken_as_it_is(cast: Cast) -> None:
    (plan,) = re.findall(r"```json\n(.*?)```", Path("docs/schedule.md").read_text(), re.DOTALL)
    assert cast.dana.api.post(PLANS, json.loads(plan)).status == 201


def test_who_may(cast: Cast) -> None:
    assert publish(cast.bob, DAILY).status == 403
    assert publish(cast.erin, DAILY).status == 403
    assert cast.erin.api.get(f"{PLANS}/current").status == 200


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([DAILY, DAILY], [("/items/1/id", "duplicate"), ("/items/1", "overlap")]),
        ([_MORNING, DAILY | {"opens": "11:00"}], [("/items/1", "overlap")]),
        ([DAILY, NEXT_DAY | {"instrument": "daily-check-in"}], [("/items/1", "overlap")]),
        ([NEXT_DAY, NEXT_DAY | {"id": "later", "hours": 30}], [("/items/1", "overlap")]),
        ([WEEKLY, WEEKLY | {"id": "other"}], [("/items/1", "overlap")]),
        ([DAILY | {"opens": "22:00", "closes": "08:00"}], [("/items/0/closes", "too_early")]),
        ([DAILY | {"opens": "22:00", "closes": "22:30"}], [("/items/0/closes", "too_early")]),
        ([DAILY | {"days": [4, 2]}], [("/items/0/days", "order")]),
        ([DAILY | {"version": "9.9.9"}], [("/items/0/version", "unknown")]),
        ([DAILY | {"instrument": "no-such"}], [("/items/0/version", "unknown")]),
        ([DAILY | {"weekday": 3}], [("/items/0/weekday", "not_allowed")]),
        ([WEEKLY | {"weekday": 8}], [("/items/0/weekday", "out_of_range")]),
        ([DAILY | {"opens": "25:00"}], [("/items/0/opens", "invalid_format")]),
        ([NEXT_DAY | {"hours": 400}], [("/items/0/hours", "out_of_range")]),
        ([DAILY | {"kind": "monthly"}], [("/items/0/kind", "invalid_choice")]),
    ],
)
def test_what_cannot_be_asked_so(
    cast: Cast, items: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    assert faults(publish(cast.dana, *items)) == expected
    assert cast.bob.api.get(f"{PLANS}/current").json["version"] == 0


def test_windows_that_only_touch_are_no_overlap(cast: Cast) -> None:
    touching = DAILY | {"id": "afternoon", "opens": "12:00", "closes": "18:00"}
    assert publish(cast.dana, _MORNING, touching, _EVENING).status == 201
    other_day = WEEKLY | {"id": "midweek", "weekday": 3}
    assert publish(cast.dana, WEEKLY | {"weekday": 7}, other_day).status == 201
    assert publish(cast.dana, NEXT_DAY, NEXT_DAY | {"id": "later", "hours": 36}).status == 201


def test_a_plan_may_ask_nothing(cast: Cast) -> None:
    assert publish(cast.dana).status == 201


def test_a_reason_is_needed(cast: Cast) -> None:
    assert faults(publish(cast.dana, DAILY, reason="")) == [("/reason", "too_short")]


def test_an_instrument_is_asked_with_its_licence_and_no_more_often_than_its_recall(
    cast: Cast,
) -> None:
    asked = {"kind": "weekly", "id": "phq", "instrument": "phq-9", "version": "1"}
    body = {"document": phq9(version="1")}
    assert cast.erin.api.post("/v1/instruments", body).status == 201
    assert faults(publish(cast.dana, asked)) == [("/items/0/instrument", "licence_not_attested")]
    licensed = cast.erin.api.post("/v1/instruments", body | {"licence": LICENCE})
    assert licensed.status == 200
    assert publish(cast.dana, asked).status == 201
    daily = asked | {"kind": "daily"}
    assert faults(publish(cast.dana, daily)) == [("/items/0/instrument", "asked_too_often")]
