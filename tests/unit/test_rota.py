"""Who is on call: shifts on a wall clock through both changes of the clocks, and overrides."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.crisis.hours import Period
from diary.oncall.rota import Override, Rota, Shift
from diary.oncall.week import union

BOB, DANA, HEIDI = (UUID(int=n) for n in (1, 2, 3))
NAMES = {BOB: "Bob", DANA: "Dana", HEIDI: "Heidi"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def shift(weekday: int, opens: str, closes: str, *staff: UUID) -> Shift:
    return Shift(Period(weekday, opens, closes), frozenset(staff or (BOB,)))


def override(starts: str, ends: str, *staff: UUID) -> Override:
    return Override(UUID(int=9), at(starts), at(ends), frozenset(staff))


def at(moment: str) -> datetime:
    """With its offset, or in UTC."""
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def who(rota: Rota, moment: str) -> list[str]:
    return sorted(NAMES[person] for person in rota.on_call(at(moment)).staff)


# --- changes of the clocks ----------------------------------------------------------------------

# Per zone: the Sunday on which the clock goes forward, that on which it goes back, and the offsets
# before and after each.
CHANGES = {
    "Europe/Madrid": ("2026-03-29", "+01:00", "+02:00", "2026-10-25", "+02:00", "+01:00"),
    "America/New_York": ("2026-03-08", "-05:00", "-04:00", "2026-11-01", "-04:00", "-05:00"),
    "Australia/Sydney": ("2026-10-04", "+10:00", "+11:00", "2026-04-05", "+11:00", "+10:00"),
    "Australia/Lord_Howe": ("2026-10-04", "+10:30", "+11:00", "2026-04-05", "+11:00", "+10:30"),
}
# The night from Saturday to Sunday in two shifts, and Sunday's day.
NIGHT = (
    shift(6, "20:00", "04:00", BOB),
    shift(7, "04:00", "12:00", DANA),
    shift(7, "12:00", "24:00", HEIDI),
)


@pytest.mark.parametrize("zone", CHANGES)
def test_shifts_keep_to_the_wall_clock_when_it_goes_forward(zone: str) -> None:
    sunday, before, after, *_ = CHANGES[zone]
    rota = Rota(zone, NIGHT)
    saturday = str((at(sunday) - DAY).date())
    monday = str((at(sunday) + DAY).date())

    assert who(rota, f"{saturday}T19:59:59{before}") == []
    assert who(rota, f"{saturday}T20:00{before}") == ["Bob"]
    assert who(rota, f"{sunday}T03:59:59{after}") == ["Bob"]
    assert who(rota, f"{sunday}T04:00{after}") == ["Dana"]
    assert who(rota, f"{sunday}T12:00{after}") == ["Heidi"]
    assert who(rota, f"{monday}T00:00{after}") == []
    skipped = _offset(after) - _offset(before)
    begun = at(f"{saturday}T20:00{before}")
    assert rota.on_call(begun).until == begun + 8 * HOUR - skipped


@pytest.mark.parametrize("zone", CHANGES)
def test_shifts_keep_to_the_wall_clock_when_it_goes_back(zone: str) -> None:
    *_, sunday, before, after = CHANGES[zone]
    rota = Rota(zone, NIGHT)
    saturday = str((at(sunday) - DAY).date())

    assert who(rota, f"{saturday}T20:00{before}") == ["Bob"]
    # The hour that comes twice is Bob's both times.
    repeated = at(f"{sunday}T02:30{before}")
    assert who(rota, repeated.isoformat()) == ["Bob"]
    assert who(rota, (repeated + HOUR).isoformat()) == ["Bob"]
    assert who(rota, f"{sunday}T03:59:59{after}") == ["Bob"]
    assert who(rota, f"{sunday}T04:00{after}") == ["Dana"]
    assert who(rota, f"{sunday}T23:59:59{after}") == ["Heidi"]
    begun = at(f"{saturday}T20:00{before}")
    assert rota.on_call(begun).until == begun + 8 * HOUR + (_offset(before) - _offset(after))


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("change", [0, 3], ids=["spring", "autumn"])
@pytest.mark.parametrize("handover", ["01:30", "02:00", "02:15", "02:30", "02:45", "03:00"])
def test_a_handover_in_the_changing_hour_leaves_nobody_out(
    zone: str, change: int, handover: str
) -> None:
    rota = Rota(
        zone,
        tuple(
            part
            for day in range(1, 8)
            for part in (
                shift(day, handover, "12:00", BOB),
                shift(day, "12:00", handover, DANA),
            )
        ),
    )
    sunday = at(CHANGES[zone][change])

    assert rota.without_gaps(sunday - DAY, {BOB, DANA})
    assert rota.staffed(sunday - DAY, sunday + 2 * DAY) == [(sunday - DAY, sunday + 2 * DAY)]


@pytest.mark.parametrize("zone", CHANGES)
def test_a_shift_that_opens_in_the_skipped_hour_is_not_lost(zone: str) -> None:
    sunday, _, after, *_ = CHANGES[zone]
    rota = Rota(zone, (shift(7, "02:20", "03:10"),))

    assert who(rota, f"{sunday}T03:05{after}") == ["Bob"]
    assert who(rota, f"{sunday}T03:10{after}") == []


def _offset(text: str) -> timedelta:
    found = at(f"2026-01-01T00:00{text}").utcoffset()
    assert found is not None
    return found


# --- overrides ----------------------------------------------------------------------------------

OFFICE = Rota("Europe/Madrid", tuple(shift(day, "09:00", "17:00") for day in range(1, 6)))
MONDAY = "2026-03-02"


def with_(*overrides: Override, rota: Rota = OFFICE) -> Rota:
    return Rota(rota.time_zone, rota.shifts, overrides)


def test_an_override_replaces_the_shifts_while_it_lasts() -> None:
    rota = with_(override(f"{MONDAY}T10:00", f"{MONDAY}T20:00", DANA))

    assert who(rota, f"{MONDAY}T09:59") == ["Bob"]
    assert who(rota, f"{MONDAY}T10:00") == ["Dana"]
    assert who(rota, f"{MONDAY}T19:59") == ["Dana"], "beyond the shift's own end"
    assert who(rota, f"{MONDAY}T20:00") == []


def test_an_empty_override_is_a_closure() -> None:
    rota = with_(override("2026-03-01T23:00", "2026-03-03T23:00"))

    assert who(rota, f"{MONDAY}T12:00") == []
    assert rota.on_call(at(f"{MONDAY}T12:00")).until == at("2026-03-04T08:00")


def test_of_two_overrides_the_last_created_holds() -> None:
    first = override(f"{MONDAY}T10:00", f"{MONDAY}T14:00", DANA)
    second = override(f"{MONDAY}T12:00", f"{MONDAY}T16:00", HEIDI)

    assert who(with_(first, second), f"{MONDAY}T13:00") == ["Heidi"]
    assert who(with_(second, first), f"{MONDAY}T13:00") == ["Dana"]
    assert who(with_(second, first), f"{MONDAY}T15:00") == ["Heidi"]


def test_a_closure_of_weeks_still_knows_when_it_ends() -> None:
    rota = with_(override("2026-03-01T00:00", "2026-06-01T00:00"))
    spans = rota.around(at(f"{MONDAY}T12:00"))

    assert next(start for start, _ in spans if start > at(f"{MONDAY}T12:00")) == at(
        "2026-06-01T07:00"
    )


def test_overlapping_shifts_are_both_on_call() -> None:
    rota = Rota(
        "Europe/Madrid", (shift(1, "09:00", "17:00", BOB), shift(1, "16:00", "20:00", DANA))
    )

    assert who(rota, f"{MONDAY}T15:30") == ["Bob", "Dana"]
    assert rota.on_call(at(f"{MONDAY}T14:00")).until == at(f"{MONDAY}T15:00")


def test_whether_a_week_has_gaps() -> None:
    now = at(f"{MONDAY}T12:00")
    round_the_clock = Rota("UTC", tuple(shift(day, "00:00", "24:00") for day in range(1, 8)))

    assert round_the_clock.without_gaps(now, {BOB})
    assert not round_the_clock.without_gaps(now, {DANA}), "nobody who can be reached"
    assert not OFFICE.without_gaps(now, {BOB})
    closed = override("2026-03-05T00:00", "2026-03-05T00:01")
    assert not with_(closed, rota=round_the_clock).without_gaps(now, {BOB})
    assert round_the_clock.on_call(now).until is None


# --- the week that is told ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shifts", "told"),
    [
        ([(1, "09:00", "13:00"), (1, "13:00", "17:00")], [(1, "09:00", "17:00")]),
        ([(1, "09:00", "14:00"), (1, "12:00", "17:00")], [(1, "09:00", "17:00")]),
        ([(7, "22:00", "06:00")], [(7, "22:00", "06:00")]),
        ([(5, "17:00", "24:00"), (6, "00:00", "09:00")], [(5, "17:00", "09:00")]),
        (
            [(6, "08:00", "24:00"), (7, "00:00", "24:00")],
            [(6, "08:00", "24:00"), (7, "00:00", "24:00")],
        ),
        ([], []),
    ],
)
def test_the_week_has_no_overlaps(
    shifts: list[tuple[int, str, str]], told: list[tuple[int, str, str]]
) -> None:
    assert union(Period(*each) for each in shifts) == tuple(Period(*each) for each in told)


def test_a_week_without_gaps_is_seven_whole_days() -> None:
    halves = [
        Period(day, *part)
        for day in range(1, 8)
        for part in (("06:00", "18:00"), ("18:00", "06:00"))
    ]
    assert union(halves) == tuple(Period(day, "00:00", "24:00") for day in range(1, 8))


# --- whatever the rota --------------------------------------------------------------------------

clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
people = st.frozensets(st.sampled_from([BOB, DANA, HEIDI]), min_size=1)
periods = st.builds(
    lambda day, opens, closes: Period(day, opens, closes if closes != opens else "24:00"),
    st.integers(1, 7),
    clocks,
    clocks,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
overrides = st.builds(
    lambda start, hours, staff: Override(UUID(int=9), start, start + hours * HOUR, staff),
    moments,
    st.integers(1, 1_000),
    st.frozensets(st.sampled_from([BOB, DANA, HEIDI])),
)
rotas = st.builds(
    Rota,
    st.sampled_from([*CHANGES, "UTC"]),
    st.lists(st.builds(Shift, periods, people), max_size=6).map(tuple),
    st.lists(overrides, max_size=3).map(tuple),
)
near_a_change = st.builds(
    lambda day, hours: at(day) + hours * HOUR,
    st.sampled_from([change[place] for change in CHANGES.values() for place in (0, 3)]),
    st.integers(-40, 40),
)


@settings(max_examples=150, deadline=None)
@given(rota=rotas, now=moments | near_a_change)
def test_who_is_on_call_agrees_with_the_spans_and_the_next_change(
    rota: Rota, now: datetime
) -> None:
    duty = rota.on_call(now)
    end = duty.until or now + 8 * DAY
    assert end > now
    for moment in (now, now + (end - now) / 2, end - timedelta(seconds=1)):
        if now <= moment < end:
            assert rota.on_call(moment).staff == duty.staff
            assert any(a <= moment < b for a, b in rota.around(moment)) == bool(duty.staff)
    if duty.until is not None:
        assert rota.on_call(duty.until).staff != duty.staff
    # The wall clock decides wherever the clocks do not change and no override holds.
    local = now.astimezone(ZoneInfo(rota.time_zone))
    if not any(each.starts_at <= now < each.ends_at for each in rota.overrides) and _is_calm(local):
        expected = [each.staff for each in rota.shifts if _on_the_wall(each.period, local)]
        assert duty.staff == frozenset[UUID]().union(*expected)


def _is_calm(local: datetime) -> bool:
    return (local - 2 * DAY).utcoffset() == local.utcoffset() == (local + 2 * DAY).utcoffset()


def _on_the_wall(period: Period, local: datetime) -> bool:
    clock, day = f"{local:%H:%M}", local.isoweekday()
    if period.opens < period.closes:
        return day == period.weekday and period.opens <= clock < period.closes
    late = day == period.weekday and clock >= period.opens
    early = day == period.weekday % 7 + 1 and clock < period.closes
    return late or early
