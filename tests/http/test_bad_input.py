"""What is wrong with a request is told by place and code; its values are never repeated."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from diary.isolation import EVERYTHING
from diary.tables import metadata
from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response

# Nothing that is refused may come back: neither this word nor this number.
WORD, NUMBER = "Zq7Marker", 987654321
LATER = "2026-03-09T09:00:00Z"
JSON = {"Content-Type": "application/json"}
PATIENT = {"name": "Ann", "time_zone": "Europe/Madrid"}
INFUSION: dict[str, Any] = {"planned_at": LATER}
CLINIC = {"name": "Harbour", "country": "ES", "time_zone": "Europe/Madrid"}
TARGET = {"type": "endpoint", "id": "0190a000-0000-7000-8000-000000000000"}


def stored(house: House) -> dict[str, int]:
    """How many rows every table has, but for the keys, which are made when first needed."""
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "signing_keys"
        }


def refused(response: Response, status: int, code: str) -> None:
    assert (response.status, response.code) == (status, code), response
    assert response.headers["Content-Type"] == "application/problem+json"
    said = response.body.decode() + repr(sorted(response.headers.items()))
    assert WORD.lower() not in said.lower()
    assert str(NUMBER) not in said


def faults(response: Response) -> dict[str, str]:
    return {fault["pointer"]: fault["code"] for fault in response.json["errors"]}


def step(**more: Any) -> dict[str, Any]:
    return {"steps": [{"delay_minutes": 5, "targets": [TARGET], **more}]}


WRONG_WHOLE_NUMBERS = [1.9, 1.0, "1", WORD, True, None, [NUMBER], {"a": WORD}]
OUT_OF_RANGE = [0, -1, NUMBER, 2**31, 2**63, 10**40]
BODIES: list[tuple[str, str, str, Any, str, str]] = [
    # who, method, path, body, pointer, code
    ("bob", "POST", "patients", PATIENT | {"surprise": WORD}, "/surprise", "unknown_field"),
    ("bob", "POST", "patients", {"time_zone": "Europe/Madrid"}, "/name", "required"),
    ("bob", "POST", "patients", PATIENT | {"name": None}, "/name", "null"),
    ("bob", "POST", "patients", PATIENT | {"name": NUMBER}, "/name", "wrong_type"),
    ("bob", "POST", "patients", PATIENT | {"name": ""}, "/name", "too_short"),
    ("bob", "POST", "patients", PATIENT | {"name": WORD * 30}, "/name", "too_long"),
    ("bob", "POST", "patients", PATIENT | {"name": f"{WORD}\0"}, "/name", "invalid_text"),
    ("bob", "POST", "patients", PATIENT | {"time_zone": f"Mars/{WORD}"}, "/time_zone", "*"),
    ("bob", "POST", "patients", PATIENT | {"locale": f"{WORD}\n"}, "/locale", "invalid_format"),
    ("bob", "POST", "patients", [WORD], "", "wrong_type"),
    ("bob", "POST", "patients", WORD, "", "wrong_type"),
    ("bob", "POST", "patients/{alice}/infusions", {"planned_at": WORD}, "/planned_at", "*"),
    (
        "bob",
        "POST",
        "patients/{alice}/infusions",
        {"planned_at": "2026-03-09T09:00:00"},
        "/planned_at",
        "*",
    ),
    (
        "bob",
        "POST",
        "patients/{alice}/infusions",
        INFUSION | {"route": WORD},
        "/route",
        "invalid_choice",
    ),
    *(
        (
            "bob",
            "POST",
            "patients/{alice}/infusions",
            INFUSION | {"dose_mg_per_kg": dose},
            "/dose_mg_per_kg",
            "*",
        )
        for dose in ("1", WORD, True, NUMBER, 0, -1)
    ),
    *(
        ("bob", "POST", "alerts/{random}/acknowledge", {"generation": value}, "/generation", "*")
        for value in (*WRONG_WHOLE_NUMBERS, 0, 2**31, 10**40)
    ),
    *(
        (
            "dana",
            "PUT",
            "policies/default",
            step(delay_minutes=value),
            "/steps/0/delay_minutes",
            "*",
        )
        for value in (*WRONG_WHOLE_NUMBERS, *OUT_OF_RANGE)
    ),
    ("dana", "PUT", "policies/default", step(surprise=WORD), "/steps/0/surprise", "unknown_field"),
    ("dana", "PUT", "policies/default", step(targets=[]), "/steps/0/targets", "too_few"),
    ("dana", "PUT", "policies/default", step(targets=WORD), "/steps/0/targets", "wrong_type"),
    ("dana", "PUT", "policies/default", {"steps": []}, "/steps", "too_few"),
    ("erin", "PUT", "clinic", CLINIC | {"country": WORD}, "/country", "*"),
    ("erin", "PUT", "clinic", CLINIC | {"phone": WORD}, "/phone", "invalid_format"),
    ("erin", "POST", "staff", {"name": "X", "email": WORD, "role": "auditor"}, "/email", "*"),
    (
        "erin",
        "POST",
        "staff",
        {"name": "X", "email": "x@y.example", "role": "patient"},
        "/role",
        "invalid_choice",
    ),
    (
        "erin",
        "POST",
        "api-clients",
        {"name": WORD, "scopes": ["me:write"]},
        "/scopes/0",
        "invalid_choice",
    ),
    ("dana", "POST", "rule-sets", {"document": [WORD], "reason": "why"}, "/document", "wrong_type"),
]


@pytest.mark.parametrize(("who", "method", "path", "body", "pointer", "code"), BODIES)
def test_a_body_that_does_not_fit(
    cast: Cast, house: House, who: str, method: str, path: str, body: Any, pointer: str, code: str
) -> None:
    api: Api = getattr(cast, who).api
    before = stored(house)
    url = "/v1/" + path.format(alice=cast.alice.id, random=uuid4())
    # The standard library's writer: orjson's has no numbers of more than 64 bits.
    response = api.send(method, url, json.dumps(body).encode(), JSON)

    refused(response, 422, "invalid")
    found = faults(response)
    assert pointer in found
    assert code in ("*", found[pointer])
    assert stored(house) == before


def test_every_fault_is_told_at_once(cast: Cast) -> None:
    response = cast.bob.api.post("/v1/patients", {"surprise": WORD, "locale": NUMBER})

    refused(response, 422, "invalid")
    assert faults(response) == {
        "/surprise": "unknown_field",
        "/locale": "wrong_type",
        "/name": "required",
        "/time_zone": "required",
    }


def test_a_foreign_id_in_a_body_is_as_unknown_as_any(cast: Cast, house: House) -> None:
    before = stored(house)
    answers = []
    for id in (cast.elsewhere.id, uuid4()):
        body = step(targets=[{"type": "endpoint", "id": str(id)}])
        response = cast.dana.api.put("/v1/policies/default", body, if_match="*")
        refused(response, 422, "invalid")
        assert faults(response) == {"/steps/0/targets/0/id": "unreachable"}
        assert str(id) not in response.body.decode()
        answers.append(response.body)
    assert answers[0] == answers[1]
    assert stored(house) == before


# --- check-ins: without a word on suicidality refused, with one kept and judged ----------------

ENVELOPES: list[tuple[dict[str, Any], str, str]] = [
    ({"surprise": WORD}, "/surprise", "unknown_field"),
    ({"version": "9.9.9"}, "/version", "unknown"),
    ({"instrument": WORD}, "/instrument", "unknown"),
    ({"version": 1}, "/version", "wrong_type"),
    ({"recorded_at": f"yesterday {WORD}"}, "/recorded_at", "invalid_format"),
    ({"recorded_at": "2026-03-02T09:00:00"}, "/recorded_at", "invalid_format"),
    ({"recorded_at": None}, "/recorded_at", "null"),
    ({"sent_at": NUMBER}, "/sent_at", "invalid_format"),
    ({"time_zone": WORD}, "/time_zone", "invalid_choice"),
    ({"locale": WORD}, "/locale", "invalid_format"),
]
MOODS = [(1.9, "wrong_type"), (7.0, "wrong_type"), ("1", "wrong_type"), (WORD, "wrong_type")]
MOODS += [(True, "wrong_type"), (None, "required"), (11, "out_of_range"), (-1, "out_of_range")]
MOODS += [(NUMBER, "out_of_range"), ([WORD], "wrong_type")]
SILENT = {"si_gate": None, "si_act": None, "safe_now": None}


def put(cast: Cast, changed: Mapping[str, Any], answers: Mapping[str, Any]) -> Response:
    body = cast.alice.check_in_body(**{k: v for k, v in answers.items() if v is None})
    body["answers"] |= {k: v for k, v in answers.items() if k not in SILENT or v is not None}
    return cast.alice.api.put(f"/v1/check-ins/{uuid4()}", body | dict(changed))


@pytest.mark.parametrize(
    ("changed", "answers", "pointer", "code"),
    [
        *((changed, {}, pointer, code) for changed, pointer, code in ENVELOPES),
        *(({}, {"mood": mood}, "/answers/mood", code) for mood, code in MOODS),
        ({}, {"surprise": WORD}, "/answers/surprise", "unknown_field"),
        ({}, {"drove_before_next_morning": WORD}, "/answers/drove_before_next_morning", "*"),
    ],
)
def test_a_faulty_check_in(
    cast: Cast,
    house: House,
    changed: dict[str, Any],
    answers: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    before = stored(house)
    silent = put(cast, changed, SILENT | answers)
    refused(silent, 422, "invalid")
    assert code in ("*", faults(silent)[pointer])
    assert silent.json["crisis"]["emergency_numbers"] == ["112"]
    assert silent.json["crisis"]["pack"].startswith("/v1/crisis-pack")
    assert stored(house) == before

    risky = put(cast, changed, {"si_gate": "yes", "si": 4} | answers)
    assert risky.status == 202, risky
    assert code in ("*", faults(risky)[pointer])
    assert risky.json["guidance"]["level"] == "emergency"
    assert WORD.lower() not in risky.body.decode().lower()
    assert [alert["severity"] for alert in cast.dana.alerts()] == ["critical"]
    assert stored(house)["check_ins"] == before["check_ins"]
    assert stored(house)["quarantine"] == before["quarantine"] + 1


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        ({"si": "4"}, "critical"),
        ({"si": 4.0}, "critical"),
        ({"si": 3.2}, "critical"),
        ({"si": 9}, "critical"),
        ({"si": " 2 "}, "moderate"),
        ({"si": WORD}, "high"),
        ({"si": True}, "high"),
        ({"si": -1}, "high"),
        ({"si": [4]}, "high"),
        ({"si": {"level": 4}}, "high"),
        ({"safe_now": WORD}, "high"),
        ({"safe_now": False}, "critical"),
        ({"si_act": "YES"}, "critical"),
        ({"si_act": True}, "critical"),
        ({"mood": None, "si": 5}, "critical"),
        ({"mood": None}, None),
    ],
)
def test_what_can_be_read_of_suicidality_is_judged(
    cast: Cast, house: House, answers: dict[str, Any], severity: str | None
) -> None:
    given = ({"si_gate": "yes"} if "si" in answers else {}) | answers
    response = put(cast, {}, given)

    assert response.status == 202
    assert response.json["outcome"] == "quarantined"
    assert response.json["care_team_told"] is (severity is not None)
    assert [alert["severity"] for alert in cast.dana.alerts()] == ([severity] if severity else [])
    (item,) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/quarantine").json["items"]
    assert (item["why"], item["severity"]) == ("invalid", severity)
    for name, value in answers.items():
        assert item["body"]["answers"].get(name) == value
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        raw = connection.execute(select(metadata.tables["quarantine"].c.body)).scalar_one()
    assert b"answers" not in raw


@pytest.mark.parametrize(
    "changed",
    [{"a\0b": 1}, {"answers": {"si": 5, "a\0b": "\0"}}, {"answers": {"si": 5, "x" * 200: WORD}}],
)
def test_no_odd_name_silences_a_risk_answer(cast: Cast, changed: dict[str, Any]) -> None:
    response = put(cast, changed, {"si_gate": "yes", "si": 5})

    assert response.status == 202
    assert [alert["severity"] for alert in cast.dana.alerts()] == ["critical"]


def test_a_faulty_body_is_judged_once_and_its_correction_recorded(cast: Cast) -> None:
    id = uuid4()
    for _ in range(2):
        assert cast.alice.check_in(id, mood=11, si=4).status == 202
    assert cast.alice.check_in(id, mood=1, si=4).status == 201
    (alert,) = cast.dana.alerts()
    assert [entry["kind"] for entry in cast.bob.alert(alert)["entries"]] == ["opened", "joined"]
