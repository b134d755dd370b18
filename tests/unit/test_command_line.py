"""`python -m diary`: what an operator types, and what is answered."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from diary.__main__ import cli
from diary.access import clinics, keys, staff
from diary.access.model import signing_keys
from diary.access.model import staff as staff_rows
from diary.alerts import policies
from diary.callers import ANONYMOUS, OPERATOR, Caller, CallerKind
from diary.house import open_house
from diary.settings import load_settings
from diary.webhooks import endpoints
from diary.work import House
from diary.wrapped import clinic_keys, data_keys
from tests.conftest import MASTER_KEY

Run = Callable[..., Result]
_FOUND = ("clinic", "--name", "River", "--country", "ES", "--time-zone", "Europe/Madrid")
_NOBODY = "00000000-0000-7000-8000-000000000009"
_LONG = "a long walk by the river"
_ANOTHER_KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Type a command on a machine whose database is not there yet."""
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", f"sqlite:///{tmp_path}/var/diary.db")
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")

    def type_in(*words: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, list(words), input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return type_in


def _opened() -> House:
    return open_house(load_settings())


def test_from_nothing_to_a_ready_clinic(run: Run) -> None:
    assert run("migrate").exit_code == 0
    assert run("migrate").output.startswith("The database is at ")

    found = run(*_FOUND, "--locale", "es", "--phone", "+34911230000")
    clinic_id = UUID(found.output.strip())
    unready = run("doctor")
    assert unready.exit_code == 1
    assert f"FAULT clinic {clinic_id}: alerts would reach nobody; missing: endpoint" in (
        unready.output
    )

    house = _opened()
    with house.work(Caller(CallerKind.OPERATOR, clinic_id=clinic_id)) as work:
        assert clinics.get(work).phone == "+34911230000"
        endpoint = endpoints.create(work, url="https://team.example/hook", description=None)
        target = {"type": "endpoint", "id": endpoint.id}
        policies.save(
            work, policies.DEFAULT, [{"delay_minutes": 5, "rounds": 1, "targets": [target]}]
        )
    house.database.close()

    ready = run("doctor")
    assert (ready.exit_code, "FAULT" in ready.output) == (0, False)
    assert f"ok    clinic {clinic_id}: ready" in ready.output
    assert "ok    database: SQLite 3." in ready.output


def test_an_invited_administrator_sets_the_password_with_the_code(run: Run) -> None:
    run("migrate")
    clinic_id = run(*_FOUND).output.strip()

    invited = run(
        "administrator", "--clinic", clinic_id, "--name", "Erin", "--email", "e@c.example"
    )

    assert invited.exit_code == 0
    code = invited.stdout.strip()
    assert "https://diary.example/v1/staff/activations" in invited.stderr
    assert code in invited.stderr
    house = _opened()
    with house.work(ANONYMOUS) as work:
        staff.activate(work, code=code, password_hash="a hash")
    with house.work(ANONYMOUS, write=False) as work:
        member = staff.find_for_sign_in(work, "e@c.example")
    house.database.close()
    assert member is not None
    assert (member.role, member.password_hash) == ("clinic-admin", "a hash")


def test_an_administrator_whose_password_is_given_can_sign_in(run: Run) -> None:
    run("migrate")
    clinic_id = run(*_FOUND).output.strip()
    erin = ("administrator", "--clinic", clinic_id, "--name", "Erin", "--email", "e@c.example")

    short = run(*erin, "--password-stdin", stdin="short\n")
    assert short.exit_code == 2
    assert "15 to 128 characters" in short.output
    assert run(*erin, "--password-stdin", stdin=f"{_LONG}\n").output == "e@c.example can sign in.\n"

    house = _opened()
    with house.work(ANONYMOUS, write=False) as work:
        assert staff.password_matches(staff.find_for_sign_in(work, "e@c.example"), _LONG)
    house.database.close()

    again = run(*erin)
    assert (again.exit_code, again.output) == (1, "Error: This e-mail address cannot be used.\n")


def test_whoever_lost_the_authenticator_app_sets_up_another(run: Run) -> None:
    run("migrate")
    clinic_id = run(*_FOUND).output.strip()
    erin = ("administrator", "--clinic", clinic_id, "--name", "Erin", "--email", "e@c.example")
    run(*erin, "--password-stdin", stdin=f"{_LONG}\n")
    house = _opened()
    with house.work(OPERATOR) as work:
        work.execute(update(staff_rows).values(second_factor_since=work.now))

    unknown = run("reset-second-factor", "--email", "nobody@c.example")
    assert (unknown.exit_code, "is nobody's" in unknown.output) == (2, True)
    assert run("reset-second-factor", "--email", "E@c.example").exit_code == 0

    with house.work(ANONYMOUS, write=False) as work:
        member = staff.find_for_sign_in(work, "e@c.example")
    house.database.close()
    assert member is not None
    assert member.second_factor_since is None


def test_a_new_key_waits_and_the_old_one_signs(run: Run) -> None:
    run("migrate")
    house = _opened()
    before = keys.KeyRing(house).active().id

    told = run("rotate-keys")
    made = UUID(told.stdout.strip())
    assert "It signs from" in told.stderr
    assert run("rotate-keys").stdout == told.stdout

    with house.work(OPERATOR, write=False) as work:
        states = {row.id: row.state for row in work.rows(select(signing_keys))}
    house.database.close()
    assert states == {before: "active", made: "pending"}


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--country", "Spain", "must be two capital letters"),
        ("--time-zone", "Europe/Atlantis", "is no IANA time zone"),
        ("--phone", "911", "must look like"),
        ("--locale", "español", "is no language tag"),
        ("--name", " ", "must not be empty"),
    ],
)
def test_a_clinic_is_founded_only_with_sound_values(
    run: Run, option: str, value: str, told: str
) -> None:
    run("migrate")
    refused = run(*_FOUND, option, value)
    assert refused.exit_code == 2
    assert f"{option}: {told}" in refused.output


def test_an_administrator_needs_a_clinic_that_exists(run: Run) -> None:
    run("migrate")
    refused = run("administrator", "--clinic", _NOBODY, "--name", "E", "--email", "e@c.example")
    assert (refused.exit_code, "there is no such clinic" in refused.output) == (2, True)


@pytest.mark.parametrize("words", [_FOUND, ("rotate-keys",)])
def test_before_migrating_one_sentence_says_so(run: Run, words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: The database is not at the newest schema;")


def test_missing_settings_are_all_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "MASTER_KEY"):
        monkeypatch.delenv(f"INTERLUDE_{name}")

    refused = run("migrate")
    assert refused.exit_code == 1
    assert "INTERLUDE_DATABASE_URL" in refused.output
    assert "INTERLUDE_MASTER_KEY" in refused.output
    examined = run("doctor")
    assert examined.exit_code == 1
    assert examined.output.count("FAULT settings:") == 2


def test_a_database_that_does_not_answer_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://interlude:not-to-be-told@127.0.0.1:9/diary"
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", url)

    refused = run("migrate")
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: The database cannot be reached, or did not answer in time.\n",
    )
    examined = run("doctor")
    assert examined.exit_code == 1
    assert "FAULT database: The database cannot be reached" in examined.output
    assert "not-to-be-told" not in examined.output


def test_the_doctor_sees_a_database_without_a_schema(run: Run, tmp_path: Path) -> None:
    examined = run("doctor")
    assert (examined.exit_code, "FAULT schema:" in examined.output) == (1, True)
    assert not (tmp_path / "var").exists()  # looking makes nothing


def test_the_master_key_is_replaced(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("migrate")
    run(*_FOUND)
    assert "ok    keys: all under the master key" in run("doctor").output

    monkeypatch.setenv("INTERLUDE_MASTER_KEY", _ANOTHER_KEY)
    refused = run("rotate-master-key")
    assert refused.exit_code == 1
    assert "The database is under another master key." in refused.output
    assert "FAULT keys: The database is under another master key." in run("doctor").output

    monkeypatch.setenv("INTERLUDE_FORMER_MASTER_KEYS", MASTER_KEY)
    assert "keys: 1 clinics' are still under a former master key" in run("doctor").output
    # A clinic that is founded before the command has run is brought over, too.
    run(*_FOUND)
    file = tmp_path / "var" / "diary.db"
    # A process that runs meanwhile: the command is not the last to leave the file.
    running = _opened()
    with running.work(OPERATOR, write=False) as work:
        former = [row.wrapped for row in work.rows(select(clinic_keys))]
    assert any(each in file.read_bytes() for each in former)
    rotated = run("rotate-master-key")
    left = file.read_bytes() + file.with_name("diary.db-wal").read_bytes()
    assert not any(each[at : at + 8] in left for each in former for at in range(len(each) - 7))
    running.database.close()
    done = "Nothing is under a former master key any more.\n"
    assert (rotated.exit_code, rotated.output) == (0, f"2 data keys were wrapped anew.\n{done}")
    assert run("rotate-master-key").output == f"0 data keys were wrapped anew.\n{done}"
    assert "nothing needs INTERLUDE_FORMER_MASTER_KEYS any more" in run("doctor").output
    with _opened().work(OPERATOR) as work:
        work.execute(delete(data_keys).where(data_keys.c.id == data_keys.c.clinic_id))
    assert "FAULT keys: 2 clinics or patients have none" in run("doctor").output

    monkeypatch.delenv("INTERLUDE_FORMER_MASTER_KEYS")
    assert "ok    keys: all under the master key" in run("doctor").output
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    assert run("rotate-keys").exit_code == 1


def test_the_doctor_says_whether_anybody_can_be_erased(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("migrate")
    assert "erasures: refused; INTERLUDE_ERASURE_LEDGER is not set" in run("doctor").output
    monkeypatch.setenv("INTERLUDE_ERASURE_LEDGER", str(tmp_path / "none" / "erasures.jsonl"))
    assert "FAULT erasures: The file of INTERLUDE_ERASURE_LEDGER" in run("doctor").output
    assert "There is no file at INTERLUDE_ERASURE_LEDGER" in run("restored").output
    monkeypatch.setenv("INTERLUDE_ERASURE_LEDGER", str(tmp_path / "erasures.jsonl"))
    assert "ok    erasures: 0 in the ledger, nobody is back" in run("doctor").output
