"""`python -m diary instruments`: files are looked at, and kept for a clinic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from diary.__main__ import cli
from diary.callers import OPERATOR
from diary.house import open_house
from diary.instruments.model import instruments
from diary.settings import load_settings
from tests.conftest import MASTER_KEY
from tests.questionnaires import PHQ9, PHQ9_PANEL, gad7, item, phq9, questionnaire

Run = Callable[..., Result]
Written = Callable[[str, Any], str]


@pytest.fixture
def run() -> Run:
    """Type a command."""

    def type_in(*words: str) -> Result:
        result = CliRunner().invoke(cli, ["instruments", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return type_in


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write a document into a file."""

    def write(name: str, document: Any) -> str:
        path = tmp_path / name
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(raw)
        return str(path)

    return write


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A clinic of an installation."""
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", f"sqlite:///{tmp_path}/var/diary.db")
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")
    runner = CliRunner()
    assert runner.invoke(cli, ["migrate"]).exit_code == 0
    found = ["clinic", "--name", "River", "--country", "ES", "--time-zone", "Europe/Madrid"]
    return runner.invoke(cli, found).output.strip()


def test_files_are_looked_at_without_a_database(run: Run, written: Written) -> None:
    result = run(
        "check",
        written("a.json", phq9()),
        written("b.json", gad7(panel=PHQ9_PANEL)),
        written("c.json", questionnaire([item(None, "a")])),
    )
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "ok    a.json: phq-9, 9 of 11 items scored, en"
    assert "ok    b.json: gad-7, 7 of 7 items scored, en" in lines
    assert any(line.startswith("warn    mislabelled: it calls itself PHQ-9") for line in lines)
    assert "warn  c.json: no profile, 0 of 1 items scored, en" in lines
    assert any(line.startswith("warn    unscored: ") for line in lines)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"{", "not_json"),
        (b"<a/>", "xml"),
        (b" " * (5 * 1024 * 1024) + b"{}", "too_large"),
        (phq9(PHQ9[:8][::-1][:7]), "item_missing"),
    ],
)
def test_one_that_is_refused_does_not_keep_the_others_from_being_looked_at(
    run: Run, written: Written, document: Any, fault: str
) -> None:
    result = run("check", written("a.json", document), written("b.json", phq9()))
    assert result.exit_code == 1
    assert "FAULT a.json: refused" in result.output
    assert f"FAULT   {fault}: " in result.output
    assert "ok    b.json: phq-9" in result.output


def test_a_profile_without_codes_is_named(run: Run, written: Written) -> None:
    answers = [{"valueInteger": value} for value in range(7)]
    items = [item(None, f"q{number}", answerOption=answers) for number in range(9)]
    path = written("a.json", questionnaire(items))
    assert "a.json: madrs-s, 9 of 9" in run("check", path, "--profile", "madrs-s").output
    refused = run("check", path, "--profile", "madrs")
    assert (refused.exit_code, "FAULT   unknown: " in refused.output) == (1, True)


def test_files_are_kept_for_a_clinic(run: Run, written: Written, clinic: str) -> None:
    path = written("a.json", phq9(version="1"))
    first = run("import", "--clinic", clinic, path, "--source", "The publisher")
    assert first.exit_code == 0
    assert "ok      kept as phq-9 1 (en)" in first.output
    assert "no licence is attested" in first.output
    again = run("import", "--clinic", clinic, path, "--licence", "A letter of May.")
    assert "was there as phq-9 1 (en)" in again.output
    assert "no licence is attested" not in again.output

    changed = written("b.json", phq9(version="1", title="Another"))
    refused = run("import", "--clinic", clinic, changed)
    assert refused.exit_code == 1
    assert "FAULT b.json: This version of the instrument is another one" in refused.output
    renamed = run("import", "--clinic", clinic, changed, "--slug", "mood-form", "--version", "2")
    assert "kept as mood-form 2 (en)" in renamed.output

    house = open_house(load_settings())
    with house.work(OPERATOR.within(UUID(clinic)), write=False) as work:
        rows = work.rows(select(instruments).where(instruments.c.clinic_id == UUID(clinic)))
    house.database.close()
    assert {row.slug: (row.source, row.licence, row.imported_by_kind) for row in rows} == {
        "phq-9": ("The publisher", "A letter of May.", "operator"),
        "mood-form": (None, None, "operator"),
    }


@pytest.mark.parametrize(
    ("licence", "code"),
    [
        ("", "too_short"),
        ("a letter.", "too_short"),
        ("a letter..", None),
        ("x" * 4_000, None),
        ("x" * 4_001, "too_long"),
    ],
)
def test_a_licence_that_says_nothing_attests_nothing(
    run: Run, written: Written, clinic: str, licence: str, code: str | None
) -> None:
    path = written("a.json", phq9(version="1"))
    result = run("import", "--clinic", clinic, path, "--licence", licence)
    assert result.exit_code == (0 if code is None else 1)
    if code is not None:
        assert f"FAULT   {code}: " in result.output
        # Nothing was kept either; nor is anything attested of what is there.
        assert "kept as" in run("import", "--clinic", clinic, path).output
        result = run("import", "--clinic", clinic, path, "--licence", licence)
        assert f"FAULT   {code}: " in result.output
        assert "no licence is attested" in run("import", "--clinic", clinic, path).output


def test_a_clinic_that_is_not_there(run: Run, written: Written, clinic: str) -> None:
    nobody = "00000000-0000-7000-8000-000000000009"
    result = run("import", "--clinic", nobody, written("a.json", phq9()))
    assert result.exit_code == 2
    assert "there is no such clinic" in result.output
