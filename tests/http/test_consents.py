"""Consents: what is asked, what was answered, and that nothing about safety hangs on it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from diary.callers import OPERATOR
from diary.consents.model import consents
from diary.consents.purposes import Purpose
from diary.consents.words import said
from diary.webhooks.model import messages
from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.consents import answer, publish, standing

DIARY = "treatment-diary"


def test_what_is_asked_and_what_holds(cast: Cast, clock: SimulatedClock) -> None:
    nothing = standing(cast.alice, DIARY)
    assert (nothing["state"], nothing["asked"], nothing["in_force"]) == ("unanswered", None, False)

    assert publish(cast, DIARY).json["version"] == 1
    asked = standing(cast.alice, DIARY)["asked"]
    assert (asked["version"], asked["locale"], asked["title"]) == (1, "en", f"About {DIARY}")

    given = answer(cast.alice, DIARY, given=True)
    assert (given.status, given.json["care_team_told"]) == (200, False)
    assert given.json["consent"] == standing(cast.alice, DIARY)
    shown = standing(cast.alice, DIARY)
    assert (shown["state"], shown["in_force"]) == ("given", True)
    assert shown["answer"]["recorded_by_kind"] == "device"
    path = f"/v1/patients/{cast.alice.id}/consents"
    assert shown in cast.bob.api.get(path).json["items"]

    clock.advance(days=1)
    assert answer(cast.alice, DIARY, given=False).json["consent"]["state"] == "withdrawn"
    clock.advance(days=1)
    assert answer(cast.alice, DIARY, given=True).json["consent"]["state"] == "given"


def test_history_is_rows_and_the_same_answer_again_is_none(cast: Cast, house: House) -> None:
    publish(cast, DIARY)
    for given in (True, True, False, False, True):
        assert answer(cast.alice, DIARY, given=given).status == 200
    history = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/consents/history").json["items"]
    assert [each["given"] for each in reversed(history)] == [True, False, True]
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(select(consents).order_by(consents.c.ordinal))
    assert [(row.ordinal, row.recorded_by) for row in rows] == [
        (number, cast.alice.device_id) for number in (1, 2, 3)
    ]


def test_a_clock_that_was_set_back_does_not_bring_a_consent_back(
    cast: Cast, clock: SimulatedClock
) -> None:
    publish(cast, "disclosure")
    assert answer(cast.alice, "disclosure", given=True).status == 200
    clock.set(clock.now() - timedelta(minutes=2))
    assert answer(cast.alice, "disclosure", given=False).json["consent"]["in_force"] is False


@pytest.mark.parametrize("asks_anew", [True, False])
def test_a_new_version_asks_anew_or_corrects(cast: Cast, asks_anew: bool) -> None:
    publish(cast, "research")
    answer(cast.alice, "research", given=True)
    assert publish(cast, "research", asks_anew=asks_anew).json["version"] == 2
    shown = standing(cast.alice, "research")
    assert (shown["state"], shown["asked"]["version"]) == ("outdated", 2)
    assert shown["in_force"] is not asks_anew
    # What the phone showed while it was offline is what was agreed to.
    assert answer(cast.alice, "research", given=True).json["consent"] == shown
    now = answer(cast.alice, "research", given=True, version=2).json["consent"]
    assert (now["state"], now["in_force"]) == ("given", True)


def test_a_consent_for_some_months_ends_by_itself(cast: Cast, clock: SimulatedClock) -> None:
    publish(cast, "disclosure", lasts_months=1)
    given = answer(cast.alice, "disclosure", given=True).json["consent"]
    assert given["answer"]["ends_at"] == "2026-04-02T09:00:00Z"
    clock.set(clock.now().replace(month=4, hour=8, minute=59))
    assert standing(cast.alice, "disclosure")["in_force"]
    clock.advance(minutes=1)
    ended = standing(cast.alice, "disclosure")
    assert (ended["state"], ended["in_force"]) == ("expired", False)
    assert answer(cast.alice, "disclosure", given=True).json["consent"]["in_force"]


def test_a_paper_is_recorded_by_the_team(cast: Cast, clock: SimulatedClock) -> None:
    publish(cast, "disclosure")
    path = f"/v1/patients/{cast.alice.id}/consents"
    signed = clock.now() - timedelta(days=3)
    paper = {"purpose": "disclosure", "version": 1, "given": True, "answered_at": signed}
    answered = cast.bob.api.post(path, paper)
    assert answered.status == 201, answered
    shown = answered.json["consent"]["answer"]
    assert (shown["answered_at"], shown["recorded_by_kind"]) == ("2026-02-27T09:00:00Z", "staff")
    assert standing(cast.alice, "disclosure")["in_force"]

    # What the patient said since counts, whatever is found in a drawer.
    answer(cast.alice, "disclosure", given=False)
    late = cast.bob.api.post(path, paper)
    (fault,) = late.json["errors"]
    assert (late.status, fault["pointer"], fault["code"]) == (422, "/answered_at", "too_early")
    ahead = cast.bob.api.post(path, paper | {"answered_at": clock.now() + timedelta(days=1)})
    assert ahead.json["errors"][0]["code"] == "out_of_range"
    assert not standing(cast.alice, "disclosure")["in_force"]
    assert cast.charlie.api.post(path, paper).status == 404


def test_what_cannot_be_answered_or_published(cast: Cast) -> None:
    unknown = answer(cast.alice, DIARY, given=True)
    assert (unknown.status, unknown.json["errors"][0]["pointer"]) == (422, "/version")
    assert answer(cast.alice, "breathing", given=True).status == 404
    wording = {"locale": "es", "title": "Uno", "text": "Uno"}
    foreign = publish(cast, DIARY, wordings=[wording])
    assert (foreign.status, foreign.json["errors"][0]["code"]) == (422, "required")
    wording["locale"] = "en"
    twice = publish(cast, DIARY, wordings=[wording, wording])
    assert twice.json["errors"][0]["pointer"] == "/wordings/1/locale"
    assert cast.bob.api.post("/v1/consent-texts", {}).status == 403
    publish(cast, DIARY)
    # Another clinic's text is not there, and neither is its answer.
    assert cast.grace.api.get("/v1/consent-texts").json["items"] == []
    assert answer(cast.frank, DIARY, given=True).status == 422


@pytest.mark.parametrize("answered", [None, True, False])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_check_in_is_refused_and_every_risk_is_judged(
    cast: Cast, purpose: str, answered: bool | None
) -> None:
    publish(cast, purpose)
    if answered is not None:
        answer(cast.alice, purpose, given=True)
        answer(cast.alice, purpose, given=answered)
    sent = cast.alice.check_in(si=4)
    assert (sent.status, sent.json["care_team_told"]) == (201, True)
    (alert,) = cast.dana.alerts()
    assert alert["severity"] == "critical"
    odd = cast.alice.check_in(uuid4(), mood=11, si=5)
    assert (odd.status, odd.json["care_team_told"]) == (202, True)
    assert cast.alice.ask_for_help().json["care_team_told"]


def test_taking_the_diary_back_tells_the_team_once_and_the_patient_so(
    cast: Cast, house: House
) -> None:
    publish(cast, DIARY)
    answer(cast.alice, DIARY, given=True)
    for _ in range(2):
        withdrawn = answer(cast.alice, DIARY, given=False).json
        assert withdrawn["care_team_told"]
        assert "suicidal thoughts are always looked at" in withdrawn["text"]
    with house.work(OPERATOR, write=False) as work:
        types = [row.type for row in work.rows(select(messages.c.type))]
    assert types == ["consent.withdrawn"]
    # Nobody is told of the others, and their words promise nothing of the kind.
    publish(cast, "research")
    assert not answer(cast.alice, "research", given=False).json["care_team_told"]


def test_the_words_are_there_in_each_language() -> None:
    told = {
        said(purpose, given=given, told=told, locale=locale)
        for purpose in Purpose
        for given in (True, False)
        for told in (True, False)
        for locale in ("en", "es-MX", "fi")
    }
    assert len(told) == 2 * (1 + 2 + 1 + 1)
