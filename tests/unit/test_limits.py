"""Requests are counted, and what may carry a risk goes through on a reserve of its own."""

import pickle
from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from api.limits import Buckets, Limits, Quota, Rate, RateLimited, address
from diary.access.permissions import Scope
from diary.access.tokens import Claims
from tests.clock import START, SimulatedClock

APP = Flask("limits")
TEN = Quota("ten", 10)
SECOND = 1_000_000
CLINIC = UUID(int=7)
PEOPLE = {"a phone": Scope.ME_READ, "another": Scope.ME_READ, "a member": Scope.ALERTS_WRITE}


# Alerts of the clinic; the third is not.
ALERTS = [UUID(int=number) for number in range(3)]


def limits_of(factor: float = 1.0, **memory: Buckets) -> Limits:
    return Limits(factor, lambda clinic, alert: clinic == CLINIC and alert in ALERTS[:2], **memory)


def claims(who: str) -> Claims:
    number = list(PEOPLE).index(who)
    return Claims(CLINIC, UUID(int=number), "ES", frozenset({PEOPLE[who]}), 0)


def admitted(
    limits: Limits,
    clock: SimulatedClock,
    rate: Rate,
    who: str | None = None,
    alert_id: UUID | None = None,
    secret: str | None = None,
    place: str = "192.0.2.7",
) -> bool:
    with APP.test_request_context("/", environ_base={"REMOTE_ADDR": place}):
        try:
            limits.admit(
                clock.now(),
                rate,
                claims(who) if who else None,
                purpose="an answer",
                alert_id=alert_id,
                secret=secret,
            )
        except RateLimited:
            return False
        return True


# --- buckets -------------------------------------------------------------------------------------


def test_a_bucket_gives_what_it_holds_and_fills_one_by_one() -> None:
    buckets = Buckets()
    left = [buckets.take(0, [(TEN, "a")])[0].left for _ in range(10)]
    assert left == list(range(9, -1, -1))
    (refused,) = buckets.take(0, [(TEN, "a")])
    assert (refused.left, refused.wait, refused.full_in) == (0, 6 * SECOND, 60 * SECOND)
    assert buckets.take(6 * SECOND - 1, [(TEN, "a")])[0].wait == 1
    assert buckets.take(6 * SECOND, [(TEN, "a")])[0].wait == 0
    assert buckets.take(6 * SECOND, [(TEN, "a")])[0].wait == 6 * SECOND
    assert buckets.take(6 * SECOND, [(TEN, "b")])[0].left == 9


def test_nothing_is_taken_where_one_bucket_is_empty() -> None:
    buckets = Buckets()
    for _ in range(10):
        buckets.take(0, [(TEN, "a")])
    for _ in range(20):
        assert any(level.wait for level in buckets.take(0, [(TEN, "a"), (TEN, "b")]))
    assert buckets.take(0, [(TEN, "b")])[0].left == 9


def test_a_clock_that_is_set_back_keeps_nobody_out() -> None:
    buckets = Buckets()
    for _ in range(11):
        buckets.take(3_600 * SECOND, [(TEN, "a")])
    assert buckets.take(0, [(TEN, "a")])[0].left == 9


def test_many_addresses_need_no_more_memory_than_some() -> None:
    buckets = Buckets(most=100)
    for _ in range(10):
        buckets.take(0, [(TEN, "busy")])
    for number in range(10_000):
        buckets.take(0, [(TEN, number)])
        assert buckets.take(0, [(TEN, "busy")])[0].wait
        assert len(buckets) <= 100


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), max_size=40))
def test_what_comes_more_slowly_than_its_quota_is_never_refused(
    requests: list[tuple[int, int]],
) -> None:
    """And never more than the quota and what came back meanwhile is taken."""
    buckets, now = Buckets(), 0
    came: dict[int, list[int]] = defaultdict(list)
    taken: dict[int, list[int]] = defaultdict(list)
    for seconds, who in requests:
        now += seconds * SECOND
        came[who].append(now)
        (level,) = buckets.take(now, [(TEN, who)])
        if not level.wait:
            taken[who].append(now)
        lately = [at for at in came[who] if at > now - 60 * SECOND]
        assert not level.wait or len(lately) > 10
        for since in taken[who]:
            number = sum(at >= since for at in taken[who])
            assert number <= 10 + (now - since) // (6 * SECOND)


# --- the reserve ---------------------------------------------------------------------------------

WHO = st.one_of(
    st.tuples(st.sampled_from(list(PEOPLE)), st.sampled_from([None, *ALERTS]), st.none()),
    st.tuples(st.none(), st.none(), st.sampled_from([None, "a link", "another link"])),
)
ACTS = st.tuples(
    st.sampled_from([0, 0, 0, 0.1, 1, 7]),
    WHO,
    st.sampled_from(list(Rate)),
    st.sampled_from([1, 2, 12, 130]),
)


Someone = tuple[str | None, UUID | None, str | None]


@settings(max_examples=30, deadline=None)
@given(st.lists(ACTS, max_size=15), st.sampled_from([0.0001, 0.05, 1.0]))
def test_no_flood_uses_up_the_reserve(
    acts: list[tuple[float, Someone, Rate, int]], factor: float
) -> None:
    limits, clock = limits_of(factor), SimulatedClock()
    urgent: dict[Someone, list[datetime]] = defaultdict(list)
    for seconds, someone, rate, times in acts:
        clock.advance(seconds=seconds)
        who, alert, secret = someone
        for _ in range(times):
            passed = admitted(limits, clock, rate, who, alert, secret)
            known = (who and alert != ALERTS[2]) or secret
            if rate is Rate.URGENT and known:
                mine = urgent[someone]
                mine.append(clock.now())
                lately = [at for at in mine if at > clock.now() - timedelta(minutes=1)]
                assert passed or len(lately) > 10


def flood(limits: Limits, clock: SimulatedClock, number: int) -> int:
    """How many alerts that are none a member's session gets answered about."""
    return sum(admitted(limits, clock, Rate.URGENT, "a member", uuid4()) for _ in range(number))


def test_alerts_that_are_made_up_are_bounded_and_keep_no_genuine_one_waiting() -> None:
    limits, clock = limits_of(0.0001), SimulatedClock()
    assert flood(limits, clock, 500) == 1 + 120
    for alert in ALERTS[:2]:
        passed = [admitted(limits, clock, Rate.URGENT, "a member", alert) for _ in range(12)]
        assert passed == [True] * 10 + [False] * 2
    assert not admitted(limits, clock, Rate.URGENT, "a member", ALERTS[2])
    assert admitted(limits, clock, Rate.URGENT, "a member")


def test_nobody_has_no_reserve() -> None:
    limits, clock = limits_of(0.0001), SimulatedClock()
    assert [admitted(limits, clock, Rate.URGENT) for _ in range(3)] == [True, False, False]
    assert admitted(limits, clock, Rate.URGENT, secret="a link")


def test_secrets_that_are_made_up_cost_little_and_push_nothing_else_out() -> None:
    buckets, made_up = Buckets(most=100), Buckets(most=20)
    limits, clock = limits_of(0.0001, buckets=buckets, made_up=made_up), SimulatedClock()
    for _ in range(11):
        admitted(limits, clock, Rate.URGENT, "a phone")
    before = len(buckets)
    for number in range(50):
        assert admitted(limits, clock, Rate.URGENT, secret=f"{number:04000}")
    assert (len(buckets), len(made_up)) == (before, 20)
    assert len(pickle.dumps(made_up._full_at)) < 2_000
    assert not admitted(limits, clock, Rate.URGENT, "a phone")


def test_a_phone_that_comes_back_uses_its_quota_first_and_then_its_reserve() -> None:
    limits, clock = limits_of(), SimulatedClock(START)
    passed = [admitted(limits, clock, Rate.URGENT, "a phone") for _ in range(140)]
    assert passed == [True] * 130 + [False] * 10
    clock.advance(seconds=1)
    assert admitted(limits, clock, Rate.ORDINARY, "a phone")


def test_without_a_factor_nothing_is_counted() -> None:
    limits, clock = limits_of(0), SimulatedClock()
    assert all(admitted(limits, clock, Rate.ORDINARY, "a phone") for _ in range(500))


def test_the_health_of_the_process_is_always_told() -> None:
    limits, clock = limits_of(0.0001), SimulatedClock()
    assert all(admitted(limits, clock, Rate.FREE) for _ in range(50))


# --- where a request comes from ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:5678", "192.0.2.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_a_port_is_no_part_of_an_address(seen: str, found: str) -> None:
    with APP.test_request_context("/", environ_base={"REMOTE_ADDR": seen}):
        assert address() == found


def test_one_network_of_ipv6_is_one_address() -> None:
    limits, clock = limits_of(0.0001), SimulatedClock()
    places = ["[2001:db8::1]:443", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.7:1", "192.0.2.7:2"]
    passed = [admitted(limits, clock, Rate.ORDINARY, place=place) for place in places]
    assert passed == [True, False, True, True, False]
