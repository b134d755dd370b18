"""The safety plan: the patient's own words, at hand when they are needed, and no version lost."""

from typing import Any

import pytest

from tests.cast import Cast, Patient
from tests.client import Api
from tests.clock import SimulatedClock
from tests.http.test_checkins import at_once

OWN = "/v1/me/safety-plan"
EMPTY: dict[str, list[Any]] = {
    name: []
    for name in (
        *("warning_signs", "coping", "distraction"),
        *("people", "professionals", "environment"),
    )
}
SIGNS = [{"text": "I stop answering messages.", "phone": None}]
SISTER = [{"text": "My sister Ana", "phone": "+34 600 000 000"}]
LOCKED = [{"text": "Ana keeps the pills.", "phone": None}]
FULL = EMPTY | {"warning_signs": SIGNS, "people": SISTER, "environment": LOCKED}


def path(patient: Patient) -> str:
    return f"/v1/patients/{patient.id}/safety-plan"


def written(caller: Api, url: str, steps: dict[str, Any], tag: str | None = None) -> dict[str, Any]:
    answer = caller.put(url, {"steps": steps}, if_match=tag)
    assert answer.status == 200, answer
    plan: dict[str, Any] = answer.json
    return plan


def test_the_team_writes_it_with_the_patient_who_has_it_on_the_phone(
    cast: Cast, clock: SimulatedClock
) -> None:
    assert cast.alice.api.get(OWN).code == "not-found"
    assert cast.bob.api.get(path(cast.alice)).code == "not-found"
    plan = written(cast.bob.api, path(cast.alice), FULL)
    assert (plan["version"], plan["steps"], plan["written_by"]) == (1, FULL, "care-team")
    own = cast.alice.api.get(OWN)
    of_the_team = {"patient_id": str(cast.alice.id), "written_by_id": str(cast.bob.id)}
    assert own.json | of_the_team == plan
    assert "written_by_id" not in own.json
    assert own.headers["ETag"] == '"1"'
    assert own.json["headings"]["people"] == "People I can tell, and ask for help"
    again = cast.alice.api.send("GET", OWN, headers={"If-None-Match": '"1"'})
    assert (again.status, again.body) == (304, b"")


def test_the_patient_writes_the_own_steps_and_loses_no_other(
    cast: Cast, clock: SimulatedClock
) -> None:
    written(cast.bob.api, path(cast.alice), FULL)
    clock.advance(days=1)
    coping = [{"text": "Walk down to the river."}]
    plan = written(cast.alice.api, OWN, {"coping": coping, "people": SISTER}, '"1"')
    river = [{"text": "Walk down to the river.", "phone": None}]
    assert plan["steps"] == FULL | {"coping": river}
    assert (plan["version"], plan["written_by"]) == (2, "patient")

    versions = cast.bob.api.get(f"{path(cast.alice)}/versions").json["items"]
    assert [(each["version"], each["written_by"]) for each in versions] == [
        (2, "patient"),
        (1, "care-team"),
    ]
    assert versions[1]["steps"] == FULL
    for step in ("professionals", "environment"):
        refused = cast.alice.api.put(OWN, {"steps": {step: SIGNS}}, if_match='"2"')
        assert refused.status == 422
        (fault,) = refused.json["errors"]
        assert (fault["pointer"], fault["code"]) == (f"/steps/{step}", "unknown_field")


def test_what_is_not_named_stays_and_an_empty_list_empties(cast: Cast) -> None:
    written(cast.bob.api, path(cast.alice), FULL)
    plan = written(cast.bob.api, path(cast.alice), {"professionals": SISTER}, '"1"')
    assert plan["steps"] == FULL | {"professionals": SISTER}
    plan = written(cast.alice.api, OWN, {"warning_signs": [], "people": SISTER}, '"2"')
    assert plan["steps"] == FULL | {"professionals": SISTER, "warning_signs": []}
    emptied = cast.bob.api.put(path(cast.alice), {"steps": EMPTY}, if_match='"3"')
    assert emptied.status == 422
    assert cast.alice.api.get(OWN).json["steps"] == plan["steps"]


def test_the_patient_may_begin(cast: Cast) -> None:
    plan = written(cast.alice.api, OWN, {"warning_signs": SIGNS})
    assert plan["version"] == 1
    plan = written(cast.bob.api, path(cast.alice), FULL, '"1"')
    assert (plan["version"], plan["steps"]) == (2, FULL)


def test_of_two_who_change_it_at_once_one_looks_again(cast: Cast) -> None:
    first = at_once(lambda: cast.alice.api.put(OWN, {"steps": {"coping": SIGNS}}))
    assert [answer.status for answer in first].count(200) == 1
    assert {answer.code for answer in first} == {None, "precondition-required"}
    then = at_once(lambda: cast.bob.api.put(path(cast.alice), {"steps": FULL}, if_match='"1"'))
    assert [answer.status for answer in then].count(200) == 1
    assert {answer.code for answer in then} == {None, "precondition-failed"}
    versions = cast.bob.api.get(f"{path(cast.alice)}/versions").json["items"]
    assert [each["version"] for each in versions] == [2, 1]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"/steps": "required"}),
        ({"steps": {}}, {"/steps": "empty"}),
        ({"steps": EMPTY}, {"": "empty"}),
        ({"steps": {"hope": []}}, {"/steps/hope": "unknown_field"}),
        ({"steps": {"coping": [{"text": ""}]}}, {"/steps/coping/0/text": "invalid_format"}),
        ({"steps": {"coping": [{"text": " \n "}]}}, {"/steps/coping/0/text": "invalid_format"}),
        ({"steps": {"coping": [{"text": "x" * 501}]}}, {"/steps/coping/0/text": "too_long"}),
        ({"steps": {"coping": [{"text": "x"}] * 21}}, {"/steps/coping": "too_many"}),
        ({"steps": {"coping": ["Walk."]}}, {"/steps/coping/0": "wrong_type"}),
        (
            {"steps": {"people": [{"text": "Ana", "phone": "her number"}]}},
            {"/steps/people/0/phone": "invalid_format"},
        ),
    ],
)
def test_what_is_no_plan_is_refused_and_the_one_before_stays(
    cast: Cast, body: dict[str, Any], faults: dict[str, str]
) -> None:
    before = written(cast.bob.api, path(cast.alice), FULL)
    answer = cast.bob.api.put(path(cast.alice), body, if_match='"1"')
    assert answer.status == 422
    assert {each["pointer"]: each["code"] for each in answer.json["errors"]} == faults
    assert cast.bob.api.get(path(cast.alice)).json == before


def test_headings_are_in_the_patients_language(cast: Cast) -> None:
    luz = cast.bob.api.post(
        "/v1/patients", {"name": "Luz", "locale": "es-MX", "time_zone": "America/Mexico_City"}
    ).json["id"]
    plan = cast.bob.api.put(f"/v1/patients/{luz}/safety-plan", {"steps": FULL}).json
    assert plan["headings"]["warning_signs"] == "En qué noto que puede venir una crisis"


def test_what_is_written_in_it_raises_nothing(cast: Cast) -> None:
    """A phrase of the clinic's list in a note would."""
    words = [{"text": "I want to die, and I do not say so."}]
    written(cast.alice.api, OWN, {"warning_signs": words})
    assert cast.dana.alerts() == []


def test_guidance_says_where_it_is_and_which_version(cast: Cast) -> None:
    answered = cast.alice.check_in()
    assert answered.json["guidance"]["safety_plan"] is None
    written(cast.bob.api, path(cast.alice), FULL)
    written(cast.alice.api, OWN, {"people": SISTER}, '"1"')
    link = {"version": 2, "path": OWN}
    assert cast.alice.check_in().json["guidance"]["safety_plan"] == link
    assert cast.alice.check_in(si=5).json["guidance"]["safety_plan"] == link
    assert cast.alice.check_in(mood=11).json["guidance"]["safety_plan"] == link
    assert cast.alice.ask_for_help().json["guidance"]["safety_plan"] == link
    assert cast.alice.api.get("/v1/me/alert").json["guidance"]["safety_plan"] == link
    # Whose plan it is: nobody else's.
    assert cast.frank.check_in().json["guidance"]["safety_plan"] is None


def test_it_is_the_patients_and_their_teams(cast: Cast) -> None:
    written(cast.bob.api, path(cast.alice), FULL)
    written(cast.charlie.api, path(cast.frank), EMPTY | {"coping": SIGNS})
    assert cast.frank.api.get(OWN).json["steps"]["environment"] == []
    for url in (path(cast.alice), f"{path(cast.alice)}/versions"):
        assert cast.charlie.api.get(url).status == 404
        assert cast.erin.api.get(url).status == 403
        assert cast.alice.api.get(url).status == 403
    assert cast.charlie.api.put(path(cast.alice), {"steps": FULL}, if_match="*").status == 404
    assert cast.bob.api.get(path(cast.alice)).json["version"] == 1
