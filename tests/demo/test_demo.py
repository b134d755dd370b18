"""The demo tells the same six weeks at every telling, keeps them; its minute works as printed."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

import migrations
from demo import __main__ as demo
from demo.calls import NotRunning, access_token
from demo.minute import minute
from demo.place import ROOT, Place, settings
from demo.receiver import is_genuine
from demo.seed import seed
from demo.story import DAYS, INDUCTION, PEOPLE, diaries
from diary.webhooks.signing import headers
from tests.conftest import MASTER_KEY

LAST = date(2026, 3, 8)
HOOK = "http://127.0.0.1:8900/hook"
_BOUND = 20  # seconds, on a slow machine


def test_two_fresh_databases_hold_the_same_six_weeks(tmp_path: Path) -> None:
    one, other = (_seeded(tmp_path / name) for name in ("one", "other"))

    weeks = _check_ins(one)
    assert weeks == _check_ins(other)
    assert len(weeks) > 3 * DAYS


def test_the_weeks_are_those_of_a_course_of_treatment(tmp_path: Path) -> None:
    place = _seeded(tmp_path)

    states = _rows(
        place, "SELECT state, count(*) FROM infusions GROUP BY patient_id, state ORDER BY 1, 2"
    )
    assert states == [["ended", INDUCTION + 1]] * 4 + [["planned", 1]] * 4
    days = _rows(place, "SELECT min(local_date), max(local_date) FROM check_ins")
    assert days == [["2026-01-26", LAST.isoformat()]]


def test_the_past_alerts_were_answered_and_page_nobody_now(tmp_path: Path) -> None:
    place = Place(tmp_path)
    demo.prepare(place, place.environment(8000), HOOK)

    opened = _rows(place, "SELECT status, outcome, step FROM alerts ORDER BY opened_at")
    assert {status for status, _, _ in opened} == {"resolved"}
    assert {outcome for _, outcome, _ in opened} == {"safety-plan-reviewed", "contacted-safe"}
    # Now and then one climbs a step before Bob has it.
    assert {step for _, _, step in opened} == {0, 1}
    assert _rows(place, "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'leased')") == [
        [0]
    ]
    assert _rows(place, "SELECT count(*) FROM attempts") == [[0]]
    assert _rows(place, "SELECT url FROM endpoints WHERE state = 'active'") == [[HOOK]]


def test_running_again_keeps_the_data_and_the_secrets(tmp_path: Path) -> None:
    place = Place(tmp_path)
    demo.prepare(place, place.environment(8000), HOOK)
    kept = [file.read_text() for file in (place.credentials, place.webhook_secret)]
    weeks = _check_ins(place)

    demo.prepare(place, place.environment(8010), HOOK)
    assert [file.read_text() for file in (place.credentials, place.webhook_secret)] == kept
    assert _check_ins(place) == weeks

    # Another port of the receiver is another endpoint.
    demo.prepare(place, place.environment(8010), "http://127.0.0.1:8910/hook")
    assert _rows(place, "SELECT url FROM endpoints WHERE state = 'active'") == [
        ["http://127.0.0.1:8910/hook"]
    ]
    assert place.webhook_secret.read_text() != kept[1]
    assert place.webhook_secret.stat().st_mode & 0o777 == 0o600


def test_an_interrupted_first_run_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "first-run.db").write_text("half a database")
    place = Place(tmp_path)
    demo.prepare(place, place.environment(8000), HOOK)
    assert place.database.exists()
    assert not list(tmp_path.glob("first-run*"))


def test_without_its_credentials_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "diary.db").touch()
    with pytest.raises(demo.CannotStart, match="delete"):
        demo.prepare(Place(tmp_path), Place(tmp_path).environment(8000), HOOK)


def test_a_busy_port_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        assert demo.main() == 1
    told = capsys.readouterr().err
    assert told == f"Port {port} is in use; name another one: make run PORT={port + 10}\n"


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2027, 1, 3)])
def test_every_evening_is_within_the_six_weeks(day: date) -> None:
    """Around changes of the clocks too; each episode is told, once."""
    stories = diaries(day)
    assert [story.person for story in stories] == list(PEOPLE)
    for story in stories:
        told = [evening.episode for evening in story.evenings if evening.episode]
        assert tuple(told) == story.person.episodes
        assert all(evening.at <= evening.arrives for evening in story.evenings)
        assert all(story.enters_at < evening.at for evening in story.evenings)
        assert len({evening.at.date() for evening in story.evenings}) == len(story.evenings)


def test_the_receiver_believes_only_what_the_secret_signed() -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    sent = headers([other, secret], "msg_1", 1_000, b"{}")
    assert is_genuine(secret, sent, b"{}", 1_000)
    assert not is_genuine(secret, sent, b"{ }", 1_000)
    assert not is_genuine(secret, sent, b"{}", 1_301)
    assert not is_genuine(secret, sent | {"webhook-id": "msg_2"}, b"{}", 1_000)
    assert not is_genuine(secret, {}, b"{}", 1_000)
    assert not is_genuine(secret, sent | {"webhook-signature": "v1,é"}, b"{}", 1_000)


def test_a_token_needs_a_running_demo(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="make run"):
        access_token(Place(tmp_path), "alice")


def test_the_readme_shows_the_same_minute() -> None:
    lines = minute(
        "http://127.0.0.1:8000",
        "var/demo",
        datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
        UUID("018f3a2e-0000-7000-8000-000000000001"),
        UUID("018f3a2e-0000-7000-8000-000000000002"),
    )
    assert f"```sh\n{lines}\n```" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not (which("bash") and which("curl")), reason="needs bash and curl")
def test_the_printed_minute_works_as_printed(tmp_path: Path) -> None:
    """Everything as `make run` starts it, and its lines pasted into a shell."""
    ports = _free_port(), _free_port()
    environment = os.environ | {
        "DEMO_FOLDER": str(tmp_path / "demo"),
        "PORT": str(ports[0]),
        "RECEIVER_PORT": str(ports[1]),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Where the tests run in a shell's background, Ctrl-C is ignored from there on down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as running:
        try:
            assert running.stdout is not None
            told = ""
            for line in running.stdout:
                told += line
                if line.startswith("Ctrl-C"):
                    break
            assert told.count("─" * 100) == 2, told
            lines = told.split("─" * 100)[1].replace(".venv/bin/python", sys.executable)
            pasted = subprocess.run(
                ["bash", "-eu"],
                input=lines,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert (pasted.returncode, pasted.stderr) == (0, "")
            _wait_for_lines(tmp_path / "demo" / "webhooks.jsonl", 3)
            calm, first, risk, second, page, listed, has_it, resolved = pasted.stdout.splitlines()
        finally:
            running.send_signal(signal.SIGINT)
            rest, _ = running.communicate(timeout=30)

    assert (first, second) == ("201", "201")
    assert json.loads(calm)["guidance"]["level"] == "none"
    assert json.loads(risk)["guidance"]["level"] == "emergency"
    assert json.loads(risk)["care_team_told"]
    data = json.loads(page)["body"]["data"]
    (alert,) = json.loads(listed)["items"]
    assert (data["alert_id"], data["severity"]) == (alert["id"], "critical")
    assert json.loads(has_it)["alert"]["status"] == "acknowledged"
    assert json.loads(resolved)["alert"]["status"] == "resolved"
    # Each was shown with its signature verified, and Ctrl-C ended both servers.
    for event in ("triggered", "acknowledged", "resolved"):
        assert f"◆ alert.{event} " in rest
    assert running.returncode == 0
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def _seeded(folder: Path) -> Place:
    place = Place(folder)
    environment = place.environment(8000) | {"INTERLUDE_MASTER_KEY": MASTER_KEY}
    migrations.upgrade(environment["INTERLUDE_DATABASE_URL"])
    seed(settings(environment), LAST)
    return place


def _check_ins(place: Place) -> list[list[Any]]:
    return _rows(
        place,
        "SELECT id, patient_id, local_date, recorded_at, received_at, mood, anxiety, dissociation, "
        "si, severity, infusion_number, hours_since_infusion FROM check_ins ORDER BY id",
    )


def _rows(place: Place, query: str) -> list[list[Any]]:
    engine = create_engine(f"sqlite:///{place.database}")
    with engine.connect() as connection:
        rows = [list(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def _wait_for_lines(file: Path, wanted: int) -> None:
    deadline = time.monotonic() + _BOUND
    while len(file.read_text().splitlines()) < wanted:
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
