"""What becomes of an endpoint that fails, that is gone, or whose secret is replaced."""

from typing import Any

from sqlalchemy import select

from diary.callers import OPERATOR, Caller, CallerKind
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.publish import publish
from diary.work import House
from tests.asked import ask_nothing
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import Wait, heard, set_policy
from tests.receiver import Receiver

ENGINE = Caller(CallerKind.ENGINE)
PATH = "/v1/webhook-endpoints"


def owe_events(house: House, cast: Cast, how_many: int) -> None:
    """Messages that belong to no alert, to `team`."""
    with house.work(ENGINE.within(cast.clinic)) as work:
        for _ in range(how_many):
            publish(work, clinic_id=cast.clinic, type="ping", data={}, endpoint_ids=[cast.team.id])


def team(house: House, cast: Cast) -> Any:
    with house.work(OPERATOR, write=False) as work:
        return work.row(select(endpoints).where(endpoints.c.id == cast.team.id))


def states(house: House, cast: Cast) -> list[str]:
    """Of what `team` was owed, in the order it was owed."""
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(
            select(deliveries.c.state)
            .where(deliveries.c.endpoint_id == cast.team.id)
            .order_by(deliveries.c.id)
        )
    return [row.state for row in rows]


# --- the breaker ---------------------------------------------------------------------------------


def test_an_endpoint_that_keeps_failing_is_probed_with_one_event_at_a_time(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    ask_nothing(house, cast)
    receiver.behave("status", "team", code=500)
    owe_events(house, cast, 20)
    wait(seconds=0)
    # Four were on their way when the fifth failure came.
    first = len(receiver.received("team"))
    assert first <= 8
    assert team(house, cast).failures == first

    for _ in range(8):
        before, spared = len(receiver.received("team")), team(house, cast).blocked_until
        assert 0 < (spared - clock.now()).total_seconds() <= 60
        wait(seconds=(spared - clock.now()).total_seconds() - 0.1)
        assert len(receiver.received("team")) == before
        wait(seconds=0.1)
        assert len(receiver.received("team")) == before + 1

    receiver.behave("ok", "team")
    wait(seconds=60)
    assert (team(house, cast).failures, team(house, cast).blocked_until) == (0, None)
    wait(days=3)
    assert states(house, cast) == ["delivered"] * 20


def test_a_page_is_sent_at_once_and_climbs_at_once_whatever_failed_before(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    receiver.behave("status", "team", code=500)
    owe_events(house, cast, 20)
    wait(seconds=0)
    assert team(house, cast).blocked_until

    cast.alice.check_in(si=4)
    wait(seconds=0)
    assert heard(receiver, "team")[-1] == "opened"
    wait(seconds=1)
    assert heard(receiver, "on-call") == ["unreachable"]
    assert cast.erin.api.get(f"{PATH}/{cast.team.id}").json["state"] == "active"


def test_a_page_that_arrives_opens_the_way_for_everything(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    receiver.behave("status", "team", code=500)
    owe_events(house, cast, 6)
    wait(seconds=0)
    receiver.behave("ok", "team")
    cast.alice.check_in(si=4)
    wait(seconds=0)
    shown = cast.erin.api.get(f"{PATH}/{cast.team.id}").json
    assert (shown["failures"], shown["blocked_until"]) == (0, None)
    wait(seconds=6)
    assert states(house, cast) == ["delivered"] * 7


def test_a_clock_that_is_set_back_postpones_no_page(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.team], 600, 1))
    receiver.behave("status", "team", code=500)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    clock.advance(hours=-3)
    wait(seconds=0)
    first, *later = [each.id for each in receiver.received("team")]
    assert first in later


# --- gone ----------------------------------------------------------------------------------------


def test_an_endpoint_that_is_gone_is_paged_no_more_and_its_alerts_climb_at_once(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    receiver.behave("status", "team", code=410)
    heidi = cast.enrol("Heidi")
    cast.alice.check_in(si=4)
    heidi.check_in(si=4)
    wait(seconds=0)

    assert sorted(heard(receiver, "on-call")) == ["endpoint.gone", "unreachable", "unreachable"]
    told = receiver.expect("endpoint.gone", "on-call")
    assert told.verified
    assert told.data == {
        "endpoint_id": str(cast.team.id),
        "link": f"https://diary.example{PATH}/{cast.team.id}",
    }
    assert set(states(house, cast)) == {"cancelled"}
    assert cast.erin.api.get(f"{PATH}/{cast.team.id}").json["state"] == "gone"
    assert receiver.received("elsewhere") == [], "another clinic's business"
    before = len(receiver.received("team"))
    wait(minutes=30)
    assert len(receiver.received("team")) == before

    ready = cast.erin.api.get("/v1/clinic/readiness").json
    assert ready == {"ready": True, "missing": [], "gone": [str(cast.team.id)]}


def test_an_endpoint_that_is_gone_comes_back_when_it_is_activated(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    receiver.behave("status", "team", code=410, times=1)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    assert cast.erin.api.post(f"{PATH}/{cast.team.id}/ping").code == "endpoint-inactive"

    shown = cast.erin.api.post(f"{PATH}/{cast.team.id}/activate")
    assert (shown.status, shown.json["state"]) == (200, "active")
    assert cast.erin.api.get("/v1/clinic/readiness").json["gone"] == []
    cast.enrol("Heidi").check_in(si=4)
    wait(seconds=0)
    assert heard(receiver, "team")[-1] == "opened"


# --- secrets -------------------------------------------------------------------------------------


def test_both_secrets_sign_while_they_overlap(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    old = cast.team.secret
    answer = cast.erin.api.post(f"{PATH}/{cast.team.id}/rotate-secret", {"overlap_hours": 2})
    assert answer.status == 200
    new = answer.json["secret"]
    assert new != old

    def verified_with(secret: str) -> bool:
        receiver.endpoint("team").trust(secret)
        cast.erin.api.post(f"{PATH}/{cast.team.id}/ping")
        wait(seconds=0)
        return receiver.received("team")[-1].verified

    assert verified_with(new)
    assert verified_with(old)
    assert len(receiver.received("team")[-1].headers["webhook-signature"].split()) == 2
    wait(hours=2)
    assert verified_with(new)
    assert not verified_with(old)
    assert len(receiver.received("team")[-1].headers["webhook-signature"].split()) == 1


def test_a_secret_that_leaked_ends_at_once(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    cast.erin.api.post(f"{PATH}/{cast.team.id}/rotate-secret", {"overlap_hours": 0})
    cast.erin.api.post(f"{PATH}/{cast.team.id}/ping")
    wait(seconds=0)
    assert not receiver.expect("ping", "team").verified
