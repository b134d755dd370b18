"""Bob's side of a treatment: the course, what must be known before it, its infusions."""

from typing import Any

from tests.cast import Cast, Patient
from tests.client import Response
from tests.http.test_bad_input import faults

NOW, TODAY = "2026-03-02T09:00:00Z", "2026-03-02T08:00:00Z"


def trial(
    treatment: str, outcome: str = "no-response", *, adequate: bool = True, weeks: int | None = 8
) -> dict[str, Any]:
    return {"treatment": treatment, "adequate": adequate, "outcome": outcome, "weeks": weeks}


TWO = [trial("Sertraline"), trial("Venlafaxine", "partial-response", weeks=None)]


def resting_on(**more: Any) -> dict[str, Any]:
    rests_on = {"indication": "trd", "trials": TWO, "induction_infusions": 6}
    return rests_on | {"baseline_instrument": "phq-9"} | more


class Treatment:
    """Bob's side of the treatment of somebody who has had none yet."""

    def __init__(self, cast: Cast, patient: Patient) -> None:
        self.bob, self.patient = cast.bob, patient
        self.path = f"/v1/patients/{patient.id}"

    def open(self, **more: Any) -> Response:
        return self.bob.api.post(f"{self.path}/courses", {"indication": "trd"} | more)

    def course(self, **more: Any) -> str:
        made = self.open(**{"trials": TWO} | more)
        assert made.status == 201, made
        return f"{self.path}/courses/{made.json['id']}"

    def say(self, course: str, what: str = "", **body: Any) -> Response:
        return self.bob.api.put(f"{course}{what}", body, if_match="*")

    def assess(self, course: str, assessed_at: str = TODAY) -> None:
        assert self.say(course, "/assessment", assessed_at=assessed_at).status == 200

    def rate(self, course: str, total: int = 21, rated_at: str = TODAY) -> None:
        assert self.say(course, "/baseline", total=total, rated_at=rated_at).status == 200

    def missing(self, course: str) -> list[str]:
        found: list[str] = self.bob.api.get(course).json["missing"]
        return found

    def plan(self, planned_at: str = NOW, **more: Any) -> str:
        made = self.bob.api.post(f"{self.path}/infusions", {"planned_at": planned_at} | more)
        assert made.status == 201, made
        return f"{self.path}/infusions/{made.json['id']}"

    def start(self, infusion: str, started_at: str = NOW, **more: Any) -> Response:
        return self.bob.api.post(f"{infusion}/start", {"started_at": started_at} | more)

    def give(self, day: str) -> str:
        """Plan, start and end one."""
        infusion = self.plan(f"{day}T08:00:00Z")
        assert self.start(infusion, f"{day}T08:00:00Z").status == 200
        ended = self.bob.api.post(f"{infusion}/end", {"ended_at": f"{day}T08:40:00Z"})
        assert ended.status == 200
        return infusion

    def places(self, *infusions: str) -> list[tuple[int | None, str | None]]:
        shown = [self.bob.api.get(each).json for each in infusions]
        return [(each["number_in_course"], each["phase"]) for each in shown]


def lacking(answer: Response) -> set[str]:
    assert answer.code == "course-not-ready", answer
    return {pointer.removeprefix("/course/") for pointer in faults(answer)}
