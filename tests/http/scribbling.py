"""A patient who sends everything there is, at random: late, twice, wrong, taken back."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.cast import CALM, Member, Patient
from tests.client import Response
from tests.clock import SimulatedClock
from tests.questionnaires import FREQUENCY, PHQ9

NOTES = ("Slept well, walked the dog.", "I want to die.", "Nobody would miss me.")
WEEKLY = (
    *("elevated_energy", "little_need_for_sleep", "unusual_perceptions", "suspiciousness"),
    *("bladder_symptoms", "ketamine_craving"),
)


class Scribbler:
    """Sends as the dice fall; everything goes through the API."""

    def __init__(
        self, patient: Patient, doctor: Member, clock: SimulatedClock, dice: Random
    ) -> None:
        self._patient, self._doctor = patient, doctor
        self._clock, self._dice = clock, dice
        # Of its own: what else is drawn stays what it was.
        self._days = Random(1)
        self._sent: dict[UUID, dict[str, Any]] = {}

    def days(self, count: int) -> None:
        """So many days: mostly a check-in a day, and whatever else."""
        acts: list[tuple[int, Callable[[], object]]] = [
            (10, self._check_in),
            (2, self._late),
            (2, self._weekly),
            (3, self._brought),
            (1, self._wrong),
            (1, self._again),
            (2, self._amend),
            (1, self.infusion),
        ]
        for _ in range(count):
            self._clock.advance(hours=self._dice.choice([20, 24, 27, 50]))
            for act in self._dice.choices(
                [act for _, act in acts],
                [weight for weight, _ in acts],
                k=self._dice.choice([1, 2]),
            ):
                self._clock.advance(minutes=self._dice.randint(1, 90))
                act()

    def _check_in(self, **envelope: Any) -> None:
        self._send(self._body(**envelope))

    def _late(self) -> None:
        hours = self._dice.choice([2, 30, 90, 300])
        self._send(self._body(hours=hours))

    def _weekly(self) -> None:
        answers: dict[str, Any] = {name: self._dice.randint(0, 4) for name in WEEKLY}
        answers["ketamine_use_elsewhere"] = self._dice.choice(["no", "no", "yes"])
        self._send(self._body() | {"instrument": "weekly-check-in", "answers": answers})

    def _brought(self) -> None:
        """An instrument of the clinic's, in one of two versions."""
        answers: dict[str, Any] = {
            code: self._dice.choice([*FREQUENCY, "declined"]) for code in PHQ9
        }
        version = self._dice.choice(["1", "1", "1", "2"])
        pinned = {"instrument": "phq-9", "version": version, "answers": answers}
        self._send(self._body(hours=self._dice.choice([0, 0, 50])) | pinned)

    def _wrong(self) -> None:
        body = self._body(hours=self._dice.choice([0, 40]))
        wrong = self._dice.choice([{"mood": 99}, {"si": "four"}, {"si_act": "?"}])
        self._send(body | {"answers": body["answers"] | wrong})

    def _again(self) -> None:
        """Another body under an id that is taken."""
        if self._sent:
            self._send(self._body(), self._dice.choice(list(self._sent)))

    def _amend(self) -> None:
        if not self._sent:
            return
        check_in = self._dice.choice(list(self._sent)[-5:])
        answers = self._answers() | self._dice.choice([{}, {}, {"mood": "bad"}])
        body: dict[str, Any] = {
            "reason": "I tapped the wrong one.",
            "amended_at": self._body()["sent_at"],
            "answers": answers,
        }
        if self._dice.random() < 0.3:
            body["note"] = self._dice.choice(NOTES)
        path = f"/v1/check-ins/{check_in}/amendments/{self._new_id()}"
        assert self._patient.api.put(path, body).status < 500

    def infusion(self) -> None:
        """Recorded a while after it began, and its end not always."""
        path, now = f"/v1/patients/{self._patient.id}/infusions", self._clock.now()
        begun = now - timedelta(hours=self._dice.choice([0, 1, 5]))
        planned = {"planned_at": now.isoformat(), "confirm": ["planned_at"]}
        made = self._doctor.api.post(path, planned).json["id"]
        started = {"started_at": begun.isoformat(), "confirm": ["started_at", "course"]}
        start = self._doctor.api.post(f"{path}/{made}/start", started)
        assert start.status == 200, start
        if self._dice.random() < 0.8:
            ended = {
                "ended_at": self._clock.advance(minutes=40).isoformat(),
                "confirm": ["ended_at"],
            }
            assert self._doctor.api.post(f"{path}/{made}/end", ended).status == 200

    def _body(self, hours: int = 0) -> dict[str, Any]:
        at = self._clock.now() - timedelta(hours=hours)
        body = self._patient.check_in_body(recorded_at=at) | {"answers": self._answers()}
        if self._dice.random() < 0.2:
            body["note"] = self._dice.choice(NOTES)
        if self._days.random() < 0.2:
            # Its own, or the one before: of the morning, that is in the diary as well.
            local = at.astimezone(ZoneInfo(self._patient.time_zone)) - timedelta(hours=4)
            ago = self._days.choice([0, 1])
            body["day"] = (local.date() - timedelta(days=ago)).isoformat()
        return body

    def _answers(self) -> dict[str, Any]:
        dice = self._dice
        answers: dict[str, Any] = dict(CALM) | {
            "mood": dice.choice([0, 2, 5, 6, 7, 8, 9, "declined"]),
            "anxiety": dice.randint(0, 10),
            "dissociation_body": dice.choice([0, 0, 1, 2, 4]),
        }
        if dice.random() < 0.4:
            level = dice.choice([None, 0, 1, 2, 3, 5, "declined"])
            answers |= {"si_gate": "yes"} if level is None else {"si_gate": "yes", "si": level}
            answers["safe_now"] = dice.choice(["yes", "unsure", "no", "declined"])
        return answers

    def _send(self, body: dict[str, Any], id: UUID | None = None) -> Response:
        id = id or self._new_id()
        answer = self._patient.api.put(f"/v1/check-ins/{id}", body)
        assert answer.status in (200, 201, 202, 409, 422), answer
        if answer.status == 201 and body["instrument"] == "daily-check-in":
            self._sent[id] = body
        return answer

    def _new_id(self) -> UUID:
        return UUID(int=self._dice.getrandbits(128), version=4)
