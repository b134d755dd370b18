"""What the tests of schedules ask and have asked."""

from typing import Any

from diary.callers import OPERATOR
from diary.schedule import plans
from diary.schedule.plan import Plan
from diary.work import House
from tests.cast import Cast, Member, Patient

PLANS = "/v1/schedule-plans"
DAILY = {"kind": "daily", "id": "daily", "instrument": "daily-check-in", "version": "1.0.0"}
WEEKLY = {"kind": "weekly", "id": "weekly", "instrument": "weekly-check-in", "version": "1.0.0"}
NEXT_DAY = {
    "kind": "after_infusion",
    "id": "next-day",
    "instrument": "weekly-check-in",
    "version": "1.0.0",
    "hours": 24,
    "open_hours": 12,
}


def windows(patient: Patient, instrument: str = "daily-check-in") -> list[dict[str, Any]]:
    """What the patient's phone is told of an instrument, the first to open first."""
    answer = patient.api.get("/v1/me/schedule")
    assert answer.status == 200, answer
    return [each for each in answer.json["windows"] if each["instrument"] == instrument]


def window(patient: Patient, slot: str) -> dict[str, Any]:
    """The one of that slot."""
    shown = patient.api.get("/v1/me/schedule").json["windows"]
    (found,) = [each for each in shown if each["slot"] == slot]
    return dict(found)


def times(shown: dict[str, Any]) -> tuple[str, str]:
    """When a window opens and closes."""
    return shown["opens_at"], shown["closes_at"]


def publish(member: Member, *items: dict[str, Any], **more: Any) -> Any:
    """Have a plan published; the answer."""
    body = {"items": list(items), "reason": "What we agreed on Monday."} | more
    return member.api.post(PLANS, body)


def plan_infusion(cast: Cast, planned_at: str, patient: Patient | None = None) -> str:
    """An infusion of Alice's, or of another patient; the path of it."""
    path = f"/v1/patients/{(patient or cast.alice).id}/infusions"
    made = cast.bob.api.post(path, {"planned_at": planned_at})
    assert made.status == 201, made
    return f"{path}/{made.json['id']}"


def ask_nothing(house: House, cast: Cast) -> None:
    """From now on neither clinic asks its patients anything, or reminds anybody."""
    for clinic in (cast.clinic, cast.other_clinic):
        with house.work(OPERATOR.within(clinic)) as work:
            plans.publish(work, Plan(0, ()), reason="These days nobody is asked.")
