"""What a phone showed is told once, later, and raises no alarm."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.erasure.service import carry_out, held
from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.http.test_checkins import at_once

OWN = "/v1/me/displays"


def pack(**other: Any) -> dict[str, Any]:
    """The crisis pack, looked at in the night, without a network."""
    shown = {
        "id": str(uuid4()),
        "what": "crisis-pack",
        "version": "1f0c5a2b7d9e4c60",
        "shown_at": "2026-03-02T03:10:00+01:00",
        "offline": True,
    }
    return shown | other


def told(cast: Cast, *displays: object) -> list[Any]:
    answer = cast.alice.api.post(OWN, {"displays": displays})
    assert answer.status == 200, answer
    items: list[Any] = answer.json["items"]
    return items


def outcomes(cast: Cast, *displays: object) -> list[str]:
    return [each["outcome"] for each in told(cast, *displays)]


def seen(cast: Cast, **query: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = cast.bob.api.get(
        f"/v1/patients/{cast.alice.id}/displays", **query
    ).json["items"]
    return items


def test_the_team_sees_that_somebody_looked_for_help_and_no_alarm_is_raised(
    cast: Cast, clock: SimulatedClock
) -> None:
    shown = pack()
    assert told(cast, shown) == [{"id": shown["id"], "outcome": "recorded", "errors": []}]
    (read,) = seen(cast)
    assert read == {
        "id": shown["id"],
        "patient_id": str(cast.alice.id),
        "device_id": str(cast.alice.device_id),
        "what": "crisis-pack",
        "version": "1f0c5a2b7d9e4c60",
        "check_in_id": None,
        "shown_at": "2026-03-02T02:10:00Z",
        "offline": True,
        "received_at": "2026-03-02T09:00:00Z",
    }
    assert cast.dana.api.get("/v1/displays").json["items"] == [read]
    assert cast.dana.alerts() == []


def test_the_same_again_counts_once_and_another_under_its_id_is_not_kept(cast: Cast) -> None:
    first, second = pack(), pack(what="safety-plan", version="3", offline=False)
    assert outcomes(cast, first, second) == ["recorded", "recorded"]
    # The same moment, written in another zone.
    again = first | {"shown_at": "2026-03-02T02:10:00Z"}
    assert outcomes(cast, second, again, again) == ["repeated"] * 3
    assert outcomes(cast, first | {"offline": False}) == ["conflict"]
    third = pack()
    assert outcomes(cast, third, third, third | {"version": "2"}) == [
        "recorded",
        "repeated",
        "conflict",
    ]
    assert [each["offline"] for each in seen(cast) if each["id"] == first["id"]] == [True]
    assert len(seen(cast)) == 3


def test_one_that_cannot_be_read_keeps_none_of_the_others_out(cast: Cast) -> None:
    wrong: list[tuple[Any, dict[str, str]]] = [
        ("a word", {"": "wrong_type"}),
        (None, {"": "wrong_type"}),
        (pack(id="one"), {"/id": "invalid_format"}),
        (pack(what="film"), {"/what": "invalid_choice"}),
        (pack(version=None), {"/version": "required"}),
        (pack(version="x" * 65), {"/version": "too_long"}),
        (pack(version="I want to die"), {"/version": "invalid_format"}),
        (pack(what="guidance"), {"/check_in_id": "required"}),
        (pack(shown_at="last night"), {"/shown_at": "invalid_format"}),
        (pack(shown_at="0001-01-01T00:00:00+01:00"), {"/shown_at": "invalid_format"}),
        (pack(offline="yes"), {"/offline": "wrong_type"}),
        (pack(mood=3), {"/mood": "unknown_field"}),
    ]
    items = told(cast, pack(), *(each for each, _ in wrong), pack())
    assert [each["outcome"] for each in items] == ["recorded", *["refused"] * 12, "recorded"]
    for item, (sent, faults) in zip(items[1:-1], wrong, strict=True):
        named = isinstance(sent, dict) and sent["id"] != "one"
        assert item["id"] == (sent["id"] if named else None)
        assert {each["pointer"]: each["code"] for each in item["errors"]} == faults
    assert len(seen(cast)) == 2
    assert outcomes(cast, "a word") == ["refused"]


def test_a_long_time_without_a_network_fits_into_one(cast: Cast) -> None:
    many = [pack() for _ in range(100)]
    assert outcomes(cast, *many) == ["recorded"] * 100
    assert outcomes(cast, *many) == ["repeated"] * 100


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"/displays": "required"}),
        ({"displays": []}, {"/displays": "too_few"}),
        ({"displays": {}}, {"/displays": "wrong_type"}),
        ({"displays": [{}] * 101}, {"/displays": "too_many"}),
        ([], {"": "wrong_type"}),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(
    cast: Cast, body: Any, faults: dict[str, str]
) -> None:
    answer = cast.alice.api.post(OWN, body)
    assert answer.status == 422
    assert {each["pointer"]: each["code"] for each in answer.json["errors"]} == faults


def test_the_same_batch_at_once_lands_once(cast: Cast) -> None:
    batch = {"displays": [pack() for _ in range(3)]}
    answers = at_once(lambda: cast.alice.api.post(OWN, batch))
    assert {answer.status for answer in answers} == {200}
    said = [tuple(each["outcome"] for each in answer.json["items"]) for answer in answers]
    assert said.count(("recorded",) * 3) == 1
    assert set(said) == {("recorded",) * 3, ("repeated",) * 3}
    assert len(seen(cast)) == 3


def test_whatever_the_phones_clock_says_is_kept(cast: Cast) -> None:
    wrong = ["0001-01-02T00:00:00Z", "9999-12-30T23:59:59Z"]
    assert outcomes(cast, *(pack(shown_at=each) for each in wrong)) == ["recorded"] * 2
    assert sorted(each["shown_at"] for each in seen(cast)) == sorted(wrong)


def test_a_list_by_what_and_where(cast: Cast, clock: SimulatedClock) -> None:
    guidance = pack(what="guidance", version=None, check_in_id=str(uuid4()))
    outcomes(cast, pack(), pack(offline=False), guidance)
    clock.advance(minutes=1)
    assert cast.frank.api.post(OWN, {"displays": [pack()]}).status == 200
    looked = seen(cast, what="crisis-pack", offline="true")
    assert cast.dana.api.get("/v1/displays", what="crisis-pack", offline="true").json["items"] == (
        looked
    )
    assert len(looked) == 1
    assert [each["check_in_id"] for each in seen(cast, what="guidance")] == [
        guidance["check_in_id"]
    ]
    pages = cast.bob.api.get("/v1/displays", limit=2).json
    rest = cast.bob.api.get("/v1/displays", limit=2, cursor=pages["next_cursor"]).json["items"]
    ids = [UUID(each["id"]) for each in (*pages["items"], *rest)]
    assert sorted(ids) == sorted(UUID(each["id"]) for each in seen(cast))
    assert cast.charlie.api.get(f"/v1/patients/{cast.alice.id}/displays").status == 404
    (theirs,) = cast.charlie.api.get("/v1/displays").json["items"]
    assert theirs["patient_id"] == str(cast.frank.id)


def test_another_patients_ids_say_nothing_and_are_in_nobodys_way(cast: Cast) -> None:
    olga, shown = cast.enrol("Olga"), pack()
    theirs = olga.check_in().json["id"]
    assert olga.api.post(OWN, {"displays": [shown]}).json["items"][0]["outcome"] == "recorded"
    other = shown | {"offline": False}
    assert outcomes(cast, other) == ["recorded"]
    # Whose a check-in is, and whether it is one at all, makes no difference.
    answered = [pack(what="guidance", check_in_id=each) for each in (theirs, str(uuid4()))]
    assert outcomes(cast, *answered) == ["recorded"] * 2
    (read,) = cast.bob.api.get(f"/v1/patients/{olga.id}/displays").json["items"]
    assert (read["device_id"], read["offline"]) == (str(olga.device_id), True)
    # Of the same clinic, and on nobody's team.
    assert cast.join("Heidi", Role.CLINICIAN).api.get("/v1/displays").json["items"] == []
    assert cast.alice.api.get("/v1/displays").status == 403
    assert cast.bob.api.post(OWN, {"displays": [shown]}).status == 403


def test_whoever_is_away_still_tells_and_whoever_is_discharged_stays_on_record(
    cast: Cast,
) -> None:
    state = f"/v1/patients/{cast.alice.id}/states"
    away = {"state": "hospitalised", "reason": "As the ward said.", "until": "2026-03-20T09:00:00Z"}
    assert cast.bob.api.post(state, away).status == 201
    assert outcomes(cast, pack()) == ["recorded"]
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge").status == 200
    refused = cast.alice.api.post(OWN, {"displays": [pack()]})
    assert refused.status == 401
    assert refused.json["crisis"]["emergency_numbers"]
    (kept,) = seen(cast)
    assert cast.bob.api.get("/v1/displays").json["items"] == [kept]


def test_of_whoever_was_erased_nothing_is_listed(cast: Cast, house: House) -> None:
    assert outcomes(cast, pack()) == ["recorded"]
    with house.work(OPERATOR.within(cast.clinic)) as work:
        patient = held(work, cast.clinic, cast.alice.id)
        assert patient is not None
        carry_out(work, patient, reason="patient-request")
    assert cast.bob.api.get("/v1/displays").json["items"] == []
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}/displays").status == 404


def test_what_came_in_one_batch_is_listed_by_when_it_was_shown(cast: Cast) -> None:
    hours = [f"2026-03-02T{hour:02}:00:00Z" for hour in (3, 1, 4, 2)]
    outcomes(cast, *(pack(shown_at=hour) for hour in hours))
    assert [each["shown_at"] for each in seen(cast)] == sorted(hours, reverse=True)
