"""Somebody takes the patient home after an infusion; where nobody does it is told a day ahead."""

from typing import Any

from diary.work import House
from tests.asked import ask_nothing, plan_infusion
from tests.cast import Cast
from tests.engine.steps import Wait
from tests.receiver import Receiver

LIST = "/v1/infusions/without-escort"


def arrange(cast: Cast, infusion: str, *, escort: bool = True, transport: bool = True) -> Any:
    body = {"escort": escort, "transport": transport}
    return cast.bob.api.put(f"{infusion}/escort", body)


def without(cast: Cast) -> list[str]:
    """The moments of the visits that nobody is arranged for."""
    return [each["planned_at"] for each in cast.bob.api.get(LIST).json["items"]]


def heard(receiver: Receiver) -> list[str]:
    """Which visits the team was told of since it was last asked."""
    arrived = [each for each in receiver.received("team") if each.type == "infusion.escort_missing"]
    receiver.clear()
    return [each.data["planned_at"] for each in arrived]


def test_it_is_told_once_a_day_ahead(
    cast: Cast, house: House, receiver: Receiver, wait: Wait
) -> None:
    ask_nothing(house, cast)
    infusion = plan_infusion(cast, "2026-03-04T10:00:00Z")
    wait(hours=24, minutes=59)
    assert heard(receiver) == []
    wait(minutes=1)
    told = receiver.expect("infusion.escort_missing", name="team")
    assert told.data["patient"] == cast.alice.reference
    assert told.data["infusion_id"] == infusion.rsplit("/", 1)[1]
    assert told.data["link"].endswith(infusion)
    assert told.data["missing"] == ["escort", "transport"]
    receiver.clear()
    wait(hours=20)
    assert heard(receiver) == []


def test_whoever_is_taken_home_is_not_told_of(
    cast: Cast, house: House, receiver: Receiver, wait: Wait
) -> None:
    ask_nothing(house, cast)
    infusion = plan_infusion(cast, "2026-03-04T10:00:00Z")
    assert without(cast) == ["2026-03-04T10:00:00Z"]
    assert arrange(cast, infusion).json["escort_arranged_at"] == "2026-03-02T09:00:00Z"
    wait(hours=1)
    assert arrange(cast, infusion).json["escort_arranged_at"] == "2026-03-02T09:00:00Z"
    assert without(cast) == []
    wait(hours=30)
    assert heard(receiver) == []
    # The sister is ill.
    assert arrange(cast, infusion, escort=False).json["escort_arranged_at"] is None
    wait()
    assert heard(receiver) == ["2026-03-04T10:00:00Z"]


def test_a_move_asks_anew_and_a_cancelled_visit_asks_no_more(
    cast: Cast, house: House, receiver: Receiver, wait: Wait
) -> None:
    ask_nothing(house, cast)
    infusion = plan_infusion(cast, "2026-03-04T10:00:00Z")
    other = plan_infusion(cast, "2026-03-06T10:00:00Z")
    arrange(cast, infusion)
    moved = {"planned_at": "2026-03-08T10:00:00Z", "reason": "unwell"}
    assert cast.bob.api.post(f"{infusion}/move", moved).json["escort_arranged_at"] is None
    assert without(cast) == ["2026-03-06T10:00:00Z", "2026-03-08T10:00:00Z"]
    assert cast.bob.api.post(f"{other}/cancel", {"reason": "clinic"}).status == 200
    wait(days=5)
    assert heard(receiver) == []
    wait(hours=1)
    assert heard(receiver) == ["2026-03-08T10:00:00Z"]


def test_an_escort_without_transport_is_half_of_a_way_home(
    cast: Cast, house: House, receiver: Receiver, wait: Wait
) -> None:
    ask_nothing(house, cast)
    infusion = plan_infusion(cast, "2026-03-04T10:00:00Z")
    half = arrange(cast, infusion, transport=False).json
    assert half["escort_arranged_at"] == "2026-03-02T09:00:00Z"
    assert half["transport_arranged_at"] is None
    assert without(cast) == ["2026-03-04T10:00:00Z"]
    wait(hours=25)
    told = receiver.expect("infusion.escort_missing", name="team")
    assert told.data["missing"] == ["transport"]
    receiver.clear()
    # What is mended and not whole yet is not told again; what is lost is.
    arrange(cast, infusion, escort=True, transport=True)
    assert without(cast) == []
    arrange(cast, infusion, escort=False, transport=False)
    wait()
    assert heard(receiver) == ["2026-03-04T10:00:00Z"]
    arrange(cast, infusion, transport=False)
    wait(hours=2)
    assert heard(receiver) == []


def test_a_visit_whose_moment_has_passed_is_told_to_nobody(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    plan_infusion(cast, "2026-03-02T08:00:00Z")
    wait(hours=2)
    assert heard(receiver) == []


def test_of_who_has_died_no_way_home_is_asked(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    plan_infusion(cast, "2026-03-04T10:00:00Z")
    died = {"state": "deceased", "reason": "Her sister called."}
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", died).status == 201
    wait(hours=26)
    assert heard(receiver) == []
    assert without(cast) == []


def test_what_began_is_not_asked_about(cast: Cast) -> None:
    infusion = plan_infusion(cast, "2026-03-02T09:00:00Z")
    started = {"started_at": "2026-03-02T09:00:00Z", "confirm": ["course"]}
    begun = cast.bob.api.post(f"{infusion}/start", started)
    assert begun.status == 200
    assert without(cast) == []
    refused = arrange(cast, infusion)
    assert (refused.status, refused.code) == (409, "infusion-state")


def test_the_list_is_of_ones_own_patients_and_of_the_next_week(cast: Cast) -> None:
    plan_infusion(cast, "2026-03-20T10:00:00Z")
    assert without(cast) == []
    plan_infusion(cast, "2026-03-05T10:00:00Z")
    assert cast.charlie.api.get(LIST).json["items"] == []
    assert len(cast.dana.api.get(LIST).json["items"]) == 1
