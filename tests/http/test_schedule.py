"""What a patient is asked when, and what becomes of it as life goes on."""

import pytest

from engine.loop import Engine
from tests.asked import DAILY, NEXT_DAY, WEEKLY, plan_infusion, publish, times, window, windows
from tests.cast import Cast
from tests.clock import SimulatedClock


@pytest.fixture(autouse=True)
def _followed(cast: Cast, engine: Engine) -> None:
    engine.run_until_idle()


def test_a_fortnight_is_known_at_once_in_the_patients_own_days(cast: Cast) -> None:
    days = windows(cast.alice)
    assert len(days) == 15
    assert (days[0]["slot"], days[0]["local_date"]) == ("daily@2026-03-02", "2026-03-02")
    assert times(days[0]) == ("2026-03-02T03:00:00Z", "2026-03-03T03:00:00Z")
    # The clocks of Madrid are set forward on the 29th: not within this fortnight.
    assert times(days[-1]) == ("2026-03-16T03:00:00Z", "2026-03-17T03:00:00Z")
    weeks = windows(cast.alice, "weekly-check-in")
    assert [each["slot"] for each in weeks] == ["weekly@2026-W10", "weekly@2026-W11"]
    assert weeks[0]["local_date"] == "2026-03-08", "a Sunday"


def test_the_first_check_in_answers_and_the_others_are_welcome(
    cast: Cast, clock: SimulatedClock
) -> None:
    first = cast.alice.check_in()
    assert cast.alice.check_in(mood=3).status == 201
    today = window(cast.alice, "daily@2026-03-02")
    assert (today["state"], today["check_in_id"]) == ("answered", first.json["id"])
    assert (today["answered_at"], today["late"]) == ("2026-03-02T09:00:00Z", False)
    assert cast.alice.check_in(si=4).json["care_team_told"]


def test_the_same_check_in_again_answers_nothing_more(cast: Cast) -> None:
    body = cast.alice.check_in_body()
    url = "/v1/check-ins/00000000-0000-4000-8000-000000000001"
    assert cast.alice.api.put(url, body).status == 201
    before = cast.alice.api.get("/v1/me/schedule").json["windows"]
    assert cast.alice.api.put(url, body).status == 200
    assert cast.alice.api.get("/v1/me/schedule").json["windows"] == before


def test_what_was_recorded_in_time_and_sent_late_answers_what_was_missed(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    recorded_at = clock.now()
    clock.advance(days=1)
    assert window(cast.alice, "daily@2026-03-02")["state"] == "missed", "without any sweep"
    engine.run_until_idle()
    assert window(cast.alice, "daily@2026-03-02")["state"] == "missed"
    assert cast.alice.check_in(recorded_at=recorded_at).status == 201
    found = window(cast.alice, "daily@2026-03-02")
    assert (found["state"], found["late"]) == ("answered", True)
    assert window(cast.alice, "daily@2026-03-03")["state"] == "pending"


def test_on_the_day_of_an_infusion_it_opens_four_hours_after_the_end(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    infusion = plan_infusion(cast, "2026-03-04T09:00:00Z")
    engine.run_until_idle()
    # As planned it takes two hours.
    assert times(window(cast.alice, "daily@2026-03-04"))[0] == "2026-03-04T15:00:00Z"
    assert window(cast.alice, "daily@2026-03-05")["after_effects"] is True
    clock.advance(days=2, hours=1)
    started = {"started_at": "2026-03-04T09:30:00Z", "confirm": ["course"]}
    assert cast.bob.api.post(f"{infusion}/start", started).status == 200
    ended = {"ended_at": "2026-03-04T10:00:00Z"}
    assert cast.bob.api.post(f"{infusion}/end", ended).status == 200
    engine.run_until_idle()
    assert times(window(cast.alice, "daily@2026-03-04"))[0] == "2026-03-04T14:00:00Z"
    after = [each["slot"] for each in windows(cast.alice) if each["after_effects"]]
    assert after == ["daily@2026-03-04", "daily@2026-03-05", "daily@2026-03-06"]


def test_what_is_asked_after_an_infusion_goes_when_it_is_cancelled(
    cast: Cast, engine: Engine
) -> None:
    assert publish(cast.dana, DAILY, NEXT_DAY).status == 201
    infusion = plan_infusion(cast, "2026-03-04T09:00:00Z")
    engine.run_until_idle()
    (asked,) = windows(cast.alice, "weekly-check-in")
    assert asked["infusion_id"] == infusion.rsplit("/", 1)[1]
    assert times(asked) == ("2026-03-05T11:00:00Z", "2026-03-05T23:00:00Z")
    assert cast.bob.api.post(f"{infusion}/cancel", {"reason": "unwell"}).status == 200
    engine.run_until_idle()
    assert windows(cast.alice, "weekly-check-in") == []


def test_a_move_to_another_zone_takes_along_what_is_ahead_and_not_what_was_answered(
    cast: Cast, engine: Engine
) -> None:
    cast.alice.check_in()
    before = window(cast.alice, "daily@2026-03-02")
    answer = cast.alice.api.put("/v1/me/time-zone", {"time_zone": "America/New_York"})
    assert (answer.status, answer.json) == (200, {"time_zone": "America/New_York"})
    engine.run_until_idle()
    assert window(cast.alice, "daily@2026-03-02") == before
    assert times(window(cast.alice, "daily@2026-03-03"))[0] == "2026-03-03T09:00:00Z"
    # Over there the clocks are set forward on the 8th.
    assert times(window(cast.alice, "daily@2026-03-07")) == (
        "2026-03-07T09:00:00Z",
        "2026-03-08T08:00:00Z",
    )
    back = cast.bob.api.put(
        f"/v1/patients/{cast.alice.id}/time-zone", {"time_zone": "Europe/Madrid"}
    )
    assert back.status == 200
    engine.run_until_idle()
    assert times(window(cast.alice, "daily@2026-03-03"))[0] == "2026-03-03T03:00:00Z"


def test_a_zone_that_does_not_exist_is_refused_and_nothing_moves(cast: Cast) -> None:
    answer = cast.alice.api.put("/v1/me/time-zone", {"time_zone": "Europe/Atlantis"})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/time_zone")
    assert "Atlantis" not in str(answer.json)
    assert cast.alice.api.get("/v1/me").json["time_zone"] == "Europe/Madrid"


def test_whoever_is_away_is_asked_for_nothing_and_is_again_when_back(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    away = {"state": "paused", "reason": "A week at the sea.", "until": "2026-03-09T09:00:00Z"}
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", away).status == 201
    engine.run_until_idle()
    assert windows(cast.alice) == []
    # What is sent is kept and judged all the same.
    assert cast.alice.check_in(si=3).json["care_team_told"]
    clock.advance(days=7)
    engine.run_until_idle()
    assert windows(cast.alice)[0]["slot"] == "daily@2026-03-09"
    missed = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/schedule", state="missed").json
    assert missed["items"] == []


def test_every_day_brings_one_day_more_however_long_the_engine_was_away(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    clock.advance(days=3)
    engine.run_until_idle()
    assert windows(cast.alice)[-1]["slot"] == "daily@2026-03-19"
    clock.advance(days=40)
    engine.run_until_idle()
    slots = [each["slot"] for each in windows(cast.alice)]
    # Nobody can be asked what nobody was told to ask: what was never made is not missed.
    assert slots[0] == "daily@2026-04-14"
    assert slots[-1] == "daily@2026-04-28"


def test_the_care_team_sees_what_was_answered_and_what_was_not(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    cast.alice.check_in()
    clock.advance(days=2)
    engine.run_until_idle()
    path = f"/v1/patients/{cast.alice.id}/schedule"

    def slots(state: str) -> list[str]:
        shown = cast.bob.api.get(path, state=state, limit=100).json["items"]
        return [each["slot"] for each in shown if each["slot"].startswith("daily")]

    assert slots("answered") == ["daily@2026-03-02"]
    assert slots("missed") == ["daily@2026-03-03"]
    assert slots("pending")[-1] == "daily@2026-03-04"
    assert cast.charlie.api.get(path).status == 404


def test_an_answer_while_the_plan_changes_is_kept_where_it_is(cast: Cast, engine: Engine) -> None:
    cast.alice.check_in()
    before = window(cast.alice, "daily@2026-03-02")
    evening = DAILY | {"opens": "18:00", "closes": "23:00"}
    assert publish(cast.dana, evening, WEEKLY).status == 201
    engine.run_until_idle()
    assert window(cast.alice, "daily@2026-03-02") == before
    assert times(window(cast.alice, "daily@2026-03-03")) == (
        "2026-03-03T17:00:00Z",
        "2026-03-03T22:00:00Z",
    )


def test_what_was_told_before_its_window_was_made_is_not_asked_again(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    clock.advance(days=20)
    told = cast.alice.check_in()
    clock.advance(minutes=1)
    assert cast.alice.check_in(mood=1).status == 201
    engine.run_until_idle()
    assert window(cast.alice, "daily@2026-03-22")["check_in_id"] == told.json["id"]
