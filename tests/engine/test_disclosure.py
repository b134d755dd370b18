"""Systems outside the clinic hear of a patient who consents, and no consent thins out an alarm."""

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from diary.alerts import unreachable
from diary.callers import OPERATOR, Caller, CallerKind
from diary.consents.purposes import Purpose
from diary.settings import Settings
from diary.webhooks import queue
from diary.webhooks.disclosure import NOTICE
from diary.webhooks.model import deliveries, messages
from diary.webhooks.publish import owe
from diary.work import House
from engine.escalate import escalate_due
from engine.loop import Engine
from tests.cast import Cast, Patient
from tests.clock import SimulatedClock
from tests.conftest import settings_for
from tests.consents import answer, outside, publish
from tests.engine.steps import Wait, heard
from tests.erasing import REASON
from tests.receiver import Receiver
from tests.steps import put_out

OUTSIDE = "outside"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ledger = {"erasure_ledger": tmp_path / "erasures.jsonl"}
    return settings_for(database_url).model_copy(update=ledger)


@pytest.fixture
def elsewhere(cast: Cast, receiver: Receiver) -> dict[str, Any]:
    """An endpoint outside the clinic, at the receiver's, and a text that asks for it."""
    made = outside(cast, receiver.endpoint(OUTSIDE).url)
    receiver.endpoint(OUTSIDE).trust(made["secret"])
    publish(cast, "disclosure")
    return made


def test_told_while_the_patient_consents(
    cast: Cast, receiver: Receiver, engine: Engine, elsewhere: dict[str, Any]
) -> None:
    cast.alice.check_in(si=3)
    engine.run_until_idle()
    assert heard(receiver, "team") == ["opened"]
    assert heard(receiver, OUTSIDE) == []

    answer(cast.alice, "disclosure", given=True)
    cast.alice.check_in(si=5)
    engine.run_until_idle()
    told = receiver.expect("alert.triggered", OUTSIDE)
    assert told.data["reason"] == "worsened"
    assert orjson.loads(told.body)["disclosure"] == {
        "notice": NOTICE,
        "consent": {
            "version": 1,
            "title": "About disclosure",
            "given_at": "2026-03-02T09:00:00Z",
        },
    }
    assert b"disclosure" not in receiver.received("team")[-1].body

    answer(cast.alice, "disclosure", given=False)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    engine.run_until_idle()
    assert heard(receiver, "team")[-1] == "alert.acknowledged"
    assert heard(receiver, OUTSIDE) == ["worsened"]


def test_what_is_owed_and_not_yet_sent_is_withdrawn(
    cast: Cast, receiver: Receiver, engine: Engine, elsewhere: dict[str, Any]
) -> None:
    answer(cast.alice, "disclosure", given=True)
    cast.alice.check_in(si=5)
    answer(cast.alice, "disclosure", given=False)
    answer(cast.alice, "disclosure", given=True)
    engine.run_until_idle()
    assert heard(receiver, OUTSIDE) == []
    (cancelled,) = cast.erin.api.get("/v1/deliveries", endpoint_id=elsewhere["id"]).json["items"]
    assert (cancelled["state"], cancelled["is_page"]) == ("cancelled", False)
    replay = f"/v1/deliveries/{cancelled['id']}/replay"
    assert cast.erin.api.post(replay).status == 201
    engine.run_until_idle()
    assert heard(receiver, OUTSIDE) == ["opened"]
    answer(cast.alice, "disclosure", given=False)
    refused = cast.erin.api.post(replay)
    assert (refused.status, refused.code) == (409, "consent-needed")


def test_what_leaves_the_clinic_is_taken_after_the_pages_and_apart(
    cast: Cast, house: House, receiver: Receiver, engine: Engine, elsewhere: dict[str, Any]
) -> None:
    """A consent that is being withdrawn may be waited for; no page may wait with it."""
    answer(cast.alice, "disclosure", given=True)
    cast.alice.check_in(si=5)
    with house.work(Caller(CallerKind.ENGINE), write=False) as work:
        ours, theirs = (queue.due_endpoints(work, outside=outside_) for outside_ in (False, True))
        both = queue.due_endpoints(work)
    assert theirs == [(cast.clinic, UUID(elsewhere["id"]))]
    assert len(ours) == 1
    assert sorted(both) == sorted(ours + theirs)


def test_nothing_of_an_erased_patient_leaves_the_clinic(
    cast: Cast, house: House, receiver: Receiver, engine: Engine, elsewhere: dict[str, Any]
) -> None:
    answer(cast.alice, "disclosure", given=True)
    cast.alice.check_in(si=5)
    cast.bob.resolve(cast.bob.alerts()[0])
    engine.run_until_idle()
    told = len(receiver.received(OUTSIDE))
    assert told
    (sent, *_) = cast.erin.api.get(
        "/v1/deliveries", endpoint_id=elsewhere["id"], state="delivered"
    ).json["items"]
    assert cast.erin.api.delete(f"/v1/patients/{cast.alice.id}", REASON).status == 204

    refused = cast.erin.api.post(f"/v1/deliveries/{sent['id']}/replay")
    assert (refused.status, refused.code) == (409, "consent-needed")
    # One that was under way when the erasure was: it asked before, and commits after.
    with house.work(cast.erin.caller) as work:
        row = work.row(
            select(deliveries).where(
                deliveries.c.clinic_id == cast.clinic, deliveries.c.id == UUID(sent["id"])
            )
        )
        assert row is not None
        again = owe(
            work,
            clinic_id=cast.clinic,
            message_id=row.message_id,
            endpoint_id=row.endpoint_id,
            alert_id=row.alert_id,
            is_page=False,
            priority=row.priority,
            patient_id=row.patient_id,
        )
    engine.run_until_idle()
    assert len(receiver.received(OUTSIDE)) == told
    assert cast.erin.api.get(f"/v1/deliveries/{again}").json["state"] == "cancelled"


def test_what_is_tried_again_asks_again(
    cast: Cast, receiver: Receiver, engine: Engine, wait: Wait, elsewhere: dict[str, Any]
) -> None:
    """The claim decides: also of a consent that ended by itself since the message was owed."""
    publish(cast, "disclosure", lasts_months=1)
    answer(cast.alice, "disclosure", given=True, version=2)
    receiver.endpoint(OUTSIDE).behave("status", status=500)
    wait(days=30, hours=23, minutes=59, seconds=58)
    cast.alice.check_in(si=5)
    engine.run_until_idle()
    assert len(receiver.received(OUTSIDE)) == 1
    receiver.endpoint(OUTSIDE).behave("ok")
    wait(minutes=1)
    assert len(receiver.received(OUTSIDE)) == 1
    (owed,) = cast.erin.api.get("/v1/deliveries", endpoint_id=elsewhere["id"]).json["items"]
    assert owed["state"] == "cancelled"


def test_no_policy_pages_it_and_nobody_is_reached_by_it(
    cast: Cast, receiver: Receiver, engine: Engine, wait: Wait, elsewhere: dict[str, Any]
) -> None:
    step = {
        "delay_minutes": 5,
        "rounds": 1,
        "targets": [{"type": "endpoint", "id": elsewhere["id"]}],
    }
    refused = cast.erin.api.put("/v1/policies/default", {"steps": [step]}, if_match="*")
    (fault,) = refused.json["errors"]
    assert refused.status == 422
    assert (fault["pointer"], fault["code"]) == ("/steps/0/targets/0/id", "disclosure")

    answer(cast.alice, "disclosure", given=True)
    for name in ("team", "on-call"):
        receiver.endpoint(name).behave("status", status=500)
    cast.alice.check_in(si=5)
    for _ in range(4):
        wait(minutes=6)
    receiver.expect("alert.triggered", OUTSIDE)
    # It took the message, and no answer to the patient counts that as having reached the team.
    assert cast.alice.api.get("/v1/me/alert").json["delivered_at"] is None
    assert "exhausted" in heard(receiver, "team")


def test_what_concerns_the_team_alone_stays_there(
    cast: Cast, receiver: Receiver, engine: Engine, elsewhere: dict[str, Any], house: House
) -> None:
    for purpose in ("disclosure", "treatment-diary"):
        if purpose != "disclosure":
            publish(cast, purpose)
        answer(cast.alice, purpose, given=True)
    answer(cast.alice, "treatment-diary", given=False)
    put_out(cast.alice)
    with house.work(Caller(CallerKind.ENGINE, clinic_id=cast.clinic)) as work:
        unreachable.endpoint_gone(work, cast.clinic, cast.on_call.id)
    engine.run_until_idle()
    told = receiver.expect("consent.withdrawn", "team")
    assert told.data == {
        "patient": cast.alice.reference,
        "purpose": "treatment-diary",
        "link": f"https://diary.example/v1/patients/{cast.alice.id}/consents",
    }
    assert heard(receiver, OUTSIDE) == []
    assert cast.erin.api.post(f"/v1/webhook-endpoints/{elsewhere['id']}/ping").status == 201
    engine.run_until_idle()
    assert heard(receiver, OUTSIDE) == ["ping"]


# --- for any sequence of consents the team is told the same --------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("check-in"), st.sampled_from([None, 0, 1, 3, 5])),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 90])),
    st.tuples(st.just("answer"), st.sampled_from(["acknowledge", "resolve"])),
    st.tuples(
        st.just("consent"),
        st.tuples(st.sampled_from(list(Purpose)), st.booleans()),
    ),
)


@examples(
    max_examples=8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(STEPS, min_size=3, max_size=10))
@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_consents_change_nothing_of_what_the_team_is_told(
    cast: Cast, house: House, clock: SimulatedClock, steps: list[tuple[str, Any]]
) -> None:
    """The same days twice, to the second: without a consent, and with every one that is named."""
    if not cast.alice.api.get("/v1/me/consents").json["items"][0]["asked"]:
        outside(cast)
        for purpose in Purpose:
            publish(cast, purpose)
    begun = clock.now()
    without = _live_through(cast, house, clock, [each for each in steps if each[0] != "consent"])
    clock.set(begun)
    assert _live_through(cast, house, clock, steps) == without


def _live_through(
    cast: Cast, house: House, clock: SimulatedClock, steps: list[tuple[str, Any]]
) -> list[Any]:
    """What the team was told of a new patient who does all that."""
    patient = cast.enrol("Olga")

    def open_alerts() -> list[dict[str, Any]]:
        return cast.dana.alerts(status="open", patient_id=patient.id)

    for kind, what in steps:
        if kind == "check-in":
            assert patient.check_in(si=what).status == 201
        elif kind == "consent":
            assert answer(patient, what[0], given=what[1]).status == 200
        elif kind == "wait":
            clock.advance(minutes=what)
            escalate_due(house, Caller(CallerKind.ENGINE))
        elif what == "acknowledge":
            for alert in open_alerts():
                cast.dana.acknowledge(alert)
        else:
            for alert in open_alerts():
                cast.dana.resolve(alert)
    told = _told_of(house, patient)
    for alert in open_alerts():
        cast.dana.resolve(alert)
    return told


def _told_of(house: House, patient: Patient) -> list[Any]:
    """Everything that is or was owed for a patient's alerts, but for ids."""
    hidden = {"alert_id", "patient", "link", "acknowledged_by"}
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(
            select(deliveries, messages.c.body)
            .join(
                messages,
                (messages.c.clinic_id == deliveries.c.clinic_id)
                & (messages.c.id == deliveries.c.message_id),
            )
            .where(deliveries.c.patient_id.is_(None))
        )
    found = []
    for row in rows:
        body = orjson.loads(row.body)
        if body["data"].get("patient") != patient.reference or "alert_id" not in body["data"]:
            continue
        assert "disclosure" not in body
        data = sorted((k, v) for k, v in body["data"].items() if k not in hidden)
        found.append(
            (
                body["type"],
                body["timestamp"],
                str(row.endpoint_id),
                row.is_page,
                row.priority,
                row.state,
                str(row.due_at),
                data,
            )
        )
    return sorted(found, key=str)
