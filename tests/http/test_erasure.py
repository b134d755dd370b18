"""A patient is erased for good: what was sealed about them can never be read again."""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from filelock import FileLock
from sqlalchemy import event, select

from api.openapi import operations
from diary.access.permissions import SCOPES_OF, Role
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.database import Database
from diary.erasure.ledger import BEGUN, Erasure, Ledger
from diary.isolation import EVERYTHING
from diary.patients import drill
from diary.settings import Settings
from diary.webhooks.model import deliveries
from diary.work import House
from diary.wrapped import data_keys
from tests.cast import Cast, Patient
from tests.client import Api, Response
from tests.conftest import settings_for
from tests.databases import Kept
from tests.erasing import REASON, opened
from tests.http.test_access import at_once, enrolment_code, pair, refresh
from tests.http.test_permissions import BODIES

LATER = "2026-03-20T09:00:00Z"
NOTE = "She lives with her sister."


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ledger = {"erasure_ledger": tmp_path / "erasures.jsonl"}
    return settings_for(database_url).model_copy(update=ledger)


@pytest.fixture
def ledger(house: House) -> Ledger:
    return Ledger.of(house)


def erase(cast: Cast, patient: Patient) -> Response:
    return cast.erin.api.delete(f"/v1/patients/{patient.id}", REASON)


def resolved_alert(cast: Cast, patient: Patient) -> dict[str, Any]:
    """An alert of theirs with notes, closed; and a body that was kept apart."""
    assert patient.check_in(si="4, I think").status == 202
    apart = f"/v1/patients/{patient.id}/quarantine"
    (kept,) = cast.bob.api.get(apart).json["items"]
    said = {"verdict": "unusable", "note": NOTE}
    assert cast.bob.api.post(f"{apart}/{kept['id']}/review", said).status == 201
    plan = {"steps": {"coping": [{"text": NOTE}]}}
    assert patient.api.put("/v1/me/safety-plan", plan).status == 200
    body = {"patient_id": str(patient.id), "severity": "high", "note": NOTE}
    alert = cast.bob.api.post("/v1/alerts", body).json
    assert cast.bob.resolve(alert, note=NOTE).status == 200
    return cast.bob.alert(alert)


def record(cast: Cast, patient: Patient) -> None:
    """What else is sealed: whom to call, what is known, where she was, why she was away."""
    path = f"/v1/patients/{patient.id}"
    assert patient.api.put("/v1/me/contacts", {"callback_phone": "600 000 000"}).status == 200
    known = {"level": 1, "reason": NOTE, "until": LATER}
    assert cast.bob.api.post(f"{path}/known-baselines", known).status == 201
    patient.check_in(si=4, envelope={"location": NOTE})
    assert cast.bob.resolve(cast.bob.alerts()[0]).status == 200
    away = {"state": "paused", "reason": NOTE, "until": LATER}
    assert cast.bob.api.post(f"{path}/states", away).status == 201


def test_nothing_of_an_erased_patient_is_readable_and_nobody_stumbles(
    cast: Cast, api: Api, house: House
) -> None:
    record(cast, cast.alice)
    alert = resolved_alert(cast, cast.alice)
    code = enrolment_code(cast)
    glass = {"reason": "He asked me to look after her tonight."}
    heidi = cast.join("Heidi", Role.CLINICIAN)
    broken = heidi.api.post(f"/v1/patients/{cast.alice.id}/break-glass", glass)
    assert broken.status == 201, broken
    fields, readable = opened(house, cast.clinic, cast.alice.id)
    assert (fields, readable) == (12, 12)
    with house.work(OPERATOR, write=False) as work:
        before = work.rows(select(data_keys).where(data_keys.c.id == cast.alice.id))[0]

    assert erase(cast, cast.alice).status == 204

    assert opened(house, cast.clinic, cast.alice.id) == (fields, 0)
    listed = cast.bob.api.get("/v1/patients").json["items"]
    assert str(cast.alice.id) not in {each["id"] for each in listed}
    # What the team did stays in the history; whom it was about and what was written does not.
    shown = cast.bob.alert(alert)
    assert shown["alert"]["patient_reference"] == cast.alice.reference
    assert [each["kind"] for each in shown["entries"]] == [e["kind"] for e in alert["entries"]]
    assert {each["note"] for each in alert["entries"]} == {None, NOTE}
    assert {each["note"] for each in shown["entries"]} == {None}
    for path in ("/v1/alerts", "/v1/deliveries", f"/v1/alerts/{alert['alert']['id']}/deliveries"):
        assert cast.bob.api.get(path).status in (200, 403), path
    (listed,) = cast.dana.api.get("/v1/break-glass").json["items"]
    assert (listed["id"], listed["reason"]) == (broken.json["id"], None)
    refused = cast.bob.api.post(f"/v1/alerts/{alert['alert']['id']}/notes", {"text": NOTE})
    assert (refused.status, refused.code) == (404, "not-found")
    # The phone.
    answer = cast.alice.check_in(si=5)
    assert answer.status == 401
    assert answer.json["crisis"]["emergency_numbers"]
    assert refresh(api, cast.alice.grant.refresh_token or "").status == 401
    assert pair(api, code).status == 401
    # Nobody else lost anything, and asking again is harmless.
    assert opened(house, cast.other_clinic, cast.frank.id) == (2, 2)
    assert erase(cast, cast.alice).status == 204
    with house.work(OPERATOR, write=False) as work:
        (event,) = work.rows(select(audit_events).where(audit_events.c.action == "patient.erased"))
        after = work.rows(select(data_keys).where(data_keys.c.id == cast.alice.id))[0]
    assert (event.detail, event.subject_id) == (REASON, cast.alice.id)
    assert (before.wrapped is None, after.wrapped, after.wrapped_by) == (False, None, None)


def test_an_erased_patient_is_absent_at_every_path(cast: Cast) -> None:
    assert erase(cast, cast.alice).status == 204
    heidi = cast.join("Heidi", Role.CLINICIAN)
    asked = 0
    for _, path, method, declared in operations():
        if "patient_id" not in path or declared.name == "deletePatient":
            continue
        at = path.replace("<uuid:patient_id>", str(cast.alice.id))
        at = re.sub(r"<uuid:\w+>", str(uuid4()), at)
        body = None if declared.body is None else orjson.dumps(BODIES.get(declared.name, {}))
        sent = {} if body is None else {"Content-Type": "application/json"}
        # What a care manager may not do of anyone is asked by a clinician.
        asks = cast.dana if declared.scope in SCOPES_OF[Role.CARE_MANAGER] else heidi
        assert asks.api.send(method.upper(), at, body, sent).status == 404, declared.name
        asked += 1
    assert asked > 5
    found = {"patient_id": str(cast.alice.id), "severity": "high", "note": NOTE}
    assert cast.bob.api.post("/v1/alerts", found).status == 404


def test_who_has_an_open_alert_is_not_erased(cast: Cast, house: House, ledger: Ledger) -> None:
    cast.alice.check_in(si=4)
    refused = erase(cast, cast.alice)
    assert (refused.status, refused.code) == (409, "alert-open")
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").json["name"] == "Alice"
    assert ledger.read().done == ()


def test_who_may_erase_whom(cast: Cast, house: House) -> None:
    path = f"/v1/patients/{cast.alice.id}"
    for one in (cast.bob, cast.dana, cast.alice):
        assert one.api.delete(path, REASON).status == 403
    stranger = cast.grace.api.delete(path, REASON)
    assert stranger.status == 404
    assert stranger.body == cast.grace.api.delete(f"/v1/patients/{uuid4()}", REASON).body
    assert cast.erin.api.delete(path, {"reason": "she asked me to"}).status == 422
    with house.work(cast.bob.caller) as work:
        nobody, _ = drill.patient(work, locale="en", time_zone="UTC")
    assert cast.erin.api.delete(f"/v1/patients/{nobody}", REASON).status == 404


def test_what_is_owed_about_them_is_cancelled_and_other_phones_are_told_of(
    cast: Cast, api: Api, house: House
) -> None:
    for patient in (cast.alice, cast.enrol("Olga")):
        given_up = api.form("/oauth/revoke", token=patient.grant.refresh_token or "")
        assert given_up.status == 200
    assert erase(cast, cast.alice).status == 204
    with house.work(OPERATOR, write=False) as work:
        states = sorted(row.state for row in work.rows(select(deliveries)))
    # Two endpoints each.
    assert states == ["cancelled", "cancelled", "pending", "pending"]


def test_an_erasure_and_an_answer_that_carries_risk_at_once(cast: Cast) -> None:
    """Never both: an alert about somebody whom no one can name any more would help nobody."""
    for number in range(6):
        patient = cast.enrol(f"Ana{number}")
        calls: Iterator[Callable[[], Response]] = iter(
            [partial(erase, cast, patient), partial(patient.check_in, si=5)]
        )
        statuses = {each.status for each in at_once(2, partial(_next_of, calls))}
        assert statuses in ({204, 401}, {409, 201}), statuses


def _next_of(calls: Iterator[Callable[[], Response]]) -> Response:
    return next(calls)()


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_destroyed_key_leaves_no_bytes_in_the_file(cast: Cast, house: House) -> None:
    """On PostgreSQL the old row goes with the next vacuum."""
    with house.work(OPERATOR, write=False) as work:
        (row,) = work.rows(select(data_keys).where(data_keys.c.id == cast.alice.id))
    file = Path(house.database.file or "")
    house.database.close()
    assert row.wrapped in file.read_bytes()
    log = file.with_name(f"{file.name}-wal")
    cast.enrol("Olga")
    assert log.stat().st_size > 0
    assert erase(cast, cast.alice).status == 204
    left = file.read_bytes() + log.read_bytes()
    assert not any(row.wrapped[at : at + 8] in left for at in range(len(row.wrapped) - 7))


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_whoever_reads_keeps_nobody_from_erasing_and_sending_it_again_leaves_nothing(
    cast: Cast, house: House, settings: Settings
) -> None:
    log = Path(f"{house.database.file}-wal")
    other = Database(settings.database_url, pool_size=1)
    with other.transaction(write=False, bounds=EVERYTHING) as connection:
        connection.execute(select(data_keys)).all()
        assert erase(cast, cast.alice).status == 204
        assert log.stat().st_size > 0
    assert erase(cast, cast.alice).status == 204
    assert log.stat().st_size == 0
    other.close()


# --- the ledger ----------------------------------------------------------------------------------


def test_without_a_ledger_nobody_is_erased(
    cast: Cast, kept: Kept, house: House, settings: Settings
) -> None:
    object.__setattr__(house, "settings", settings_for(kept.url))
    refused = erase(cast, cast.alice)
    assert (refused.status, refused.code) == (409, "no-erasure-ledger")
    assert "INTERLUDE_ERASURE_LEDGER" in refused.json["detail"]
    nowhere = settings.model_copy(update={"erasure_ledger": Path("/nowhere/at/all.jsonl")})
    object.__setattr__(house, "settings", nowhere)
    assert erase(cast, cast.alice).code == "no-erasure-ledger"
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").json["name"] == "Alice"


def test_an_erasure_that_did_not_commit_is_none(cast: Cast, house: House, ledger: Ledger) -> None:
    """Its line stands in the ledger already: a restore must not erase somebody for it."""
    cut_off = Erasure(uuid4(), cast.clinic, cast.alice.id, house.clock.now())
    ledger.write(BEGUN, cut_off)
    assert ledger.read().cut_off == (cut_off,)

    other = cast.enrol("Olga")
    assert erase(cast, other).status == 204

    said = ledger.read()
    assert [each.patient_id for each in said.done] == [other.id]
    assert said.cut_off == ()
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 200


def test_an_erasure_whose_end_was_not_written_down_is_settled_by_asking_again(
    cast: Cast, ledger: Ledger, settings: Settings
) -> None:
    assert erase(cast, cast.alice).status == 204
    file = settings.erasure_ledger
    assert file is not None
    begun, _ = file.read_bytes().splitlines(keepends=True)
    # The crash tore the second line.
    file.write_bytes(begun + b'{"erasure": "01')
    assert len(ledger.read().cut_off) == 1

    assert erase(cast, cast.alice).status == 204

    said = ledger.read()
    assert ([each.patient_id for each in said.done], said.cut_off) == ([cast.alice.id], ())
    assert said.broken == 1


@contextmanager
def just_before(house: House, what: str, then: Callable[..., None]) -> Iterator[None]:
    """Let something happen whenever the database is about to do that."""
    engine = house.database._engine
    event.listen(engine, what, then)
    try:
        yield
    finally:
        event.remove(engine, what, then)


def test_an_erasure_that_happened_is_not_said_to_be_refused(
    cast: Cast, house: House, ledger: Ledger, settings: Settings
) -> None:
    """The ledger goes away between its first line and the commit."""
    file = settings.erasure_ledger
    assert file is not None
    away = file.with_suffix(".away")

    def take_away(*_: Any) -> None:
        if file.is_file() and b"begun" in file.read_bytes():
            file.rename(away)
            file.mkdir()

    with just_before(house, "commit", take_away):
        for asked in range(2):
            answer = erase(cast, cast.alice)
            assert (answer.status, answer.code) == (503, "erasure-not-noted"), asked
            assert answer.headers["Retry-After"] == "1"
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 404
    # Somebody else was not erased.
    assert erase(cast, cast.enrol("Olga")).code == "no-erasure-ledger"

    file.rmdir()
    away.rename(file)
    assert len(ledger.read().cut_off) == 1
    assert erase(cast, cast.alice).status == 204
    said = ledger.read()
    assert ([each.patient_id for each in said.done], said.cut_off) == ([cast.alice.id], ())


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_whoever_waits_for_the_ledger_lets_others_write(cast: Cast, settings: Settings) -> None:
    file = settings.erasure_ledger
    assert file is not None
    olga = cast.enrol("Olga")
    with ThreadPoolExecutor(2) as threads:
        with FileLock(f"{file}.lock"):
            erasing = threads.submit(erase, cast, cast.alice)
            while not file.exists():
                assert not erasing.done()
            checking_in = threads.submit(olga.check_in, si=5)
            assert checking_in.result(timeout=3).status == 201
            assert not erasing.done()
        assert erasing.result().status == 204


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_ledger_that_hangs_is_given_up(cast: Cast, house: House, settings: Settings) -> None:
    """It becomes a pipe that nobody empties, once the transaction has begun."""
    file = settings.erasure_ledger
    assert file is not None
    full = file.with_suffix(".full")
    os.mkfifo(full)
    pipe = os.open(full, os.O_RDWR | os.O_NONBLOCK)
    while True:
        try:
            os.write(pipe, bytes(4096))
        except BlockingIOError:
            break

    def hang(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE data_keys"):
            full.rename(file)

    with just_before(house, "before_cursor_execute", hang):
        refused = erase(cast, cast.alice)
    assert (refused.status, refused.code) == (409, "no-erasure-ledger")
    assert cast.alice.check_in(si=5).status == 201
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").json["name"] == "Alice"
    # Whatever hung ends now.
    os.set_blocking(pipe, True)
    late = b""
    while not late.endswith(b"\n"):
        late += os.read(pipe, 4096)
    os.close(pipe)
    assert b'"state":"begun"' in late


def test_a_line_that_is_not_ours_erases_nobody(
    cast: Cast, ledger: Ledger, settings: Settings
) -> None:
    other = cast.enrol("Olga")
    assert erase(cast, cast.alice).status == 204
    file = settings.erasure_ledger
    assert file is not None
    assert file.stat().st_mode & 0o777 == 0o600
    forged = file.read_bytes().replace(str(cast.alice.id).encode(), str(other.id).encode())
    file.write_bytes(file.read_bytes() + forged)
    said = ledger.read()
    assert ([each.patient_id for each in said.done], said.broken) == ([cast.alice.id], 2)


def test_an_answer_that_was_kept_to_be_given_again_goes_too(cast: Cast) -> None:
    body = {"name": "Zelda", "time_zone": "Europe/Madrid"}
    entered = cast.bob.api.post("/v1/patients", body, key="once")
    assert cast.bob.api.post("/v1/patients", body, key="once").body == entered.body
    erased = cast.erin.api.delete(f"/v1/patients/{entered.json['id']}", REASON)
    assert erased.status == 204
    again = cast.bob.api.post("/v1/patients", body, key="once")
    assert (again.status, again.code) == (409, "patient-erased")
