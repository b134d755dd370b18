"""Whatever becomes of Alice's infusions, her zone, her state and the clinic's plan, and whenever
she answers: no answered window changes, and no slot is doubled or lost."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from diary.callers import OPERATOR
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.checkins.states import change
from diary.database import Database
from diary.infusions import reading
from diary.infusions import service as infusions
from diary.patients import zones
from diary.patients.states import State
from diary.schedule import plans
from diary.schedule.days import day_of
from diary.schedule.model import windows
from diary.schedule.plan import SHIPPED, AfterInfusion, Daily, Plan, Weekly
from engine.schedule import Schedule
from tests.cast import CALM, ZONE, Cast
from tests.clock import SimulatedClock
from tests.conftest import house_on, settings_for
from tests.databases import Kept
from tests.engine.silences import ENGINE

HORIZON = timedelta(days=14)
VISIT = timedelta(hours=2)
HOURS = st.sampled_from([0, 1, 3, 7, 12, 23, 24, 25, 50])
ZONES = st.sampled_from(
    ["Europe/Madrid", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Pacific/Honolulu"]
)
# Just before the clocks are set forward, and back, in Europe; one of New Zealand lies between.
STARTS = st.sampled_from(
    [datetime(2026, 3, 27, 20, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)]
)
CALM_WEEK = {
    "elevated_energy": 0,
    "little_need_for_sleep": 0,
    "unusual_perceptions": 0,
    "suspiciousness": 0,
    "bladder_symptoms": 0,
    "ketamine_craving": 0,
    "ketamine_use_elsewhere": "no",
}
NEXT_DAY = AfterInfusion("next-day", "weekly-check-in", "1.0.0", hours=24, open_hours=12)
EVENINGS = Daily("daily", "daily-check-in", "1.0.0", opens=time(18))
PLANS = st.sampled_from(
    [
        SHIPPED,
        Plan(0, (SHIPPED.items[0], NEXT_DAY)),
        Plan(0, (EVENINGS, Weekly("weekly", "weekly-check-in", "1.0.0", weekday=3))),
    ]
)


class Schedules(RuleBasedStateMachine):
    """Alice, Bob, and an engine that is never far behind."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.clock = SimulatedClock()
        self.database = Database(url, pool_size=2)
        self.house = house_on(settings_for(url), self.database, self.clock)
        cast = Cast(self.house)
        self.clinic, self.patient = cast.clinic, cast.alice.id
        everyone = (cast.alice, cast.bob, cast.dana)
        self.alice, self.bob, self.dana = (each.caller for each in everyone)
        self.engine = Schedule(self.house, ENGINE)
        self.zone = ZoneInfo(ZONE)
        self.plan = SHIPPED
        self.is_away = False
        self.planned: list[UUID] = []
        self.started: list[UUID] = []
        self.answered: dict[str, Any] = {}
        self.open: dict[str, date] = {}
        self.reminded: dict[str, datetime] = {}

    def teardown(self) -> None:
        self.database.close()

    @initialize(start=STARTS)
    def it_begins(self, start: datetime) -> None:
        self.clock.set(start)

    @rule(ahead=st.integers(0, 400))
    def an_infusion_is_planned(self, ahead: int) -> None:
        planned_at = self.clock.now() + timedelta(hours=ahead)
        with self.house.work(self.bob) as work:
            made = infusions.plan(
                work,
                self.patient,
                planned_at=planned_at,
                dose_mg_per_kg=0.5,
                route="iv",
                confirm=["planned_at"],
            )
        self.planned.append(made.id)

    @precondition(lambda self: self.planned)
    @rule(data=st.data())
    def an_infusion_is_cancelled(self, data: Any) -> None:
        infusion = data.draw(st.sampled_from(self.planned))
        self.planned.remove(infusion)
        with self.house.work(self.bob) as work:
            infusions.cancel(work, self.patient, infusion, reason="unwell")

    @precondition(lambda self: self.planned)
    @rule(data=st.data(), ahead=st.integers(-20, 400))
    def an_infusion_is_moved(self, data: Any, ahead: int) -> None:
        infusion = data.draw(st.sampled_from(self.planned))
        planned_at = self.clock.now() + timedelta(hours=ahead)
        with self.house.work(self.bob) as work:
            infusions.move(
                work,
                self.patient,
                infusion,
                planned_at=planned_at,
                reason="clinic",
                confirm=["planned_at"],
            )

    @precondition(lambda self: self.planned)
    @rule(data=st.data())
    def an_infusion_starts(self, data: Any) -> None:
        infusion = data.draw(st.sampled_from(self.planned))
        self.planned.remove(infusion)
        self.started.append(infusion)
        now = self.clock.now()
        with self.house.work(self.bob) as work:
            infusions.start(
                work,
                self.patient,
                infusion,
                started_at=now,
                confirm=["started_at", "course"],
            )

    @precondition(lambda self: self.started)
    @rule()
    def an_infusion_ends(self) -> None:
        infusion = self.started.pop()
        now = self.clock.now()
        with self.house.work(self.bob) as work:
            infusions.end(
                work,
                self.patient,
                infusion,
                ended_at=now,
                dose_mg_per_kg=None,
                confirm=["ended_at"],
            )

    @rule(zone=ZONES)
    def alice_moves(self, zone: str) -> None:
        with self.house.work(self.alice) as work:
            zones.move(work, self.patient, zone)
        self.zone = ZoneInfo(zone)

    @rule(plan=PLANS)
    def the_clinic_changes_its_plan(self, plan: Plan) -> None:
        with self.house.work(self.dana) as work:
            plans.publish(work, plan, reason="Agreed")
        self.plan = plan

    @rule()
    def alice_goes_away_or_comes_back(self) -> None:
        self.is_away = not self.is_away
        state = State.PAUSED if self.is_away else State.ACTIVE
        until = self.clock.now() + timedelta(days=90) if self.is_away else None
        with self.house.work(self.bob) as work:
            change(work, self.patient, state, reason="As agreed", until=until)

    @rule(ago=HOURS, weekly=st.booleans())
    def alice_answers(self, ago: int, weekly: bool) -> None:
        """ago: how many hours before it is sent."""
        now = self.clock.advance(seconds=1)
        said_at = now - timedelta(hours=ago)
        instrument = "weekly-check-in" if weekly else "daily-check-in"
        answers = dict(CALM_WEEK if weekly else CALM)
        draft = Draft(instrument, "1.0.0", "en", said_at, now, ZONE, answers)
        before = self.rows()
        id = uuid4()
        with self.house.work(self.alice) as work:
            record(work, id, {"answers": answers}, draft, ())
        filled = [row for row in self.rows().values() if row.check_in_id == id]
        could = [
            row
            for row in before.values()
            if row.instrument == instrument
            and row.state in ("pending", "missed")
            and row.opens_at <= said_at < row.closes_at
        ]
        assert len(filled) == min(len(could), 1)
        assert all(row.slot in {each.slot for each in could} for row in filled)

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @invariant()
    def no_answered_window_changes(self) -> None:
        while self.engine.look():
            pass
        rows = self.rows()
        for slot, before in self.answered.items():
            assert rows[slot] == before
        self.answered = {slot: row for slot, row in rows.items() if row.state == "answered"}
        used = [row.check_in_id for row in self.answered.values()]
        assert len(used) == len(set(used)), "an answer is of one window"

    @invariant()
    def what_is_open_is_not_taken_away(self) -> None:
        """Somebody may be answering it."""
        now, rows = self.clock.now(), self.rows()
        assert self.is_away or all(rows[slot].state != "cancelled" for slot in self.open)
        pending = {slot: row for slot, row in rows.items() if row.state == "pending"}
        for slot, day in self.open.items():
            # Only with its infusion it goes to another day.
            if slot in pending and pending[slot].local_date == day:
                assert pending[slot].opens_at <= now
        self.open = {slot: row.local_date for slot, row in pending.items() if row.opens_at <= now}

    @invariant()
    def no_slot_is_doubled_or_lost(self) -> None:
        now = self.clock.now()
        shown = {slot: row for slot, row in self.rows().items() if row.state != "cancelled"}
        ahead = [row for row in shown.values() if row.state == "pending"]
        assert all(row.closes_at > now for row in ahead), "all that is over was swept"
        if self.is_away:
            assert ahead == []
            return
        today, last = day_of(now, self.zone), day_of(now + HORIZON, self.zone)
        for day in (today + timedelta(days=n) for n in range((last - today).days)):
            assert f"daily@{day}" in shown, "every day has its slot"
        for row in ahead:
            if row.opens_at <= now:
                continue
            # What is still to open is as it is wanted by now.
            assert row.opens_at < now + HORIZON + timedelta(days=1)
            if row.slot.startswith("daily"):
                assert row.local_date == day_of(row.opens_at, self.zone)
                assert row.slot == f"daily@{row.local_date}"
        self.every_week_and_infusion_has_its_own(shown, today, last)

    @invariant()
    def nobody_is_reminded_in_the_night_or_again_so_soon(self) -> None:
        told = {row.slot: row.reminded_at for row in self.rows().values() if row.reminded_at}
        for slot, at in told.items():
            before = self.reminded.get(slot)
            if at == before:
                continue
            assert not self.is_away
            assert time(4) <= at.astimezone(self.zone).time() < time(21)
            assert before is None or at >= before + timedelta(hours=2)
        self.reminded = told

    def every_week_and_infusion_has_its_own(
        self, shown: dict[str, Any], today: date, last: date
    ) -> None:
        for item in self.plan.items:
            if isinstance(item, Weekly):
                days = (today + timedelta(days=n) for n in range((last - today).days))
                for day in days:
                    if day.isoweekday() == item.weekday:
                        year, week, _ = day.isocalendar()
                        assert f"weekly@{year}-W{week:02}" in shown
            elif isinstance(item, AfterInfusion):
                self.each_infusion_is_asked_after(item, shown)

    def each_infusion_is_asked_after(self, item: AfterInfusion, shown: dict[str, Any]) -> None:
        now = self.clock.now()
        with self.house.work(self.bob, write=False) as work:
            visits = work.rows(reading.of_patient(work, self.patient))
        for visit in visits:
            begins = visit.started_at or visit.planned_at
            opens = (visit.ended_at or begins + VISIT) + timedelta(hours=item.hours)
            is_ahead = opens + timedelta(hours=item.open_hours) > now and opens < now + HORIZON
            is_known = visit.started_at or visit.planned_at > now - timedelta(days=1)
            if visit.state != "cancelled" and is_ahead and is_known:
                row = shown[f"next-day@{visit.id}"]
                assert row.state == "answered" or row.opens_at == opens

    def rows(self) -> dict[str, Any]:
        with self.house.work(OPERATOR.within(self.clinic), write=False) as work:
            found = work.rows(
                select(windows).where(
                    windows.c.clinic_id == self.clinic,
                    windows.c.patient_id == self.patient,
                )
            )
        rows = {row.slot: row for row in found}
        assert len(rows) == len(found)
        return rows


def test_answered_windows_stay_and_no_slot_is_doubled_or_lost(kept: Kept) -> None:
    class Anew(Schedules):
        def __init__(self) -> None:
            kept.empty()
            super().__init__(kept.url)

    run_state_machine_as_test(
        Anew,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            database=None,
            # Not shrunk: that takes minutes, and what was tried is printed step by step.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
