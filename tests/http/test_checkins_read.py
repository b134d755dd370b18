"""Check-ins read back: in pages, by their patient and by the care team."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock

JUDGED = {
    *("device_id", "patient_id", "severity", "rule_set_version", "alert_id"),
    *("client_total", "total_agrees"),
}
LEVELS = (0, 1, 2, 3, 4, 5, 0)


@pytest.fixture
def diary(cast: Cast, clock: SimulatedClock) -> list[str]:
    """Seven check-ins of Alice's; each pair has one moment. The last recorded comes first."""
    sent = []
    for number, level in enumerate(LEVELS):
        moment = clock.now() - timedelta(hours=number // 2)
        response = cast.alice.check_in(recorded_at=moment, si=level or None)
        assert response.status == 201
        sent.append((moment, response.json["id"]))
    return [id for _, id in sorted(sent, reverse=True)]


def pages(api: Api, path: str, **query: object) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    cursor = None
    while not found or cursor is not None:
        response = api.get(path, **query, **({"cursor": cursor} if cursor else {}))
        assert response.status == 200
        found.append(response.json["items"])
        cursor = response.json["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_are_complete_and_without_duplicates(
    cast: Cast, diary: list[str], limit: int
) -> None:
    callers = (
        (cast.alice.api, "/v1/check-ins"),
        (cast.bob.api, f"/v1/patients/{cast.alice.id}/check-ins"),
    )
    for api, path in callers:
        found = pages(api, path, limit=limit)
        assert [item["id"] for page in found for item in page] == diary
        assert all(len(page) == limit for page in found[:-1])


def test_a_check_in_that_comes_between_two_pages_moves_nothing(
    cast: Cast, clock: SimulatedClock, diary: list[str]
) -> None:
    first = cast.alice.api.get("/v1/check-ins", limit=3).json
    clock.advance(minutes=1)
    cast.alice.check_in()
    rest = cast.alice.api.get("/v1/check-ins", limit=100, cursor=first["next_cursor"]).json

    assert [item["id"] for item in first["items"] + rest["items"]] == diary


def test_filters(cast: Cast, clock: SimulatedClock, diary: list[str]) -> None:
    path = f"/v1/patients/{cast.alice.id}/check-ins"
    hour = clock.now() - timedelta(hours=1)

    def levels(**query: object) -> list[int]:
        return sorted(item["si"] for page in pages(cast.bob.api, path, **query) for item in page)

    assert levels(si_at_least=3) == [3, 4, 5]
    assert levels(si_at_least=3, limit=1) == [3, 4, 5]
    assert levels(recorded_from=hour.isoformat()) == [0, 1, 2, 3]
    assert levels(recorded_before=hour.isoformat()) == [0, 4, 5]
    assert levels(recorded_from=hour.isoformat(), si_at_least=1) == [1, 2, 3]


@pytest.mark.parametrize("change", ["tampered", "another filter", "another list", "garbage"])
def test_a_cursor_fits_only_its_own_list(cast: Cast, diary: list[str], change: str) -> None:
    path = f"/v1/patients/{cast.alice.id}/check-ins"
    query: dict[str, object] = {"limit": 2, "si_at_least": 1}
    cursor = cast.bob.api.get(path, **query).json["next_cursor"]
    match change:
        case "tampered":
            cursor = ("A" if cursor[0] != "A" else "B") + cursor[1:]
        case "another filter":
            query["si_at_least"] = 0
        case "another list":
            path = f"/v1/patients/{cast.enrol('Someone').id}/check-ins"
        case "garbage":
            cursor = "sent-by-mistake"
    response = cast.bob.api.get(path, **query, cursor=cursor)

    assert (response.status, response.code) == (400, "bad-query")
    (fault,) = response.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/cursor", "invalid_cursor")
    assert cursor not in response.body.decode()


def test_the_care_team_reads_how_it_was_judged_and_the_patient_does_not(cast: Cast) -> None:
    id = cast.alice.check_in(si=4, mood=1).json["id"]
    own = cast.alice.api.get(f"/v1/check-ins/{id}").json
    theirs = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins/{id}").json

    assert theirs.keys() - own.keys() == JUDGED
    assert theirs | own == theirs
    assert (own["si"], own["mood"]) == (4, 1)
    assert own["answers"]["si"] == 4
    assert own["locale"] == "en"
    assert (theirs["severity"], theirs["patient_id"]) == ("critical", str(cast.alice.id))


def test_a_patient_reads_no_quarantine(cast: Cast) -> None:
    assert cast.alice.api.get(f"/v1/patients/{cast.alice.id}/quarantine").status == 403
    assert cast.charlie.api.get(f"/v1/patients/{cast.alice.id}/quarantine").status == 404


def test_every_clock_is_kept(cast: Cast, clock: SimulatedClock) -> None:
    wrong = datetime.fromisoformat("2026-03-02T07:15:30.250-05:00")
    envelope = {"sent_at": "2026-03-02T07:16:00-05:00", "time_zone": "America/Lima"}
    id = cast.alice.check_in(recorded_at=wrong, envelope=envelope).json["id"]

    stored = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins/{id}").json
    assert datetime.fromisoformat(stored["recorded_at"]) == wrong
    assert datetime.fromisoformat(stored["sent_at"]) == wrong.replace(minute=16, second=0) - (
        timedelta(milliseconds=250)
    )
    assert datetime.fromisoformat(stored["received_at"]) == clock.now()
    assert (stored["utc_offset_minutes"], stored["time_zone"]) == (-300, "America/Lima")
    assert stored["local_date"] == "2026-03-02"
