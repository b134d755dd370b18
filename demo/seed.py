"""Live the six weeks through the product's own services, with a clock of their own."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from demo.story import HARD_DAY, INDUCTION, ZONE, Diary, Episode, Evening, diaries
from diary.access import clients, clinics, staff
from diary.access.permissions import Role, Scope
from diary.alerts import answers, policies, readiness, reading
from diary.alerts.model import alerts
from diary.callers import ANONYMOUS, OPERATOR, Caller, CallerKind
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.database import Database
from diary.ids import NewId
from diary.infusions import departures
from diary.infusions import reading as infusion_reading
from diary.infusions import service as infusions
from diary.infusions.courses import service as courses
from diary.infusions.courses.gate import Indication, Outcome, Trial
from diary.infusions.departures import Criterion
from diary.infusions.model import infusions as infusion_rows
from diary.patients import devices
from diary.patients import service as patients
from diary.safety import plans
from diary.settings import Settings
from diary.vault import Vault
from diary.versions import Expected
from diary.webhooks import endpoints
from diary.work import House, Work
from engine.escalate import escalate_due, next_action
from schemas.checkins import CheckInDraft

CLINIC = "The Harbour Clinic"
PHONE = "+12025550123"  # 202-555-01xx is kept for fiction
TEAM = {"bob": Role.CLINICIAN, "dana": Role.CARE_MANAGER, "erin": Role.CLINIC_ADMIN}
_SEED = 7
_DOSE = 0.5
_INFUSION = timedelta(minutes=40)
_WATCHED = timedelta(hours=2)
_BASELINE = 21
_TRIALS = (
    Trial("Sertraline", adequate=True, outcome=Outcome.NO_RESPONSE, weeks=8),
    Trial("Venlafaxine", adequate=True, outcome=Outcome.PARTIAL_RESPONSE, weeks=10),
)
_HOURS = [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)]
_PLAN = {
    "warning_signs": [{"text": "I stop answering messages."}],
    "coping": [{"text": "Walk down to the harbour and back."}],
    "people": [{"text": "My sister", "phone": "+1 202 555 0142"}],
    "professionals": [{"text": CLINIC, "phone": PHONE}],
    "environment": [{"text": "My sister keeps the pills."}],
}
_CLIENT_MAY = frozenset({Scope.PATIENTS_READ, Scope.CHECK_INS_READ, Scope.ALERTS_READ})
_shape = CheckInDraft()


class Clock:
    """Time that goes from one event of the story to the next."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The story's present."""
        return self._now

    def reach(self, moment: datetime) -> None:
        """Go on to a moment; never back."""
        self._now = max(self._now, moment.astimezone(UTC))


def seed(settings: Settings, last: date) -> dict[str, Any]:
    """Fill an empty database with the six weeks that end on that day.

    Returns what opens it: addresses and passwords, the API client's key, and ids. The diary and
    the ids are the same for the same day; secrets never are.
    """
    stories = diaries(last)
    clock = Clock(min(story.enters_at for story in stories) - timedelta(days=1))
    database = Database(settings.database_url, pool_size=2)
    house = House(
        settings=settings,
        database=database,
        clock=clock,
        new_id=_ids(clock, Random(_SEED)),
        random=Random(_SEED),
        random_bytes=os.urandom,
        vault=Vault(settings.masters, os.urandom, database),
        wake=lambda: None,
    )
    try:
        return _Play(house, clock).perform(stories)
    finally:
        house.database.close()


def listen(house: House, clinic: UUID, administrator: UUID, url: str) -> str:
    """Lead the clinic's alerts to a new endpoint, and end those before; returns its secret.

    An alert pages it, again after 5 minutes, then every 10.
    """
    erin = Caller(CallerKind.STAFF, administrator, clinic, role=Role.CLINIC_ADMIN)
    with house.work(erin) as work:
        before = endpoints.live(work, clinic).webhooks
        made = endpoints.create(work, url=url, description="the receiver of the demo")
        work.flush()
        _page(work, made.id)
        for endpoint in before:
            policies.disable_endpoint(work, endpoint)
    return made.secret


def listens(house: House, clinic: UUID, url: str) -> bool:
    """Whether the clinic has exactly one active endpoint, and it is this one."""
    with house.work(OPERATOR.within(clinic), write=False) as work:
        active = [row for row in work.rows(endpoints.visible(work)) if row.state == "active"]
    return [row.url for row in active] == [url]


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """Something that someone does at a moment. place: among those of one moment."""

    at: datetime
    place: int
    happens: Callable[[], object] = field(compare=False)


class _Play:
    """The story on its stage: the house, its clock, and the clinic's people."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._house = house
        self._clock = clock
        self._engine = Caller(CallerKind.ENGINE, id=house.new_id())
        self._open: dict[str, Any] = {}
        self._ids: dict[str, UUID] = {}
        self._devices: dict[str, Caller] = {}
        self._to_come: list[_Event] = []
        self._planned = count()

    def perform(self, stories: list[Diary]) -> dict[str, Any]:
        """Found the clinic and let everything happen in its order."""
        self._found()
        for story in stories:
            self._plan_all(story)
        while self._to_come:
            event = heappop(self._to_come)
            self._let_time_pass(event.at)
            event.happens()
        return self._open | {
            "patients": {name: str(device.patient) for name, device in self._devices.items()}
        }

    def _found(self) -> None:
        members: dict[str, Any] = {}
        with self._house.work(OPERATOR) as work:
            self._clinic = clinics.create(
                work,
                name=CLINIC,
                country="US",
                time_zone=ZONE,
                phone=PHONE,
                staffed_hours=_HOURS,
            )
            for name, role in TEAM.items():
                password = secrets.token_urlsafe(15)
                email = f"{name}@harbour.example"
                invited = staff.invite(
                    work, self._clinic, name=name.capitalize(), email=email, role=role
                )
                staff.activate(work, code=invited.code, password_hash=staff.hash_password(password))
                self._ids[name] = invited.member.id
                members[name] = {
                    "id": str(invited.member.id),
                    "email": email,
                    "password": password,
                    "role": str(role),
                }
        self._bob = self._member("bob")
        with self._house.work(self._member("erin")) as work:
            client = clients.create(work, name="Ward dashboard", scopes=_CLIENT_MAY)
            # The story's alerts were owed to an endpoint of its own, where nobody listens and
            # nothing is sent: `listen` disables it, which cancels what it was owed. So the past
            # neither pages anyone when the demo starts nor claims that it did.
            past = endpoints.create(
                work, url="http://127.0.0.1:9/hook", description="before the demo began"
            )
            work.flush()
            _page(work, past.id)
        self._open = {
            "clinic": str(self._clinic),
            "staff": members,
            "api_client": {"id": str(client.id), "key": client.key},
        }

    def _member(self, name: str) -> Caller:
        return Caller(CallerKind.STAFF, self._ids[name], self._clinic, role=TEAM[name])

    def _let_time_pass(self, moment: datetime) -> None:
        """Up to a moment, with the engine acting whenever an alert falls due on the way."""
        while (due := self._next_due()) is not None and due <= moment:
            self._clock.reach(due)
            escalate_due(self._house, self._engine)
        self._clock.reach(moment)

    def _next_due(self) -> datetime | None:
        return next_action(self._house, self._engine, self._clock.now())

    def _plan(self, at: datetime, happens: Callable[[], object]) -> None:
        heappush(self._to_come, _Event(at, next(self._planned), happens))

    def _plan_all(self, story: Diary) -> None:
        name = story.person.name
        self._plan(story.enters_at, partial(self._enter, name, story))
        for number, visit in enumerate(story.visits, start=1):
            if visit < story.evenings[-1].at:
                ended = visit + _INFUSION
                self._plan(ended, partial(self._infuse, name, number, visit))
                self._plan(visit + _WATCHED, partial(self._leave, name, number))
        for evening in story.evenings:
            self._plan(evening.arrives, partial(self._check_in, name, evening))

    def _enter(self, name: str, story: Diary) -> None:
        with self._house.work(self._bob) as work:
            patient = patients.create(work, name=name, locale="en", time_zone=ZONE)
            for visit in story.visits:
                infusions.plan(work, patient.id, planned_at=visit, dose_mg_per_kg=_DOSE, route="iv")
            self._open_course(work, patient.id)
            plans.write(work, patient.id, _PLAN)
            code = readiness.enrol(work, patient.id).code
        with self._house.work(ANONYMOUS) as work:
            grant = devices.pair(work, code=code, name=f"{name}'s phone", platform="android")
        self._devices[name.lower()] = Caller(
            CallerKind.DEVICE, grant.subject_id, self._clinic, patient.id, Role.PATIENT
        )

    def _open_course(self, work: Work, patient_id: UUID) -> None:
        course = courses.create(
            work,
            patient_id,
            indication=Indication.TRD,
            trials=_TRIALS,
            induction_infusions=INDUCTION,
            baseline_instrument="phq-9",
        )
        of_it = {"expected": Expected(there=True)}
        courses.assess(work, patient_id, course, assessed_at=work.now, **of_it)
        courses.rate(work, patient_id, course, total=_BASELINE, rated_at=work.now, **of_it)

    def _infuse(self, name: str, number: int, started_at: datetime) -> None:
        with self._house.work(self._bob) as work:
            patient, planned = self._visit(work, name, number)
            infusions.start(work, patient, planned, started_at=started_at)
            infusions.end(work, patient, planned, ended_at=work.now, dose_mg_per_kg=_DOSE)

    def _leave(self, name: str, number: int) -> None:
        with self._house.work(self._bob) as work:
            visit = self._visit(work, name, number)
            departures.record(work, *visit, left_at=work.now, met=[*Criterion], reason=None)

    def _visit(self, work: Work, name: str, number: int) -> tuple[UUID, UUID]:
        patient = self._devices[name.lower()].patient
        visits = infusion_reading.of_patient(work, patient)
        row = work.row(visits.where(infusion_rows.c.number == number))
        assert row is not None
        return patient, row.id

    def _check_in(self, name: str, evening: Evening) -> None:
        body = {
            "instrument": "daily-check-in",
            "version": "1.0.0",
            "locale": "en",
            "recorded_at": evening.at.isoformat(),
            "sent_at": evening.arrives.isoformat(),
            "time_zone": ZONE,
            "answers": dict(evening.answers),
        }
        with self._house.work(self._devices[name.lower()]) as work:
            told = record(work, work.new_id(), body, Draft(**_shape.load(body)), ())
        if told.care_team_told and not self._is_answered(name):
            episode = evening.episode or HARD_DAY
            for minutes, answer in (
                (episode.acknowledged, self._acknowledge),
                (episode.resolved, partial(self._resolve, episode)),
            ):
                self._plan(evening.arrives + timedelta(minutes=minutes), partial(answer, name))

    def _is_answered(self, name: str) -> bool:
        """Whether Bob has it in hand, and will resolve it."""
        with self._house.work(self._bob, write=False) as work:
            return bool(self._open_alert(work, name).status == "acknowledged")

    def _acknowledge(self, name: str) -> None:
        with self._house.work(self._bob) as work:
            alert = self._open_alert(work, name)
            answers.acknowledge(work, alert.id, generation=alert.generation, on_behalf_of=None)

    def _resolve(self, episode: Episode, name: str) -> None:
        with self._house.work(self._bob) as work:
            alert = self._open_alert(work, name)
            answers.resolve(
                work,
                alert.id,
                sequence=alert.sequence,
                outcome=episode.outcome,
                text=episode.note,
                on_behalf_of=None,
            )

    def _open_alert(self, work: Work, name: str) -> Row[Any]:
        row = work.row(
            reading.visible(work).where(
                alerts.c.patient_id == self._devices[name.lower()].patient,
                alerts.c.status != "resolved",
            )
        )
        assert row is not None
        return row


def _page(work: Work, endpoint: UUID) -> None:
    target = {"type": "endpoint", "id": endpoint}
    steps = [
        {"delay_minutes": 5, "rounds": 1, "targets": [target]},
        {"delay_minutes": 10, "rounds": 2, "targets": [target]},
    ]
    policies.save(work, policies.DEFAULT, steps)


def _ids(clock: Clock, random: Random) -> NewId:
    """UUIDv7 of the story's time, in order within a millisecond, the same at every telling."""
    made, last = 0, 0

    def new_id() -> UUID:
        nonlocal made, last
        now = int(clock.now().timestamp() * 1000)
        made, last = (made + 1 if now == last else 0), now
        value = now << 80 | 0x7 << 76 | made << 64 | 0b10 << 62 | random.getrandbits(62)
        return UUID(int=value)

    return new_id
