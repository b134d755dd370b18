"""`python -m diary rules dry-run`: a table of what a rule set would have found."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from diary.__main__ import cli
from diary.checkins import record
from diary.checkins.receipt import Draft
from diary.commands import opened
from diary.rules.default import DEFAULT
from diary.rules.writing import to_document
from diary.settings import load_settings
from diary.work import House
from tests.cast import CALM, Cast
from tests.conftest import MASTER_KEY

Run = Callable[..., Result]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An installation."""
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/diary.db",
        "MASTER_KEY": MASTER_KEY,
        "PUBLIC_URL": "https://diary.example",
        "WEBHOOK_ALLOW_HTTP": "true",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"INTERLUDE_{name}", value)
    assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
    with opened(load_settings()) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    """Its people."""
    return Cast(house)


@pytest.fixture
def run(cast: Cast, tmp_path: Path) -> Run:
    """Try a document on the clinic."""

    def type_in(document: object, *more: str) -> Result:
        file = tmp_path / "rules.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        words = ["rules", "dry-run", "--clinic", str(cast.clinic), str(file), *more]
        result = CliRunner().invoke(cli, words)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return type_in


def shipped(**severities: str) -> dict[str, Any]:
    """The shipped rules, some of them with another severity."""
    document = to_document(DEFAULT)
    for rule in document["rules"]:
        rule["severity"] = severities.get(rule["code"], rule["severity"])
    return document


def check_in(house: House, cast: Cast, **answers: object) -> None:
    with house.work(cast.alice.caller) as work:
        draft = Draft(
            "daily-check-in", "1.0.0", "en", work.now, None, "Europe/Madrid", {**CALM, **answers}
        )
        record.record(work, work.new_id(), {"answers": dict(draft.answers)}, draft, ())


def test_a_table_tells_what_would_be_found(run: Run, house: House, cast: Cast) -> None:
    check_in(house, cast, mood=1)
    result = run(shipped(R8="high"))

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "1 check-ins, 0 amendments and 0 kept apart, of 1 patients." in lines[0]
    assert ["R8", "1", "1", "0", "0", "1"] in [line.split() for line in lines]
    assert ["high", "0", "1", "1"] in [line.split() for line in lines]
    assert ["moderate", "1", "0", "0"] in [line.split() for line in lines]
    (example,) = [line for line in lines if "moderate → high" in line]
    assert str(cast.alice.id) in example
    assert example.endswith("mood is 1 (1 or less)")
    assert lines[-1] == "They wait for silence, and were not tried: R6, R14, R18."
    assert result.stderr.splitlines()[-1] == "1 of 1 patients"


def test_a_gap_is_told_beside_it(run: Run) -> None:
    result = run(shipped(R1="low"))
    assert result.exit_code == 0
    assert "It could not go live: " in result.stdout


@pytest.mark.parametrize(
    ("document", "said"),
    [("{", "rules.json is no JSON."), ({"rules": []}, "/rules: wrong_length")],
)
def test_what_is_no_rule_set(run: Run, document: object, said: str) -> None:
    result = run(document)
    assert result.exit_code == 1
    assert said in result.output


def test_there_is_such_a_clinic_and_such_a_period(run: Run) -> None:
    nobody = "00000000-0000-7000-8000-000000000009"
    assert "there is no such clinic" in run(shipped(), "--clinic", nobody).output
    assert run(shipped(), "--days", "367").exit_code == 2
