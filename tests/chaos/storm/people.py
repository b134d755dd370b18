"""Patients who answer, and clinicians who react to what reaches them.

Each patient is one task. A clinician acts only on a page that arrived: what never arrives is never
answered, and shows.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bench.stand import ZONE
from tests.cast import CALM
from tests.chaos.storm.journal import Journal
from tests.chaos.storm.ledger import Ledger
from tests.chaos.storm.stage import Patient, Stage
from tests.chaos.storm.wire import Wire

# Longer than any fault, with the retries behind it.
PATIENCE: Final = 180.0
# What becomes of an alert, of a hundred.
_STORIES: Final = {
    "acknowledged": 52,
    "worse while acknowledged": 14,
    "worse while triggered": 10,
    "joined": 10,
    "resolved at once": 12,
    "never acknowledged": 2,
}
# Nobody would be left to raise alerts if all were waiting.
_WAITING_AT_MOST: Final = 0.15


@dataclass(frozen=True, slots=True)
class Told:
    """A check-in that was answered 2xx. generation: what a page of it must at least cover."""

    check_in: UUID
    clinic: int
    generation: int
    began: float
    answered: float


@dataclass(frozen=True, slots=True)
class Reaction:
    """A person's answer that the API confirmed. sequence: of its entry in the alert's history."""

    alert: str
    verb: str
    sequence: int
    answered: float


@dataclass(slots=True)
class People:
    """Everyone on the stage, and what they were told."""

    stage: Stage
    wire: Wire
    ledger: Ledger
    journal: Journal
    random: Random
    tickets: "asyncio.Queue[bool]"
    told: list[Told] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    stories: Counter[str] = field(default_factory=Counter)
    unanswered: list[Patient] = field(default_factory=list)
    _over: dict[str, set[str]] = field(default_factory=dict)

    async def live(self, patient: Patient) -> None:
        """A patient's days, an alert in each, until no ticket is left."""
        while await self.tickets.get():
            if not await self._alert(patient):
                return
        self.tickets.put_nowait(False)  # for the next one

    async def look_after_the_rest(self) -> None:
        """Answer whoever was left waiting."""
        await asyncio.gather(*(self._finish(patient) for patient in self.unanswered))

    async def calm_down(self) -> None:
        """Everyone says once more that they are well: nobody is waited for in the days to come."""
        await asyncio.gather(*(self._send(each, CALM) for each in self.stage.patients))

    async def _alert(self, patient: Patient) -> bool:
        """False where this patient is left waiting until the end."""
        story = self._story()
        self.stories[story] += 1
        await self._answer(patient, self.random.choice((1, 2, 3, 3, 4)), generation=1)
        if story == "never acknowledged":
            self.unanswered.append(patient)
            return False
        covered = 1
        alert = await self._page(patient, covered)
        if alert is None:
            return True
        if story == "worse while triggered":
            covered = 2
            await self._answer(patient, 5, covered)
            await self._page(patient, covered)
        if story != "resolved at once":
            await self._think()
            await self._acknowledge(patient, alert, covered)
        if story == "joined":
            await self._answer(patient, 1, covered)
        if story == "worse while acknowledged":
            covered = 2
            await self._think()
            await self._answer(patient, 5, covered)
            if await self._page(patient, covered) is None:
                return True
            await self._acknowledge(patient, alert, covered)
        await self._think()
        await self._resolve(patient, alert)
        return True

    async def _finish(self, patient: Patient) -> None:
        alert = await self._page(patient, 1)
        if alert is not None:
            await self._acknowledge(patient, alert, 1)
            await self._resolve(patient, alert)

    async def _answer(self, patient: Patient, si: int, generation: int) -> None:
        began = time.time()
        check_in, told = await self._send(patient, {**CALM, "si_gate": "yes", "si": si})
        if told:
            self.told.append(Told(check_in, patient.clinic, generation, began, time.time()))
        elif told is not None:
            self.journal.complaints.append("a risk check-in told nobody")

    async def _send(self, patient: Patient, answers: object) -> tuple[UUID, bool | None]:
        """The phone sends the same check-in until it is answered. Whether the care team was told;
        None where it was not taken."""
        now = datetime.now(ZoneInfo(ZONE)).isoformat()
        check_in = uuid4()
        body = {
            "instrument": "daily-check-in",
            "version": "1.0.0",
            "locale": "en",
            "recorded_at": now,
            "sent_at": now,
            "time_zone": ZONE,
            "answers": answers,
        }
        path = f"/v1/check-ins/{check_in}"
        status, answer = await self.wire.ask("PUT", path, patient.phone, body)
        if status not in (200, 201):
            self.journal.complaints.append(f"a check-in was answered {status}")
            return check_in, None
        return check_in, bool(answer["care_team_told"])

    async def _page(self, patient: Patient, generation: int) -> str | None:
        over = self._over.setdefault(patient.reference, set())
        page = await self.ledger.page(
            patient.reference, generation=generation, without=over, within=PATIENCE
        )
        if page is None:
            self.journal.complaints.append(f"no page within {PATIENCE:.0f} s")
            await self._close_unheard(patient)
            return None
        return page.alert

    async def _acknowledge(self, patient: Patient, alert: str, generation: int) -> None:
        while True:
            body = {"generation": generation}
            status, answer = await self._react(patient, f"{alert}/acknowledge", body)
            if status == 200:
                self._note(alert, "acknowledged", answer)
                return
            if status != 409 or answer.get("generation", generation) == generation:
                self.journal.complaints.append(f"acknowledging was answered {status}")
                return
            generation = answer["generation"]

    async def _resolve(self, patient: Patient, alert: str) -> None:
        clinician = self.stage.clinicians[patient.clinic]
        while True:
            status, seen = await self.wire.ask("GET", f"/v1/alerts/{alert}", clinician)
            if status != 200:
                self.journal.complaints.append(f"reading an alert was answered {status}")
                return
            if seen["alert"]["status"] == "resolved":  # the answer of before was lost
                self._note(alert, "resolved", seen)
                break
            body = {"sequence": seen["alert"]["sequence"], "outcome": "contacted-safe"}
            status, answer = await self._react(patient, f"{alert}/resolve", body)
            if status == 200:
                self._note(alert, "resolved", answer)
                break
            if status != 409:
                self.journal.complaints.append(f"resolving was answered {status}")
                return
        self._over[patient.reference].add(alert)
        self.ledger.forget(patient.reference)

    async def _close_unheard(self, patient: Patient) -> None:
        """It is a finding already; the patient's next alert must be a new one all the same."""
        clinician = self.stage.clinicians[patient.clinic]
        path = f"/v1/alerts?status=open&patient_id={patient.phone.patient_id}"
        _, found = await self.wire.ask("GET", path, clinician)
        for alert in found["items"]:
            await self._resolve(patient, alert["id"])

    async def _react(self, patient: Patient, path: str, body: object) -> tuple[int, Any]:
        clinician = self.stage.clinicians[patient.clinic]
        return await self.wire.ask("POST", f"/v1/alerts/{path}", clinician, body)

    def _note(self, alert: str, verb: str, shown: dict[str, Any]) -> None:
        sequence = max(each["sequence"] for each in shown["entries"] if each["kind"] == verb)
        self.reactions.append(Reaction(alert, verb, sequence, time.time()))

    def _story(self) -> str:
        (story,) = self.random.choices(list(_STORIES), list(_STORIES.values()))
        most = _WAITING_AT_MOST * len(self.stage.patients)
        if story == "never acknowledged" and len(self.unanswered) >= most:
            return "acknowledged"
        return story

    async def _think(self) -> None:
        await asyncio.sleep(self.random.expovariate(1 / 1.5))
