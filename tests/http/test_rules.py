"""Rule sets over HTTP: published after a check of every answer, and then judged by."""

from copy import deepcopy
from typing import Any

import pytest
from structlog.testing import capture_logs

from diary.access.sessions import revoke
from diary.rules import service
from diary.rules.default import DEFAULT
from diary.rules.model import rule_sets
from diary.rules.ruleset import RuleSet
from diary.rules.writing import to_document
from diary.work import House
from tests.cast import Cast
from tests.client import Response

PATH = "/v1/rule-sets"
ANXIOUS = {
    "code": "C1",
    "title": "very_anxious",
    "when": {"kind": "at_least", "measure": "anxiety", "value": 9},
    "severity": "moderate",
    "suicidality": False,
}


def document() -> dict[str, Any]:
    """The shipped rules, to be changed."""
    found: dict[str, Any] = deepcopy(dict(to_document(DEFAULT)))
    return found


def with_anxiety() -> dict[str, Any]:
    return {**document(), "rules": [*document()["rules"], ANXIOUS]}


def publish(cast: Cast, changed: dict[str, Any], reason: str = "Agreed on Monday") -> Response:
    return cast.dana.api.post(PATH, {"document": changed, "reason": reason})


def test_the_shipped_rules_are_version_0(cast: Cast) -> None:
    current = cast.bob.api.get(f"{PATH}/current").json

    assert (current["version"], current["published_at"]) == (0, None)
    assert current["document"] == document()
    assert cast.bob.api.get(f"{PATH}/0").json == current
    assert cast.bob.api.get(PATH).json["items"] == []


def test_the_next_check_in_is_judged_by_the_new_version(cast: Cast) -> None:
    before = cast.alice.check_in(anxiety=10).json["id"]
    published = publish(cast, with_anxiety())
    assert (published.status, published.json["version"]) == (201, 1)
    assert published.json["published_by"] == str(cast.dana.id)
    after = cast.alice.check_in(anxiety=10).json

    assert after["care_team_told"] is True
    stamped = [
        cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins/{id}").json
        for id in (before, after["id"])
    ]
    assert [each["rule_set_version"] for each in stamped] == [0, 1]
    assert [each["severity"] for each in stamped] == [None, "moderate"]
    (alert,) = cast.dana.alerts()
    assert [found["rule"] for found in cast.bob.alert(alert)["findings"]] == ["C1"]
    assert cast.frank.check_in(anxiety=10).json["care_team_told"] is False


def test_the_same_check_in_again_keeps_its_judgement(cast: Cast) -> None:
    body = cast.alice.check_in_body(anxiety=10)
    path = "/v1/check-ins/2f1c9a52-6a52-4b0f-9d3c-0b6d2a7f1e11"
    first = cast.alice.api.put(path, body).json
    publish(cast, with_anxiety())
    again = cast.alice.api.put(path, body).json

    assert again == first | {"outcome": "repeated"}
    assert cast.dana.alerts() == []


def test_versions_are_listed_and_kept(cast: Cast) -> None:
    publish(cast, with_anxiety(), "First")
    publish(cast, document(), "Back again")

    listed = cast.bob.api.get(PATH).json["items"]
    assert [(each["version"], each["reason"]) for each in listed] == [
        (2, "Back again"),
        (1, "First"),
    ]
    assert cast.bob.api.get(f"{PATH}/current").json == listed[0]
    assert cast.bob.api.get(f"{PATH}/1").json == listed[1]
    assert cast.bob.api.get(f"{PATH}/3").status == 404
    assert cast.charlie.api.get(f"{PATH}/1").status == 404
    assert cast.alice.check_in(anxiety=10).json["care_team_told"] is False


def test_a_worse_answer_that_would_weigh_less_is_refused(cast: Cast) -> None:
    changed = document()
    acute = next(rule for rule in changed["rules"] if rule["code"] == "R1")
    acute["severity"] = "low"
    for code in ("R2", "R3"):
        next(rule for rule in changed["rules"] if rule["code"] == code)["severity"] = "moderate"
    refused = publish(cast, changed)

    assert (refused.status, refused.code) == (409, "rule-set-gap")
    example = refused.json["counter_example"]
    assert example["lighter"]
    assert "may not be less than" in refused.json["detail"]
    assert cast.bob.api.get(f"{PATH}/current").json["version"] == 0


@pytest.mark.parametrize("code", ["R3", "R7"])
def test_silence_at_the_floor_is_refused(cast: Cast, code: str) -> None:
    changed = document()
    changed["rules"] = [rule for rule in changed["rules"] if rule["code"] != code]
    refused = publish(cast, changed)

    assert (refused.status, refused.code) == (409, "rule-set-gap")
    assert refused.json["counter_example"]["lighter"]
    assert cast.bob.api.get(PATH).json["items"] == []
    assert cast.alice.check_in(si=1).json["care_team_told"] is True


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ([ANXIOUS | {"severity": "fatal"}], "/document/rules/0/severity"),
        ([ANXIOUS | {"when": {"whatever": 1}}], "/document/rules/0/when"),
        ([ANXIOUS | {"code": "c 1"}], "/document/rules/0/code"),
        ("none", "/document/rules"),
    ],
)
def test_a_document_that_is_no_rule_set(cast: Cast, rules: Any, pointer: str) -> None:
    refused = publish(cast, {"rules": rules})

    assert (refused.status, refused.code) == (422, "invalid")
    assert any(fault["pointer"].startswith(pointer) for fault in refused.json["errors"])


def test_who_may_publish(cast: Cast) -> None:
    body = {"document": document(), "reason": "Because"}
    assert cast.bob.api.post(PATH, body).status == 403
    assert cast.erin.api.post(PATH, body).status == 403
    assert cast.dana.api.post(PATH, {"document": document()}).status == 422


def test_it_is_checked_with_no_transaction_open(
    cast: Cast, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = []

    def slow(ruleset: RuleSet) -> None:
        meanwhile.append(cast.alice.check_in(si=4).status)
        with house.work(cast.dana.caller) as work:
            revoke(work, cast.clinic, cast.dana.grant.session_id, why="signed-out")

    monkeypatch.setattr(service, "check", slow)
    refused = publish(cast, with_anxiety())

    assert (meanwhile, refused.status) == ([201], 401)
    assert cast.bob.api.get(f"{PATH}/current").json["version"] == 0


def test_a_version_that_cannot_be_read_any_more_loses_no_check_in(cast: Cast, house: House) -> None:
    with house.work(cast.dana.caller) as work:
        work.add(
            rule_sets,
            clinic_id=cast.clinic,
            id=work.new_id(),
            version=1,
            document={"rules": [ANXIOUS | {"when": {"kind": "forgotten"}}]},
            reason="Before an upgrade",
            published_at=work.now,
        )
    with capture_logs() as logged:
        response = cast.alice.check_in(si=4)

    assert (response.status, response.json["guidance"]["level"]) == (201, "emergency")
    assert cast.alice.check_in(envelope={"si": 4}).json["care_team_told"] is True
    path = f"/v1/patients/{cast.alice.id}/check-ins/{response.json['id']}"
    assert cast.bob.api.get(path).json["rule_set_version"] == 0
    (event,) = [each for each in logged if each["event"] == "rules.unreadable"]
    assert (event["log_level"], event["version"]) == ("error", 1)
    assert event["faults"] == ["unknown_kind"]


def test_what_would_take_minutes_to_check_is_refused_at_once(cast: Cast) -> None:
    levels = [
        {"kind": "at_least", "measure": measure, "value": value}
        for measure, most in (("mood", 10), ("anxiety", 10), ("dissociation_total", 16))
        for value in range(1, most + 1)
    ]
    risk = {"kind": "at_least", "measure": "si", "value": 1}
    when = {"kind": "all", "of": [risk, {"kind": "any", "of": levels}]}
    long = ANXIOUS | {"when": when, "suicidality": True}
    refused = publish(cast, {**document(), "rules": [*document()["rules"], long]})

    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "too_many_combinations")


def test_a_rule_that_can_never_hold_is_refused_at_its_place(cast: Cast) -> None:
    measures = ({"measure": "si", "value": 1}, {"measure": "phq9", "value": 10})
    parts = [{"kind": "at_least", **measure} for measure in measures]
    never = ANXIOUS | {"when": {"kind": "all", "of": parts}, "suicidality": True}
    refused = publish(cast, {**document(), "rules": [never, *document()["rules"]]})

    assert (refused.status, refused.code) == (422, "invalid")
    [fault] = refused.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/document/rules/0/when", "never_holds")


def test_a_version_is_compared_with_the_shipped_one_and_the_one_before(cast: Cast) -> None:
    changed = with_anxiety()
    severe = next(rule for rule in changed["rules"] if rule["code"] == "R1")
    severe["when"]["of"][0]["value"] = 3
    place = changed["rules"].index(severe)
    assert publish(cast, changed).status == 201
    compared = cast.bob.api.get(f"{PATH}/1/comparison", **{"with": 0}).json

    assert (compared["version"], compared["compared_with"]) == (1, 0)
    told = compared["differences"]
    assert told["rules_added"] == [ANXIOUS]
    assert told["rules_removed"] == []
    change = {"pointer": f"/rules/{place}/when/of/0/value", "before": 4, "after": 3}
    assert told["rules_changed"] == [{"code": "R1", "changes": [change]}]
    assert (told["phrases_added"], told["phrases_removed"]) == ({}, {})
    graver = compared["suicidality"]["graver"]
    assert (graver["example"], graver["before"], graver["after"]) == ({"si": 3}, "high", "critical")
    assert 0 < graver["count"] < compared["suicidality"]["combinations"]
    milder = {"count": 0, "example": None, "before": None, "after": None}
    assert compared["suicidality"]["milder"] == milder

    assert cast.bob.api.get(f"{PATH}/1/comparison").json == compared
    back = cast.bob.api.get(f"{PATH}/0/comparison", **{"with": 1}).json
    assert back["suicidality"]["milder"]["count"] == graver["count"]
    assert back["differences"]["rules_removed"] == [ANXIOUS]


def test_only_versions_that_are_there_are_compared(cast: Cast) -> None:
    publish(cast, with_anxiety())
    assert cast.bob.api.get(f"{PATH}/1/comparison", **{"with": 2}).status == 404
    assert cast.bob.api.get(f"{PATH}/2/comparison", **{"with": 1}).status == 404
    assert cast.charlie.api.get(f"{PATH}/1/comparison", **{"with": 0}).status == 404
    assert cast.bob.api.get(f"{PATH}/1/comparison", **{"with": "last"}).status == 400
    assert cast.alice.api.get(f"{PATH}/0/comparison").status == 403


def test_a_version_that_cannot_be_read_any_more_is_compared_by_its_rules(
    cast: Cast, house: House
) -> None:
    forgotten = ANXIOUS | {"when": {"kind": "forgotten"}}
    with house.work(cast.dana.caller) as work:
        work.add(
            rule_sets,
            clinic_id=cast.clinic,
            id=work.new_id(),
            version=1,
            document={"rules": [forgotten]},
            reason="Before an upgrade",
            published_at=work.now,
        )
    compared = cast.bob.api.get(f"{PATH}/1/comparison").json

    assert compared["suicidality"] is None
    assert compared["differences"]["rules_added"] == [forgotten]
