"""What the installation tells whoever watches it: its health, its figures, and no one's secrets."""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import update

from api.app import create_app
from diary.callers import Caller, CallerKind
from diary.watch import canary, engines, marks
from diary.watch.verdict import Code
from diary.webhooks import queue
from diary.webhooks.model import endpoints
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast
from tests.client import Api
from tests.clock import START, SimulatedClock
from tests.engine.steps import set_policy
from tests.receiver import Receiver
from tests.unit.test_documents import document

ENGINE = Caller(CallerKind.ENGINE)
TOKEN = "sixteen letters or more"
Beat = Callable[..., None]


@pytest.fixture
def beat(house: House, clock: SimulatedClock) -> Beat:
    """An engine that says it works, and a canary that arrives, `seconds` from now."""

    def beat(*, seconds: float = 0, listening: bool | None = None, arrived: bool = True) -> None:
        clock.advance(seconds=seconds)
        with house.work(ENGINE) as work:
            engines.beat(
                work, UUID(int=1), started_at=START, standby=False, listening=listening, figures={}
            )
            if arrived:
                marks.put(work, canary.ARRIVED)

    return beat


def codes(api: Api) -> list[str]:
    """Why the escalation cannot be relied on; none where it can."""
    answer = api.get("/health/escalation")
    if answer.status == 200:
        assert answer.json["status"] == "ok"
        return []
    assert (answer.status, answer.code) == (503, "escalation-unreliable")
    for reason in answer.json["reasons"]:
        assert reason["text"].endswith(".")
    return [reason["code"] for reason in answer.json["reasons"]]


def test_all_is_well_while_an_engine_works(api: Api, beat: Beat) -> None:
    beat()
    assert codes(api) == []


def test_no_engine_is_alive(api: Api, beat: Beat, clock: SimulatedClock) -> None:
    assert codes(api) == ["no-engine"]
    beat()
    clock.advance(seconds=5)
    assert codes(api) == ["no-engine"]


def test_a_step_is_late(cast: Cast, api: Api, beat: Beat) -> None:
    cast.alice.check_in(si=4)
    # Five minutes after the first step, whose page did not leave either.
    beat(seconds=304)
    assert codes(api) == ["page-overdue"]
    beat(seconds=2)
    assert codes(api) == ["action-overdue", "page-overdue"]


def test_a_page_is_late(cast: Cast, api: Api, beat: Beat, house: House) -> None:
    cast.alice.check_in(si=4)
    beat(seconds=5)
    assert codes(api) == []
    beat(seconds=1)
    assert codes(api) == ["page-overdue"]
    with house.work(ENGINE) as work:
        assert queue.claim(work, cast.clinic, cast.team.id)
    assert codes(api) == [], "it is being sent"
    beat(seconds=21)
    assert codes(api) == ["page-overdue"], "its engine is gone, and nobody took it over"


def test_a_silence_is_not_looked_at(cast: Cast, api: Api, beat: Beat, engine: Engine) -> None:
    cast.alice.check_in(si=2)
    cast.bob.resolve(cast.bob.alerts()[0])
    beat(seconds=36 * 3600 + 5)
    assert "silence-overdue" not in codes(api)
    beat(seconds=1)
    assert "silence-overdue" in codes(api)
    engine.run_until_idle()
    assert "silence-overdue" not in codes(api)


def test_an_endpoint_that_is_blocked_for_its_own_failures_is_not_our_delay(
    cast: Cast, api: Api, beat: Beat, house: House, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    beat(seconds=30)
    with house.work(ENGINE) as work:
        blocked = update(endpoints).where(endpoints.c.id == cast.team.id)
        work.execute(blocked.values(blocked_until=clock.now()))
    assert codes(api) == []
    beat(seconds=6)
    assert codes(api) == ["page-overdue"]


def test_an_engine_that_does_not_hear_of_commits(api: Api, beat: Beat) -> None:
    beat(listening=True)
    assert codes(api) == []
    beat(listening=False)
    assert codes(api) == ["listener-dead"]


def test_nobody_answers_although_the_policy_is_used_up(
    cast: Cast, receiver: Receiver, api: Api, beat: Beat, engine: Engine, house: House
) -> None:
    set_policy(house, cast, ([cast.team], 5, 1))
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    beat(seconds=300)
    engine.run_until_idle()
    assert codes(api) == ["alert-exhausted"]
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    assert codes(api) == []


def test_no_canary_arrived_for_three_minutes(api: Api, beat: Beat) -> None:
    beat()
    beat(seconds=180, arrived=False)
    assert codes(api) == []
    beat(seconds=1, arrived=False)
    assert codes(api) == ["canary-stale"]
    beat()
    assert codes(api) == []


def test_no_canary_ever_arrived(api: Api, beat: Beat) -> None:
    """An engine that has run for so long should have seen to one."""
    beat(seconds=180, arrived=False)
    assert codes(api) == []
    beat(seconds=1, arrived=False)
    assert codes(api) == ["canary-stale"]


def test_a_watchdog_that_takes_nothing_is_a_warning(house: House, beat: Beat) -> None:
    url = SecretStr("https://watchdog.example/token")
    watched = replace(house, settings=house.settings.model_copy(update={"heartbeat_url": url}))
    beat(seconds=181)
    answer = Api(create_app(watched)).get("/health/escalation")
    assert answer.status == 200
    assert [each["code"] for each in answer.json["warnings"]] == ["heartbeat-failing"]


def test_the_whole_engine_makes_it_well(
    api: Api, engine: Engine, clock: SimulatedClock, cast: Cast, receiver: Receiver
) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle(watching=True)
    clock.advance(minutes=4)
    engine.run_until_idle(watching=True)
    assert codes(api) == []


@pytest.mark.parametrize("code", Code)
def test_every_reason_is_documented(code: Code) -> None:
    assert re.search(rf"^\| `{code}` \|", document("operations.md"), re.MULTILINE)


# --- /metrics ------------------------------------------------------------------------------------


@pytest.fixture
def scrape(house: House) -> Callable[[], dict[str, float]]:
    """The samples by name and labels, without the engine's id."""
    settings = house.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    client = create_app(replace(house, settings=settings)).test_client()

    def scrape() -> dict[str, float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=0.0.4")
        found = {}
        for family in text_string_to_metric_families(answer.text):
            assert family.documentation
            for sample in family.samples:
                labels = {k: v for k, v in sorted(sample.labels.items()) if k != "engine"}
                shown = ",".join(f"{name}={value}" for name, value in labels.items())
                found[sample.name.removeprefix("interlude_") + f"{{{shown}}}"] = sample.value
        return found

    return scrape


def test_without_the_operators_token_there_are_no_metrics(
    house: House, cast: Cast, scrape: Callable[[], dict[str, float]]
) -> None:
    assert create_app(house).test_client().get("/metrics").status_code == 404
    settings = house.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    client = create_app(replace(house, settings=settings)).test_client()
    for given in (None, "Bearer wrong", f"Basic {TOKEN}", f"Bearer {cast.erin.token}", "Bearer é"):
        answer = client.get("/metrics", headers={"Authorization": given} if given else {})
        assert answer.status_code == 401
        assert b"interlude_" not in answer.data


def test_the_figures_are_of_the_installation_and_name_nobody(
    house: House,
    cast: Cast,
    receiver: Receiver,
    engine: Engine,
    clock: SimulatedClock,
    scrape: Callable[[], dict[str, float]],
) -> None:
    engine.run_until_idle(watching=True)
    cast.alice.check_in(si=4)
    cast.frank.check_in(si=3)
    clock.advance(seconds=20)
    before = scrape()
    assert before["deliveries{state=pending}"] == 2
    assert before["oldest_page_age_seconds{}"] == 20
    assert before["pages_overdue{}"] == 2
    assert before["alerts_open{severity=critical,status=triggered}"] == 1
    assert "canary_age_seconds{}" not in before

    engine.run_until_idle(watching=True)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    clock.advance(seconds=70)
    engine.run_until_idle(watching=True)
    clock.advance(seconds=4)
    engine.run_until_idle(watching=True)
    after = scrape()
    assert after["engines_alive{}"] == 1
    assert after["pages_overdue{}"] == 0
    assert after["oldest_page_age_seconds{}"] == 0
    assert after["canary_age_seconds{}"] == 4
    assert after["alerts_open{severity=critical,status=acknowledged}"] == 1
    assert after["page_first_attempt_seconds_count{}"] == 2
    assert after["page_first_attempt_seconds_sum{}"] == 40
    assert after["page_first_attempt_seconds_bucket{le=10}"] == 0
    assert after["page_first_attempt_seconds_bucket{le=30}"] == 2
    assert after["attempt_seconds_count{}"] >= 2
    assert after["lease_steals_total{}"] == 0
    assert after["stale_writes_total{}"] == 0
    assert after["acknowledged_after_seconds_bucket{le=10}"] == 0
    assert after["acknowledged_after_seconds_bucket{le=30}"] == 1
    shown = " ".join(after)
    assert str(cast.clinic) not in shown
    assert str(cast.alice.id) not in shown


def test_stolen_leases_and_late_results_are_counted(
    house: House,
    cast: Cast,
    receiver: Receiver,
    clock: SimulatedClock,
    engine: Engine,
    scrape: Callable[[], dict[str, float]],
) -> None:
    cast.alice.check_in(si=4)
    with house.work(ENGINE) as work:
        assert queue.claim(work, cast.clinic, cast.team.id)
    clock.advance(seconds=20)
    engine.run_until_idle()
    clock.advance(seconds=2)
    engine.run_until_idle()
    assert scrape()["lease_steals_total{}"] == 1
