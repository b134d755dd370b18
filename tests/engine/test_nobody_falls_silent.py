"""Ways in which a page could have come later, quieter or never."""

import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from diary.alerts import apply
from diary.alerts.findings import Finding
from diary.alerts.service import Subjected, raise_alert
from diary.callers import Caller, CallerKind
from diary.severity import Severity
from diary.webhooks import queue
from diary.webhooks.signing import headers
from diary.work import House
from engine import deliver, escalate
from engine.loop import Engine, start_beside
from engine.reclaim import Reclaimer
from tests.cast import Cast, alert_id
from tests.clock import SimulatedClock
from tests.engine.steps import Wait, heard, set_policy
from tests.receiver import Received, Receiver

ENGINE = Caller(CallerKind.ENGINE)


@pytest.fixture
def held(cast: Cast, receiver: Receiver, engine: Engine) -> Received:
    """A critical alert of Alice's that Bob has acknowledged."""
    assert cast.alice.check_in(si=4).status == 201
    engine.run_until_idle()
    page = receiver.expect("alert.triggered", "team")
    assert cast.bob.acknowledge(page.data).status == 200
    engine.run_until_idle()
    receiver.clear()
    return page


@pytest.mark.parametrize(
    "sign", [{"si_act": "yes"}, {"safe_now": "no"}], ids=["an act", "not safe now"]
)
def test_a_new_acute_sign_pages_again_though_the_ladder_is_the_same(
    cast: Cast, receiver: Receiver, held: Received, wait: Wait, sign: dict[str, Any]
) -> None:
    cast.alice.check_in(**{"si": 4, **sign})
    wait(seconds=0)

    assert receiver.expect("alert.triggered", "team").data["reason"] == "worsened"
    assert cast.bob.alert(held.data)["alert"]["generation"] == 2

    assert cast.bob.acknowledge(cast.bob.alert(held.data)).status == 200
    cast.alice.check_in(**{"si": 4, **sign})
    wait(seconds=0)
    assert heard(receiver, "team")[-1] == "alert.updated", "the same sign is no news"


def test_a_call_for_help_pages_again_though_someone_has_the_alert(
    cast: Cast, receiver: Receiver, held: Received, wait: Wait
) -> None:
    assert cast.alice.ask_for_help().status == 201
    wait(seconds=0)

    assert receiver.expect("alert.triggered", "team").data["generation"] == 2
    assert cast.bob.alert(held.data)["alert"]["status"] == "triggered"


def test_one_patients_many_updates_hold_up_no_other_patients_page(
    cast: Cast, house: House, receiver: Receiver, held: Received, engine: Engine
) -> None:
    for _ in range(20):
        assert cast.alice.check_in(si=4).status == 201
    heidi = cast.enrol("Heidi")
    assert heidi.check_in(si=4).status == 201

    with house.work(ENGINE) as work:
        first = queue.claim(work, cast.clinic, cast.team.id)

    assert [claimed.is_page for claimed in first] == [True, False]
    assert first[0].alert_id != first[1].alert_id


def test_disabling_the_endpoint_that_is_being_paged_goes_on_at_once(
    cast: Cast, house: House, receiver: Receiver, wait: Wait
) -> None:
    receiver.endpoint("team").behave("status", code=500)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    set_policy(house, cast, ([cast.on_call], 30, 1))

    assert cast.erin.api.delete(f"/v1/webhook-endpoints/{cast.team.id}").status == 204
    wait(seconds=0)

    assert heard(receiver, "on-call") == ["escalated"]


def test_a_note_that_waits_for_a_worse_answer_keeps_the_alerts_policy(
    cast: Cast, house: House, held: Received
) -> None:
    set_policy(house, cast, ([cast.on_call], 30, 1))
    done = threading.Event()

    def write_a_note() -> None:
        cast.bob.api.post(f"/v1/alerts/{alert_id(held.data)}/notes", {"text": "on my way"})
        done.set()

    writer = threading.Thread(target=write_a_note)
    with house.work(cast.alice.caller) as work:
        before = apply.locked(work, cast.clinic, _id(cast, held))
        writer.start()
        worse = Finding("R1", "suicidality_acute", Severity.CRITICAL, 5, {})
        patient = Subjected(cast.clinic, cast.alice.id, cast.alice.reference)
        raise_alert(work, patient, [worse], source="check-in", source_id=cast.alice.id)
    writer.join(timeout=20)

    assert done.is_set()
    with house.work(ENGINE.within(cast.clinic)) as work:
        after = apply.locked(work, cast.clinic, _id(cast, held))
    assert after.policy_id is not None
    assert after.policy_id != before.policy_id, "the worse answer stamped the new policy"


def test_an_attempt_that_meets_a_defect_counts_as_failed_and_the_alert_climbs(
    cast: Cast, receiver: Receiver, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_the_others(secrets: list[str], *rest: Any) -> dict[str, str]:
        if secrets == [cast.team.secret]:
            raise ValueError("a secret that is none")
        return headers(secrets, *rest)

    monkeypatch.setattr(deliver, "headers", only_the_others)
    cast.alice.check_in(si=4)
    wait(seconds=0)
    wait(seconds=2)

    assert heard(receiver, "on-call") == ["unreachable"]


def test_an_engine_with_a_broken_certificate_file_does_not_start(
    house: House, tmp_path: Path
) -> None:
    broken = tmp_path / "none.pem"
    broken.write_text("no certificate")
    settings = house.settings.model_copy(update={"webhook_ca_file": str(broken)})
    object.__setattr__(house, "settings", settings)

    with pytest.raises(OSError, match=r".*"):
        start_beside(house, alone=False)


def test_more_alerts_than_a_batch_are_all_paged_though_the_first_ones_fail(
    cast: Cast, house: House, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalate, "_BATCH", 2)
    seen: list[object] = []

    def refuse(_: object, __: object, ___: object, one: object) -> bool:
        seen.append(one)
        return False

    monkeypatch.setattr(escalate, "_act", refuse)
    for name in ("Heidi", "Judy", "Victor", "Walter", "Peggy"):
        assert cast.enrol(name).check_in(si=4).status == 201
    clock.advance(minutes=6)

    assert escalate.escalate_due(house, ENGINE) == 0
    assert len(set(map(str, seen))) == len(seen) == 5


def _id(cast: Cast, page: Received) -> UUID:
    return UUID(alert_id(page.data))


def test_a_fault_in_looking_for_lost_leases_keeps_no_page_waiting(
    cast: Cast, receiver: Receiver, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr(Reclaimer, "release", fail)
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    receiver.expect("alert.triggered", "team")
