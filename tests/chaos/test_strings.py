"""A day of the clinic with words of its own, which then stand nowhere: database, dump or logs."""

import base64
import http.client
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pyotp
import pytest
from sqlalchemy.engine import make_url

from diary.access import clinics, staff
from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.database import Database
from diary.settings import Settings
from diary.tables import metadata
from diary.work import House
from tests.cast import CALM, ZONE
from tests.chaos.test_kill import HOST, SOON, Server
from tests.erasing import REASON
from tests.postgresql import Server as Postgresql

pytestmark = pytest.mark.slow
# The clinic's own name is plain: what finds it finds anything.
CLINIC = f"Harbour {secrets.token_hex(8)}"


@dataclass
class Day:
    """What is said over HTTP on that day, and all of it that must stand nowhere."""

    server: Server
    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, what: str, value: str | None = None) -> str:
        """A word of its own; with a value, one that the API has just made."""
        self.planted[what] = value or f"{what.title()} {secrets.token_hex(8)}"
        return self.planted[what]

    def call(self, method: str, path: str, token: str | None, body: object = None) -> Any:
        """The JSON of an answer, whatever its status."""
        self.server.until_it_listens()
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=SOON)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        sent = None if body is None else orjson.dumps(body)
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status < 500, (path, answer.status, said)
        return orjson.loads(said) if said else None

    def sign_in(self, who: str, email: str, password: str) -> str:
        """Set an authenticator app up, and sign in with it."""
        given = {"email": email, "password": password}
        first = self.call("POST", "/v1/sessions", None, given)["access_token"]
        at = "/v1/sessions/current/second-factor"
        secret = self.plant(f"{who} totp", self.call("POST", at, first)["secret"])
        totp = pyotp.TOTP(secret)
        codes = self.call("POST", f"{at}/confirmations", first, {"code": totp.now()})
        for number, code in enumerate(codes["recovery_codes"][:2]):
            self.plant(f"{who} recovery {number}", code)
        again = given | {"code": codes["recovery_codes"][0]}
        session = self.call("POST", "/v1/sessions", None, again)
        self.plant(f"{who} refresh", session["refresh_token"])
        return self.plant(f"{who} token", session["access_token"])


def live(day: Day, house: House) -> None:
    """The day."""
    team = {name: day.plant(f"{name} password", secrets.token_hex(12)) for name in ("erin", "bob")}
    mail = {name: day.plant(f"{name} mail", f"{secrets.token_hex(8)}@c.example") for name in team}
    with house.work(OPERATOR) as work:
        clinic = clinics.create(work, name=CLINIC, country="ES", time_zone=ZONE)
        name = day.plant("erin name")
        invited = staff.invite(work, clinic, name=name, email=mail["erin"], role=Role.CLINIC_ADMIN)
        day.plant("erin invitation", invited.code)
    taken = {"code": invited.code, "password": team["erin"]}
    day.call("POST", "/v1/staff/activations", None, taken)
    erin = day.sign_in("erin", mail["erin"], team["erin"])
    person = {"name": day.plant("bob name"), "email": mail["bob"], "role": "clinician"}
    code = day.plant("bob invitation", day.call("POST", "/v1/staff", erin, person)["code"])
    day.call("POST", "/v1/staff/activations", None, {"code": code, "password": team["bob"]})
    bob = day.sign_in("bob", mail["bob"], team["bob"])
    wrong = {"email": mail["bob"], "password": day.plant("wrong password", secrets.token_hex(12))}
    day.call("POST", "/v1/sessions", None, wrong)

    hook = day.call("POST", "/v1/webhook-endpoints", erin, {"url": "http://127.0.0.1:9/hook"})
    day.plant("webhook secret", hook["secret"])
    targets = [{"type": "endpoint", "id": hook["id"]}]
    steps = {"steps": [{"delay_minutes": 5, "targets": targets}]}
    assert day.call("PUT", "/v1/policies/default", erin, steps)["steps"]
    everyone = day.call("GET", "/v1/staff", bob)["items"]
    me = next(each["id"] for each in everyone if each["role"] == "clinician")
    word = day.plant("contact", secrets.token_hex(8))
    address = {"address": f"mailtos://pager:{word}@mail.example"}
    assert day.call("POST", f"/v1/staff/{me}/contacts", bob, address)["scheme"] == "mailtos"
    client = {"name": "Pager", "scopes": ["alerts:read"]}
    made = day.call("POST", "/v1/api-clients", erin, client)
    day.plant("client key", made["key"])

    entered = {"name": day.plant("patient name"), "time_zone": ZONE}
    patient = day.call("POST", "/v1/patients", bob, entered)["id"]
    code = day.call("POST", f"/v1/patients/{patient}/enrolments", bob)["code"]
    phone = {"code": day.plant("enrolment", code), "name": day.plant("phone"), "platform": "ios"}
    paired = day.call("POST", "/v1/devices", None, phone)
    day.plant("phone refresh", paired["refresh_token"])
    alice = day.plant("phone token", paired["access_token"])
    now = house.clock.now().isoformat()
    body = {"instrument": "daily-check-in", "version": "1.0.0", "locale": "en"}
    body |= {"recorded_at": now, "sent_at": now, "time_zone": ZONE}
    calm = body | {"answers": dict(CALM)}
    assert day.call("PUT", f"/v1/check-ins/{uuid4()}", alice, calm)["outcome"] == "recorded"
    told = {**CALM, "si": 4, "si_gate": "yes", day.plant("made-up field"): day.plant("free text")}
    kept = day.call("PUT", f"/v1/check-ins/{uuid4()}", alice, body | {"answers": told})
    assert kept["outcome"] == "quarantined"
    by_hand = {"patient_id": patient, "severity": "high", "note": day.plant("alert note")}
    alert = day.call("POST", "/v1/alerts", bob, by_hand)["alert"]
    at = f"/v1/alerts/{alert['id']}"
    day.call("POST", f"{at}/notes", bob, {"text": day.plant("later note")})
    # What must be readable is: the day happened.
    read = day.call("GET", f"/v1/patients/{patient}/quarantine", bob)["items"]
    assert day.planted["free text"] in str(read)
    assert day.planted["made-up field"] in str(read)
    assert day.call("GET", f"/v1/patients/{patient}", bob)["name"] == day.planted["patient name"]
    shown = day.call("GET", at, bob)
    assert {each["note"] for each in shown["entries"]} >= {day.planted["later note"]}
    end = {"sequence": shown["alert"]["sequence"], "outcome": "contacted-safe"}
    end |= {"note": day.plant("last note")}
    # An attempt that was on its way may have moved the alert.
    for _ in range(5):
        done = day.call("POST", f"{at}/resolve", bob, end)
        if "alert" in done:
            break
        end["sequence"] = done["sequence"]
    other = {"name": day.plant("other patient"), "time_zone": ZONE}
    day.call("POST", "/v1/patients", bob, other)
    assert day.call("DELETE", f"/v1/patients/{patient}", erin, REASON) is None
    gone = day.call("PUT", f"/v1/check-ins/{uuid4()}", alice, calm)
    assert (gone["status"], "crisis" in gone) == (401, True)


def forms(word: str) -> Iterator[bytes]:
    """A word as it could stand in a file: plain, hex, base64 wherever it begins, or UTF-16."""
    for plain in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        for before in range(3):
            # Only what no neighbour decides.
            shifted = base64.b64encode(bytes(before) + plain)
            inner = shifted[4 if before else 0 : len(shifted) - 4]
            yield inner
            yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found(planted: dict[str, str], where: dict[str, bytes]) -> set[tuple[str, str]]:
    """What of it stands where."""
    return {
        (what, name)
        for what, word in planted.items()
        for name, content in where.items()
        if any(form in content for form in forms(word))
    }


def contents(database: Database, settings: Settings, server: Postgresql) -> dict[str, bytes]:
    """Everything that the database keeps, as whoever steals it has it."""
    if database.file is not None:
        file = Path(database.file)
        beside = [each for each in file.parent.glob(f"{file.name}*") if each.suffix != ".lock"]
        return {each.name: each.read_bytes() for each in beside}
    # As a superuser: whom policies hold would see nothing, and so find nothing.
    here = make_url(settings.database_url).database
    url = server.url.set(drivername="postgresql", database=here)
    plain = url.render_as_string(hide_password=False)
    if shutil.which("pg_dump"):
        done = subprocess.run(["pg_dump", plain], capture_output=True, check=False)
        if done.returncode == 0:
            return {"dump": done.stdout}
    # A newer server than the client's: its rows as text, in which binary ones stand as hex.
    rows = {}
    with psycopg.connect(plain) as connection:
        for table in metadata.tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
                rows[table] = b"".join(bytes(chunk) for chunk in copy)
    return rows


def test_nothing_that_is_secret_stands_anywhere(
    house: House,
    database: Database,
    settings: Settings,
    postgresql_server: Postgresql,
    tmp_path: Path,
) -> None:
    house = replace(house, clock=SystemClock())
    more = {"INTERLUDE_LOG_LEVEL": "DEBUG"}
    more["INTERLUDE_ERASURE_LEDGER"] = str(tmp_path / "erasures.jsonl")
    with Server.start(settings, **more) as server:
        day = Day(server)
        live(day, house)
        running = contents(database, settings, postgresql_server)
    database.close()
    where = running | {
        f"closed {k}": v for k, v in contents(database, settings, postgresql_server).items()
    }
    where |= {"log": "".join(server.lines).encode()}
    where |= {"ledger": (tmp_path / "erasures.jsonl").read_bytes()}

    assert len(day.planted) > 25
    assert b"delivery.attempted" in where["log"]
    assert b'"state":"done"' in where["ledger"]
    assert found(day.planted, where) == set()
    # It would have been found: what is plain is, and what is hidden in any of these ways.
    assert found({"clinic": CLINIC}, where)
    for hidden in forms("a secret word"):
        assert found({"word": "a secret word"}, {"file": b"\0before" + hidden + b"after"})
