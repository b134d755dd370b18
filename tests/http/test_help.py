""" "I need help now": never refused for its form, always critical."""

import pytest
from sqlalchemy import func, select

from diary.alerts.model import alerts
from diary.isolation import EVERYTHING
from diary.work import House
from tests.cast import Cast


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (None, {}),
        (b'{"note": "please"}', {"Content-Type": "application/json"}),
        (b"\xff\x00 not anything", {"Content-Type": "image/png"}),
        (b"x" * 70_000, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}),
    ],
)
def test_help_is_never_refused_for_its_form(
    cast: Cast, body: bytes | None, headers: dict[str, str]
) -> None:
    response = cast.alice.api.send("POST", "/v1/me/help", body, headers)

    assert response.status == 201
    assert response.json["care_team_told"] is True
    assert response.json["guidance"]["level"] == "emergency"
    (alert,) = cast.dana.alerts()
    assert alert["severity"] == "critical"


def test_help_again_joins_the_alert(cast: Cast, house: House) -> None:
    for _ in range(3):
        assert cast.alice.ask_for_help().status == 201

    (alert,) = cast.dana.alerts()
    found = cast.bob.alert(alert)["findings"]
    assert [finding["rule"] for finding in found] == ["R0", "R0", "R0"]
    assert len({finding["source_id"] for finding in found}) == 3
    assert alert["generation"] == 1
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        assert connection.execute(select(func.count()).select_from(alerts)).scalar_one() == 1


def test_help_is_told_whom_to_call(cast: Cast) -> None:
    guidance = cast.alice.ask_for_help().json["guidance"]

    assert guidance["emergency_numbers"] == ["112"]
    assert guidance["clinic_phone"] == "+34910000000"
    assert guidance["crisis_pack"] == "/v1/crisis-pack?country=ES&locale=en"


def test_help_after_a_resolved_alert_opens_the_next(cast: Cast) -> None:
    cast.alice.ask_for_help()
    (first,) = cast.dana.alerts()
    assert cast.bob.resolve(first).status == 200
    cast.alice.ask_for_help()

    second, _ = cast.dana.alerts()
    assert second["previous_id"] == first["id"]
    assert (second["status"], second["severity"]) == ("triggered", "critical")
