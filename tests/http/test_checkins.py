"""A check-in that was answered 2xx is kept, and whatever it says of suicidality is judged."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Table, func, select

from diary.alerts.model import alert_entries, alerts
from diary.checkins.model import check_ins, quarantine
from diary.isolation import EVERYTHING
from diary.severity import Severity
from diary.webhooks.model import deliveries, messages
from diary.work import House
from tests.cast import Cast, Patient
from tests.client import Response

MADRID = ZoneInfo("Europe/Madrid")
AT_ONCE = 50


def rows(house: House, table: Table) -> int:
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def at_once(call: Callable[[], Response]) -> list[Response]:
    """The same call from many threads, which all start together."""
    barrier = Barrier(AT_ONCE)

    def one(_: int) -> Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def kept(cast: Cast, patient: Patient, id: object) -> dict[str, Any]:
    response = cast.bob.api.get(f"/v1/patients/{patient.id}/check-ins/{id}")
    assert response.status == 200
    found: dict[str, Any] = response.json
    return found


def apart(cast: Cast) -> list[dict[str, Any]]:
    response = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/quarantine")
    assert response.status == 200
    items: list[dict[str, Any]] = response.json["items"]
    return items


# --- recording -----------------------------------------------------------------------------------


def test_a_calm_check_in(cast: Cast) -> None:
    response = cast.alice.check_in(dissociation_time=1, dissociation_body=1)

    assert response.status == 201
    receipt = response.json
    assert receipt["outcome"] == "recorded"
    assert receipt["scores"] == {
        "mood": 7,
        "anxiety": 2,
        "dissociation": 1,
        "dissociation_total": 2,
        "si": 0,
    }
    assert receipt["infusion"] == {"number": 4, "days_since": 3, "hours_since": 72}
    assert receipt["local_date"] == "2026-03-02"
    assert receipt["care_team_told"] is False
    assert receipt["errors"] == []
    assert cast.dana.alerts() == []


def test_a_calm_check_in_is_told_whom_to_call_all_the_same(cast: Cast) -> None:
    guidance = cast.alice.check_in().json["guidance"]

    assert guidance["level"] == "none"
    assert guidance["emergency_numbers"] == ["112"]
    assert "024" in [contact["call"] for contact in guidance["contacts"]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", guidance["contacts_verified_on"])
    assert guidance["clinic_phone"] == "+34910000000"
    assert guidance["coverage"]["open_now"] is True
    assert guidance["coverage"]["text"]
    assert guidance["crisis_pack"] == "/v1/crisis-pack?country=ES&locale=en"


@pytest.mark.parametrize(
    ("recorded_at", "day"),
    [("02T03:59:59", "2026-03-01"), ("02T04:00:00", "2026-03-02"), ("01T23:59:59", "2026-03-01")],
)
def test_the_diarys_day_starts_at_four(cast: Cast, recorded_at: str, day: str) -> None:
    moment = datetime.fromisoformat(f"2026-03-{recorded_at}").replace(tzinfo=MADRID)
    assert cast.alice.check_in(recorded_at=moment).json["local_date"] == day


@pytest.mark.parametrize(
    ("answers", "level", "severity"),
    [
        ({"si": 1}, "support", "moderate"),
        ({"si": 2}, "support", "moderate"),
        ({"safe_now": "unsure"}, "support", "moderate"),
        ({"si_act": "declined"}, "support", "moderate"),
        ({"si": 3}, "urgent", "high"),
        ({"si": 1, "safe_now": "unsure"}, "urgent", "high"),
        ({"si": 4}, "emergency", "critical"),
        ({"si": 5}, "emergency", "critical"),
        ({"si_act": "yes"}, "emergency", "critical"),
        ({"safe_now": "no"}, "emergency", "critical"),
    ],
)
def test_risk_is_answered_and_alerted(
    cast: Cast, answers: dict[str, Any], level: str, severity: str
) -> None:
    response = cast.alice.check_in(**answers)

    assert response.status == 201
    assert response.json["guidance"]["level"] == level
    assert response.json["care_team_told"] is True
    (alert,) = cast.dana.alerts()
    assert (alert["severity"], alert["status"]) == (severity, "triggered")
    assert alert["patient_id"] == str(cast.alice.id)
    stored = kept(cast, cast.alice, response.json["id"])
    assert (stored["severity"], stored["alert_id"]) == (severity, alert["id"])
    assert stored["rule_set_version"] == 0


def test_spanish_answers_are_answered_in_spanish(cast: Cast) -> None:
    english = cast.alice.check_in(si=4).json["guidance"]
    spanish = cast.alice.check_in(envelope={"locale": "es-MX"}, si=4).json["guidance"]

    assert spanish["locale"] == "es"
    assert spanish["level"] == english["level"] == "emergency"
    assert "llama" in spanish["text"].lower()
    assert spanish["coverage"]["text"] != english["coverage"]["text"]
    assert spanish["crisis_pack"].endswith("locale=es")


# --- the same again, and something else under the same id ----------------------------------------


def test_the_same_body_again_changes_nothing(cast: Cast, house: House) -> None:
    id, body = uuid4(), cast.alice.check_in_body(si=4)
    first = cast.alice.api.put(f"/v1/check-ins/{id}", body)
    again = cast.alice.api.put(
        f"/v1/check-ins/{id}", dict(reversed(body.items())) | {"sent_at": "2026-03-02T11:00:00Z"}
    )

    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json | {"outcome": "repeated"}
    assert [rows(house, each) for each in (check_ins, alerts, messages, deliveries)] == [1] * 4
    assert rows(house, quarantine) == 0


def test_fifty_equal_requests_at_once_are_one(cast: Cast, house: House) -> None:
    path, body = f"/v1/check-ins/{uuid4()}", cast.alice.check_in_body(si=5)
    caller = cast.alice.api

    answers = at_once(lambda: caller.put(path, body))

    assert sorted(answer.status for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert {answer.json["guidance"]["level"] for answer in answers} == {"emergency"}
    counted = (check_ins, alerts, alert_entries, messages, deliveries)
    assert [rows(house, each) for each in counted] == [1] * len(counted)
    (alert,) = cast.dana.alerts()
    (delivery,) = cast.bob.api.get(f"/v1/alerts/{alert['id']}/deliveries").json["items"]
    assert (delivery["endpoint_id"], delivery["type"]) == (str(cast.team.id), "alert.triggered")


def test_fifty_risk_answers_at_once_share_one_alert(cast: Cast, house: House) -> None:
    answers = at_once(lambda: cast.alice.check_in(si=5))

    assert {answer.status for answer in answers} == {201}
    (alert,) = cast.dana.alerts()
    assert rows(house, check_ins) == len(cast.bob.alert(alert)["entries"]) == AT_ONCE
    assert {entry["sequence"] for entry in cast.bob.alert(alert)["entries"]} == {
        *range(1, AT_ONCE + 1)
    }


def test_another_body_without_news_of_risk_is_refused_and_dropped(cast: Cast, house: House) -> None:
    id = cast.alice.check_in().json["id"]
    response = cast.alice.check_in(id, mood=3)

    assert (response.status, response.code) == (409, "check-in-conflict")
    assert response.json["crisis"]["emergency_numbers"] == ["112"]
    assert kept(cast, cast.alice, id)["mood"] == 7
    assert rows(house, quarantine) == 0


@pytest.mark.parametrize(
    ("first", "second", "level", "severity"),
    [(0, 5, "emergency", "critical"), (5, 0, "none", None), (1, 3, "urgent", "high")],
)
def test_another_suicidality_answer_is_kept_and_judged(
    cast: Cast, first: int, second: int, level: str, severity: str | None
) -> None:
    id = cast.alice.check_in(si=first or None).json["id"]
    before = cast.dana.alerts()
    response = cast.alice.check_in(id, si=second or None)

    assert (response.status, response.code) == (409, "check-in-conflict")
    assert response.json["guidance"]["level"] == level
    assert response.json["guidance"]["contacts"]
    assert kept(cast, cast.alice, id)["si"] == first
    (item,) = apart(cast)
    assert (item["why"], item["check_in_id"]) == ("conflict", id)
    assert item["body"]["answers"].get("si", 0) == second
    assert item["severity"] == severity
    # Worse raises the alert; better never lowers it.
    (alert,) = cast.dana.alerts()
    assert alert["suicidality"] == max(first, second)
    assert alert["severity"] == (before[0]["severity"] if first > second else severity)


def test_fifty_copies_of_another_body_are_judged_once(cast: Cast, house: House) -> None:
    id = cast.alice.check_in().json["id"]
    path, body = f"/v1/check-ins/{id}", cast.alice.check_in_body(si=4)
    caller = cast.alice.api

    answers = at_once(lambda: caller.put(path, body))

    assert {answer.status for answer in answers} == {409}
    assert {answer.json["guidance"]["level"] for answer in answers} == {"emergency"}
    counted = (check_ins, quarantine, alerts, alert_entries)
    assert [rows(house, each) for each in counted] == [1] * len(counted)
    # The page, and to both endpoints that a person has to look.
    assert (rows(house, messages), rows(house, deliveries)) == (2, 3)


def test_two_patients_may_choose_the_same_id(cast: Cast) -> None:
    id = uuid4()
    assert cast.alice.check_in(id, mood=2).status == 201
    assert cast.frank.check_in(id, mood=9).status == 201
    assert cast.alice.api.get(f"/v1/check-ins/{id}").json["mood"] == 2
    assert cast.frank.api.get(f"/v1/check-ins/{id}").json["mood"] == 9


# --- worse is never less -------------------------------------------------------------------------

ORDER: dict[str, tuple[object, ...]] = {
    "si_gate": ("no", "yes"),
    "si": (None, 0, 1, 2, 3, 4, 5),
    "si_act": ("no", "yes"),
    "safe_now": ("yes", "unsure", "no"),
}
OTHERS = {
    "mood": st.integers(0, 10) | st.just("declined"),
    "anxiety": st.integers(0, 10),
    "dissociation_memory": st.integers(0, 4) | st.just("declined"),
}


@st.composite
def _worse(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object]]:
    others = draw(st.fixed_dictionaries(OTHERS))
    levels = {name: draw(st.integers(0, len(order) - 1)) for name, order in ORDER.items()}
    item = draw(st.sampled_from(sorted(ORDER)))
    worse = levels | {item: draw(st.integers(levels[item], len(ORDER[item]) - 1))}
    mild, grave = ({k: ORDER[k][v] for k, v in each.items()} for each in (levels, worse))
    return others | mild, others | grave


def _severity(cast: Cast, patient: Patient) -> int:
    found = cast.dana.alerts(patient_id=patient.id)
    return Severity.of(found[0]["severity"]) if found else 0


@given(pair=_worse())
@examples(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_worse_answer_never_alerts_less(
    cast: Cast, pair: tuple[dict[str, object], dict[str, object]]
) -> None:
    answered = []
    for answers in pair:
        patient = cast.enrol("Someone")
        body = patient.check_in_body()
        body["answers"] |= {name: value for name, value in answers.items() if value is not None}
        response = patient.api.put(f"/v1/check-ins/{uuid4()}", body)
        assert response.status == 201, response
        answered.append(_severity(cast, patient))

    assert answered[0] <= answered[1], pair
