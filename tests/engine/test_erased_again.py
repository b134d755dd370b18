"""A backup that is restored brings erased patients back; the ledger erases them again."""

from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from diary.__main__ import cli
from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.erasure.ledger import DONE, Erasure, Ledger
from diary.settings import Settings
from diary.webhooks.model import messages
from diary.work import House
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.conftest import MASTER_KEY, settings_for
from tests.databases import Kept
from tests.engine.steps import Wait, heard
from tests.erasing import REASON, opened
from tests.receiver import Receiver

BACKUP = "backup"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ledger = {"erasure_ledger": tmp_path / "erasures.jsonl"}
    return settings_for(database_url).model_copy(update=ledger)


@pytest.fixture(autouse=True)
def _at_the_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")
    monkeypatch.setenv("INTERLUDE_ERASURE_LEDGER", str(settings.erasure_ledger))


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_whoever_was_erased_since_the_backup_is_erased_again(
    cast: Cast, house: House, receiver: Receiver, kept: Kept, wait: Wait, clock: SimulatedClock
) -> None:
    ana, amy = cast.enrol("Ana"), cast.enrol("Amy")
    cast.alice.check_in(si="4, I think")
    kept.keep(BACKUP)
    # Since then the alert was answered, and its patient and another one were erased.
    (alert,) = cast.bob.alerts()
    assert cast.bob.resolve(alert, note="She moves away.").status == 200
    for patient in (cast.alice, ana):
        assert cast.erin.api.delete(f"/v1/patients/{patient.id}", REASON).status == 204
    assert opened(house, cast.clinic, cast.alice.id) == (4, 0)

    kept.holding(BACKUP, lambda _: None)
    assert opened(house, cast.clinic, cast.alice.id) == (3, 3)
    assert cast.bob.api.get(f"/v1/patients/{ana.id}").json["name"] == "Ana"
    assert "FAULT erasures: 2 patients are back; run `python -m diary restored`" in (
        run("doctor").output
    )
    receiver.clear()

    result = run("restored")

    said = "1 open alerts are paged again.\n2 patients are erased again, 0 were not there.\n"
    assert (result.exit_code, result.output) == (0, said)
    for patient, fields in ((cast.alice, 3), (ana, 2)):
        assert opened(house, cast.clinic, patient.id) == (fields, 0)
        assert cast.bob.api.get(f"/v1/patients/{patient.id}").status == 404
        assert patient.check_in(si=5).status == 401
    assert cast.bob.api.get(f"/v1/patients/{amy.id}").json["name"] == "Amy"
    assert "erasures: 2 in the ledger, nobody is back" in run("doctor").output
    # The alert that the backup holds open is paged until a person closes it, and says why nobody
    # can be named.
    clock.set(SystemClock().now())
    wait(seconds=1)
    assert heard(receiver, "team") == ["restored"]
    shown = cast.bob.alert(alert)
    assert shown["alert"]["status"] == "triggered"
    assert shown["entries"][-1]["kind"] == "patient-erased"
    refused = cast.bob.resolve(alert, note="She moved away.")
    assert (refused.status, refused.code) == (409, "patient-erased")
    assert cast.bob.resolve(alert).status == 200
    again = run("restored")
    assert "0 patients are erased again, 2 were not there." in again.output


def test_the_ledgers_of_other_machines_are_named_and_what_is_wrong_is_said(
    cast: Cast, kept: Kept, settings: Settings, tmp_path: Path
) -> None:
    own = settings.erasure_ledger
    assert own is not None
    kept.keep(BACKUP)
    assert cast.erin.api.delete(f"/v1/patients/{cast.alice.id}", REASON).status == 204
    elsewhere = tmp_path / "elsewhere.jsonl"
    begun, done = own.read_bytes().splitlines(keepends=True)
    elsewhere.write_bytes(begun + b"nonsense\n" + done)
    own.unlink()
    kept.holding(BACKUP, lambda _: None)

    assert "nobody is erased again" in run("restored").output
    result = run("restored", "--ledger", str(elsewhere))

    assert result.exit_code == 1
    assert "1 patients are erased again" in result.output
    assert "1 lines of the ledgers cannot be read" in result.output
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 404


def test_an_erasure_that_was_cut_off_is_named_and_not_carried_out(
    cast: Cast, settings: Settings
) -> None:
    own = settings.erasure_ledger
    assert own is not None
    other = cast.enrol("Olga")
    assert cast.erin.api.delete(f"/v1/patients/{other.id}", REASON).status == 204
    own.write_bytes(own.read_bytes().splitlines(keepends=True)[0])

    result = run("restored")

    assert result.exit_code == 1
    assert f"The erasure of patient {other.id} of clinic {cast.clinic} was cut off" in result.output


def test_whoever_cannot_be_erased_again_keeps_no_other_from_it(
    cast: Cast, api: Api, house: House
) -> None:
    """What is owed to the first one's clinic cannot be read."""
    given_up = api.form("/oauth/revoke", token=cast.alice.grant.refresh_token or "")
    assert given_up.status == 200
    with house.work(OPERATOR) as work:
        owed = messages.c.clinic_id == cast.clinic
        assert work.execute(update(messages).where(owed).values(body=b"nonsense")).rowcount
    whom = ((cast.clinic, cast.alice.id), (cast.other_clinic, cast.frank.id))
    for clinic, patient in whom:
        Ledger.of(house).write(DONE, Erasure(uuid4(), clinic, patient, house.clock.now()))

    result = run("restored")

    assert result.exit_code == 1, result.output
    assert "1 patients are erased again, 0 were not there." in result.output
    assert "1 more could not be erased again" in result.output
    failed = f"Failed to erase again: patient {cast.alice.id}: JSONDecodeError\n"
    assert failed in result.output
    assert cast.frank.check_in(si=5).status == 401
