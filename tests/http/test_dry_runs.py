"""Before a rule set goes live: what it would have found, for whom, against the one in force."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.rehearsal import service
from diary.work import House
from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock
from tests.http.test_rules import ANXIOUS, document, publish, with_anxiety

PATH = "/v1/rule-sets/dry-runs"


def dry_run(cast: Cast, changed: dict[str, Any], **more: Any) -> Response:
    return cast.dana.api.post(PATH, {"document": changed, **more})


def result_of(response: Response) -> dict[str, Any]:
    assert response.status == 200, response
    *progress, last = response.json
    assert all(line.keys() == {"progress"} for line in progress)
    assert last.keys() == {"result"}, last
    found: dict[str, Any] = last["result"]
    return found


def without(code: str) -> dict[str, Any]:
    changed = document()
    return changed | {"rules": [rule for rule in changed["rules"] if rule["code"] != code]}


def of_rule(result: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [each for each in result["rules"] if each["code"] == code]
    return found


def times(result: dict[str, Any], code: str) -> tuple[int, ...]:
    """How often it fires now, would, would newly and no longer."""
    rule = of_rule(result, code)
    return tuple(rule[name]["times"] for name in ("now", "would", "newly", "no_longer"))


def test_a_rule_that_is_new_is_told_with_how_often_and_for_whom(
    cast: Cast, clock: SimulatedClock
) -> None:
    olga = cast.enrol("Olga")
    sent = []
    for anxiety in (10, 3, 9):
        sent.append(cast.alice.check_in(anxiety=anxiety).json["id"])
        clock.advance(days=1)
    olga.check_in(anxiety=1)
    cast.frank.check_in(anxiety=10)
    clock.advance(minutes=1)
    result = result_of(dry_run(cast, with_anxiety()))

    assert (result["check_ins"], result["patients"], result["compared_with"]) == (4, 2, 0)
    assert result["gap"] is None
    assert times(result, "C1") == (0, 2, 2, 0)
    new = of_rule(result, "C1")["newly"]
    assert new["patients"] == 1
    example = new["examples"][-1]
    assert (example["check_in_id"], example["patient_id"]) == (sent[2], str(cast.alice.id))
    assert (example["severity"], example["severity_now"]) == ("moderate", None)
    assert example["explanation"] == "anxiety is 9 (9 or more)"
    assert result["newly_told"] == {"count": 1, "patient_ids": [str(cast.alice.id)]}
    assert result["no_longer_told"] == {"count": 0, "patient_ids": []}
    assert (result["weigh_more"]["times"], result["weigh_less"]["times"]) == (2, 0)
    moderate = next(each for each in result["severities"] if each["severity"] == "moderate")
    assert (moderate["now"]["times"], moderate["would"]["times"]) == (0, 2)


def test_a_rule_that_is_left_out_is_told_and_so_is_its_gap(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=1)
    clock.advance(minutes=1)
    result = result_of(dry_run(cast, without("R3")))

    assert times(result, "R3") == (1, 0, 0, 1)
    assert result["gap"]["detail"]
    assert result["gap"]["lighter"]
    assert result["no_longer_told"]["patient_ids"] == [str(cast.alice.id)]
    (example,) = result["weigh_less"]["examples"]
    assert (example["severity"], example["severity_now"]) == (None, "moderate")


def test_what_a_rule_set_would_have_found_before_is_what_it_goes_by(
    cast: Cast, clock: SimulatedClock
) -> None:
    changed = document()
    present = next(rule for rule in changed["rules"] if rule["code"] == "R3")
    present["severity"] = "high"
    for answers in ({"si": 1}, {"si_gate": "yes", "si": "declined"}):
        cast.alice.check_in(**answers)
        clock.advance(days=1)
    example = of_rule(result_of(dry_run(cast, changed)), "R7")["would"]["examples"][0]

    assert (example["severity_now"], example["severity"]) == ("moderate", "high")


def test_only_the_days_that_were_asked_for_are_judged(cast: Cast, clock: SimulatedClock) -> None:
    for _ in range(4):
        cast.alice.check_in(anxiety=10)
        clock.advance(days=1)
    assert times(result_of(dry_run(cast, with_anxiety(), days=2)), "C1")[1] == 2
    assert times(result_of(dry_run(cast, with_anxiety())), "C1")[1] == 4


def test_what_was_kept_apart_and_what_was_amended_count_too(
    cast: Cast, clock: SimulatedClock
) -> None:
    assert cast.alice.check_in(si=4, mood=99).status == 202
    clock.advance(minutes=1)
    result = result_of(dry_run(cast, document()))

    assert (result["check_ins"], result["set_apart"], result["amendments"]) == (0, 1, 0)
    assert times(result, "R1") == (1, 1, 0, 0)


def test_rules_that_wait_for_silence_are_named_and_not_counted(cast: Cast) -> None:
    result = result_of(dry_run(cast, document()))

    assert result["not_replayed"] == ["R6", "R14", "R18"]
    assert {"R6", "R14", "R18"}.isdisjoint(each["code"] for each in result["rules"])


def test_it_is_compared_with_what_is_in_force(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(anxiety=10)
    assert publish(cast, with_anxiety()).status == 201
    clock.advance(minutes=1)
    result = result_of(dry_run(cast, document()))

    assert (result["compared_with"], times(result, "C1")) == (1, (1, 0, 0, 1))


def test_nothing_is_changed(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(anxiety=10)
    clock.advance(minutes=1)
    dry_run(cast, with_anxiety())
    assert cast.dana.alerts() == []
    assert cast.bob.api.get("/v1/rule-sets/current").json["version"] == 0


def test_no_patients_name_stands_in_it(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=4, envelope={"note": "I want to die. Tell Bob."})
    clock.advance(minutes=1)
    answer = dry_run(cast, document())
    assert times(result_of(answer), "R17") == (1, 1, 0, 0)
    assert b"Tell Bob" not in answer.body
    assert cast.alice.name.encode() not in answer.body


def test_progress_is_told_and_ends_with_everybody(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_TOGETHER", 1)
    cast.enrol("Olga")
    told = [line["progress"] for line in dry_run(cast, document()).json[:-1]]
    assert told == [{"patients": done, "of": 2} for done in (0, 1, 2)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"document": {"rules": [ANXIOUS | {"severity": "fatal"}]}}, "/document/rules/0/severity"),
        ({"document": {"rules": []}, "days": 0}, "/days"),
        ({"document": {"rules": []}, "days": 367}, "/days"),
        ({}, "/document"),
    ],
)
def test_what_is_no_rule_set_or_no_period(cast: Cast, body: Any, pointer: str) -> None:
    refused = cast.dana.api.post(PATH, body)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_only_who_may_publish_may_try(cast: Cast) -> None:
    for member in (cast.bob, cast.erin, cast.charlie):
        assert member.api.post(PATH, {"document": document()}).status == 403
    assert cast.alice.api.post(PATH, {"document": document()}).status == 403


def test_a_trace_says_of_how_many_patients_was_read(cast: Cast, house: House) -> None:
    cast.alice.check_in()
    dry_run(cast, document(), days=7)
    with house.work(OPERATOR, write=False) as work:
        query = select(audit_events).where(audit_events.c.action == "rule-set.rehearsed")
        (trace,) = work.rows(query)
    assert (trace.actor_id, trace.subject_id) == (cast.dana.id, cast.clinic)
    assert trace.detail == {"days": 7, "patients": 1}


def test_where_no_trace_can_be_left_nothing_is_shown(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.alice.check_in(si=4)
    monkeypatch.setattr("diary.work.Work.audit", _broken)
    answer = dry_run(cast, document())
    assert answer.json[-1]["problem"]["type"].endswith(":internal")
    assert not any("result" in line for line in answer.json)


def test_what_goes_wrong_midway_is_the_last_line(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "read", _broken)
    with capture_logs() as logged:
        answer = dry_run(cast, document())

    assert answer.status == 200
    last = answer.json[-1]["problem"]
    assert (last["status"], last["type"]) == (500, "urn:interlude:problem:internal")
    failed, request = (
        next(each for each in logged if each["event"] == event)
        for event in ("unexpected", "request")
    )
    assert failed["request_id"] == request["request_id"] == answer.headers["X-Request-Id"]
    # The next one is not kept waiting.
    monkeypatch.undo()
    result_of(dry_run(cast, document()))


@contextmanager
def under_way(cast: Cast) -> Iterator[Iterator[bytes]]:
    """A dry run whose caller has read nothing yet; leaving the block goes away."""
    client = cast.dana.api.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {cast.dana.token}"}
    with client.post(PATH, json={"document": document()}, headers=headers) as answer:
        assert answer.status_code == 200
        yield answer.iter_encoded()


def test_one_at_a_time_in_a_process_and_whoever_goes_away_ends_it(cast: Cast) -> None:
    with under_way(cast) as lines:
        assert next(lines) == b'{"progress":{"patients":0,"of":1}}\n'
        refused = dry_run(cast, document())
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        # No transaction is open meanwhile: others are served, and write.
        assert cast.alice.check_in().status == 201
    result_of(dry_run(cast, document()))


def test_the_request_is_logged_when_it_is_over(cast: Cast) -> None:
    with capture_logs() as logged, under_way(cast) as lines:
        next(lines)
        assert [each for each in logged if each["event"] == "request"] == []
    (request,) = [each for each in logged if each["event"] == "request"]
    assert (request["status"], request["caller"]) == (200, "staff")


def test_so_many_in_ten_minutes(cast: Cast, clock: SimulatedClock) -> None:
    body = {"document": {"rules": [ANXIOUS]}}
    answers = [cast.dana.api.post(PATH, body).status for _ in range(7)]
    assert answers == [200] * 6 + [429]
    assert cast.dana.api.get("/v1/rule-sets/current").status == 200
    clock.advance(minutes=2)
    assert cast.dana.api.post(PATH, body).status == 200


def _broken(*_: object, **__: object) -> Any:
    raise RuntimeError("a defect")
