"""An alert's way through its policy, over real HTTP and with a clock that only the test moves.

The cast's policy: `team` at once, `on-call` after 5 minutes, `on-call` again after 5 more.
"""

import pytest
from sqlalchemy import delete

from diary.access.permissions import Role
from diary.alerts.model import policies as policy_rows
from diary.callers import OPERATOR
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import Wait, disable, heard, set_policy
from tests.receiver import Received, Receiver


@pytest.fixture
def page(cast: Cast, receiver: Receiver, engine: Engine) -> Received:
    """The first page of a critical alert of Alice's."""
    assert cast.alice.check_in(si=4).status == 201
    engine.run_until_idle()
    return receiver.expect("alert.triggered", "team")


def test_step_one_is_paged_at_once_and_thinly(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    cast.alice.check_in(si=4, mood=1)
    wait(seconds=0)

    page = receiver.expect("alert.triggered", "team")
    assert page.verified
    assert page.data["patient"] == cast.alice.reference
    assert (page.data["severity"], page.data["generation"], page.data["step"]) == ("critical", 1, 1)
    assert not {"name", "answers", "suicidality", "si"} & set(page.data)
    receiver.expect_none(name="on-call")


def test_time_climbs_repeats_and_never_ends(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    wait(minutes=4, seconds=59)
    assert heard(receiver, "on-call") == []
    wait(seconds=1)
    wait(minutes=5)
    assert heard(receiver, "on-call") == ["escalated", "repeated"]
    wait(minutes=5)
    assert heard(receiver, "on-call") == ["escalated", "repeated", "exhausted"]
    assert heard(receiver, "team") == ["opened", "exhausted"]
    assert cast.bob.alert(page.data)["alert"]["exhausted"]

    receiver.clear()
    for _ in range(24):
        wait(minutes=5)
    assert heard(receiver, "on-call") == ["repeated"] * 24


def test_an_acknowledgement_stops_paging_and_everyone_told_hears_of_it(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    wait(minutes=5)
    receiver.clear()
    assert cast.bob.acknowledge(page.data).status == 200
    wait(minutes=14, seconds=59)

    assert heard(receiver, "team") == heard(receiver, "on-call") == ["alert.acknowledged"]


def test_an_acknowledgement_that_runs_out_pages_again_from_the_start(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    wait(minutes=5)
    cast.bob.acknowledge(page.data)
    wait(seconds=0)
    receiver.clear()
    wait(minutes=15)

    assert heard(receiver, "team") == heard(receiver, "on-call") == ["acknowledgement-expired"]
    again = cast.bob.alert(page.data)
    assert (again["alert"]["status"], again["alert"]["step"]) == ("triggered", 1)
    assert again["acknowledged_by"] is None
    wait(minutes=5)
    assert heard(receiver, "on-call")[1:] == ["escalated"]


def test_a_page_that_waits_is_not_sent_after_the_acknowledgement(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    receiver.behave("refuse", "on-call")
    wait(minutes=5)
    cast.bob.acknowledge(page.data)
    receiver.behave("ok", "on-call")
    wait(minutes=10)

    assert heard(receiver, "on-call") == ["alert.acknowledged"]


def test_a_worse_answer_reopens_what_was_acknowledged(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    wait(minutes=5)
    cast.bob.acknowledge(page.data)
    wait(seconds=0)
    receiver.clear()
    cast.alice.check_in(si=5)
    wait(seconds=0)

    assert heard(receiver, "team") == heard(receiver, "on-call") == ["worsened"]
    assert receiver.expect("alert.triggered", "team").data["generation"] == 2
    stale = cast.bob.acknowledge(page.data)
    assert (stale.status, stale.code) == (409, "situation-changed")
    assert cast.bob.acknowledge(receiver.expect("alert.triggered", "team").data).status == 200


@pytest.mark.parametrize("si", [1, 4])
def test_an_answer_that_is_no_worse_is_told_and_changes_nothing(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait, si: int
) -> None:
    before = cast.bob.alert(page.data)["alert"]
    cast.alice.check_in(si=si)
    wait(minutes=1)

    after = cast.bob.alert(page.data)
    assert after["alert"] == before | {"sequence": before["sequence"] + 1}
    assert len({each["source_id"] for each in after["findings"]}) == 2
    assert heard(receiver, "team") == ["opened", "alert.updated"]
    wait(minutes=4)
    assert heard(receiver, "on-call") == ["escalated"]


def test_a_calm_day_closes_nothing(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    cast.alice.check_in()
    wait(minutes=5)
    assert heard(receiver, "on-call") == ["escalated"]


def test_resolving_needs_what_was_last_seen(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    seen = page.data["sequence"]
    wait(minutes=5)
    stale = cast.bob.resolve(page.data, sequence=seen)
    assert (stale.status, stale.code) == (409, "situation-changed")

    assert cast.bob.resolve(page.data).status == 200
    wait(hours=8)
    assert heard(receiver, "team")[-1] == heard(receiver, "on-call")[-1] == "alert.resolved"
    assert cast.bob.resolve(page.data, sequence=seen).code == "alert-resolved"


@pytest.mark.parametrize("jump", [1, -1])
def test_a_finding_after_the_end_opens_an_alert_linked_to_the_last(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait, clock: SimulatedClock, jump: int
) -> None:
    """Also where the machine's clock was set back in between."""
    cast.bob.resolve(page.data)
    wait(hours=jump)
    receiver.clear()
    cast.alice.check_in(recorded_at=clock.now(), si=3)
    assert cast.alice.check_in(recorded_at=clock.now(), si=4).status == 201
    wait(seconds=0)

    new = cast.bob.alert(receiver.expect("alert.triggered", "team").data)["alert"]
    assert new["id"] != page.data["alert_id"] == new["previous_id"]
    assert (new["generation"], new["severity"], new["status"]) == (2, "critical", "triggered")


@pytest.mark.parametrize("joined", [False, True], ids=["noticed", "joined-before-noticed"])
@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_clock_that_is_set_back_makes_no_step_wait_longer(
    cast: Cast,
    receiver: Receiver,
    wait: Wait,
    clock: SimulatedClock,
    acknowledged: bool,
    joined: bool,
) -> None:
    clock.advance(hours=2)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    if acknowledged:
        cast.bob.acknowledge(receiver.expect("alert.triggered", "team").data)
    clock.advance(minutes=1)
    clock.advance(hours=-2)
    if joined:
        cast.alice.check_in(si=4)
    wait(seconds=0)
    receiver.clear()

    # A step waits 5 minutes, a critical alert that someone has 15: a minute of it had passed.
    wait(minutes=14 if acknowledged else 4, seconds=-1)
    assert heard(receiver, "on-call") == []
    wait(minutes=1, seconds=1)
    assert heard(receiver, "on-call" if not acknowledged else "team")


def test_two_people_one_wins_and_the_other_sees_who(
    cast: Cast, page: Received, receiver: Receiver
) -> None:
    assert cast.dana.acknowledge(page.data).status == 200
    late = cast.bob.acknowledge(page.data)
    assert (late.status, late.code) == (409, "alert-held")
    assert late.json["acknowledged_by"]["name"] == "Dana"


def test_escalating_by_hand_pages_the_next_step_now(
    cast: Cast, receiver: Receiver, page: Received, wait: Wait
) -> None:
    cast.bob.acknowledge(page.data)
    assert cast.bob.escalate(page.data).status == 200
    wait(seconds=0)
    assert heard(receiver, "on-call") == ["escalated"]
    assert cast.join("Heidi", Role.CLINICIAN).acknowledge(page.data).status == 200


def test_a_moderate_alert_climbs_alike_and_then_repeats_on_each_staffed_day(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    cast.alice.check_in(si=1)
    wait(seconds=0)
    page = receiver.expect("alert.triggered", "team")
    assert page.data["severity"] == "moderate"
    for _ in range(3):
        wait(minutes=5)
    assert heard(receiver, "on-call") == ["escalated", "repeated", "exhausted"]
    # Exhausted on Monday at 10:15; the clinic opens on Tuesday at 8:00.
    wait(hours=21, minutes=44)
    assert len(heard(receiver, "on-call")) == 3
    wait(minutes=1)
    assert heard(receiver, "on-call")[3:] == ["repeated"]

    cast.bob.acknowledge(page.data)
    wait(hours=23)
    receiver.clear()
    wait(hours=1)
    assert heard(receiver, "team") == ["acknowledgement-expired"]


def test_a_worse_finding_follows_the_policy_of_its_own_severity(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.on_call], 2, 1), applies_to="critical")
    cast.alice.check_in(si=3)
    wait(seconds=0)
    cast.alice.ask_for_help()
    wait(seconds=0)

    assert heard(receiver, "on-call") == ["worsened"]
    assert heard(receiver, "team") == ["opened", "worsened"]


def test_a_step_whose_endpoint_is_disabled_is_skipped_at_once(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    disable(house, cast, cast.team)
    cast.alice.check_in(si=4)
    wait(seconds=0)

    assert receiver.expect("alert.escalated", "on-call").data["step"] == 2
    receiver.expect_none(name="team")


def test_a_step_that_failed_twice_everywhere_gives_way_at_once(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.team], 60, 3), ([cast.on_call], 60, 1))
    receiver.behave("status", "team", code=503)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    receiver.expect_none(name="on-call")
    wait(seconds=1)

    assert heard(receiver, "on-call") == ["unreachable"]
    assert len(heard(receiver, "team")) == 2


def test_one_target_that_answers_is_enough_to_stay(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.team, cast.on_call], 60, 1))
    receiver.behave("refuse", "team")
    cast.alice.check_in(si=4)
    for _ in range(10):
        wait(seconds=30)

    assert heard(receiver, "on-call") == ["opened"]


def test_a_clinic_without_any_policy_still_pages_every_active_endpoint(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    with house.work(OPERATOR) as work:
        work.execute(delete(policy_rows))
    cast.alice.check_in(si=4)
    wait(seconds=0)
    assert heard(receiver, "team") == heard(receiver, "on-call") == ["opened"]
    receiver.expect_none(name="elsewhere")
    for _ in range(20):
        wait(minutes=5)
    assert heard(receiver, "team") == heard(receiver, "on-call") == ["opened"] + ["repeated"] * 20
