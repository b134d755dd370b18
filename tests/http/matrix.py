"""Who may do what to whose: what is expected of every operation, said here and nowhere copied.

The scopes of a role are read from docs/access.md, what an operation needs from its declaration, and
whose an object is from the tables below. Nothing is asked of the code under test.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask

from api.app import answer_for
from api.openapi import operations
from api.operation import Operation
from diary.callers import Caller
from diary.work import House, Work

Ids = Mapping[str, object]
OPERATIONS = [(path, method, declared) for _, path, method, declared in operations()]

# --- whose is it? ------------------------------------------------------------------------------

# The objects around Alice, the same with an alert of hers that is closed, around Olga of the same
# clinic, around Frank of the other one, and of nobody.
WORLDS = ("alice", "alice's past", "olga", "frank", "nobody")
HARBOUR = {"alice", "alice's past", "olga"}
HERS = {"alice", "alice's past"}

# Each identity with its role, its clinic's objects, and the records it reads and changes.
_Row = tuple[str, set[str], set[str], set[str]]
PEOPLE: dict[str, _Row] = {
    "alice": ("patient", HARBOUR, HERS, HERS),
    "olga": ("patient", HARBOUR, {"olga"}, {"olga"}),
    "bob, on alice's team": ("clinician", HARBOUR, HERS, HERS),
    "judy, on olga's team": ("clinician", HARBOUR, {"olga"}, {"olga"}),
    "heidi, who holds alice's alert": ("clinician", HARBOUR, HERS, set()),
    "nina, who broke the glass": ("clinician", HARBOUR, HERS, set()),
    "oscar, whose hour is over": ("clinician", HARBOUR, set(), set()),
    "charlie, a stranger": ("clinician", {"frank"}, {"frank"}, {"frank"}),
    "dana": ("care-manager", HARBOUR, HARBOUR, HARBOUR),
    "erin": ("clinic-admin", HARBOUR, set(), set()),
    "grace, a stranger": ("clinic-admin", {"frank"}, set(), set()),
    "ivan": ("auditor", HARBOUR, set(), set()),
    "a program": ("client", HARBOUR, HARBOUR, HARBOUR),
    "a program without scopes": ("nothing", HARBOUR, HARBOUR, HARBOUR),
    "bob without an app": ("set-up", HARBOUR, HERS, HERS),
    "judy since an hour": ("clinician", HARBOUR, {"olga"}, {"olga"}),
    "erin since an hour": ("clinic-admin", HARBOUR, set(), set()),
    "anybody": ("", set(), set(), set()),
}
STALE = {"judy since an hour", "erin since an hour"}
OPEN_ALERTS = {"alice", "frank"}

Relation = Callable[[str], set[str]]


def clinic(who: str) -> set[str]:
    """What belongs to the caller's clinic."""
    return PEOPLE[who][1]


def record(who: str) -> set[str]:
    """What stands in a record that the caller reads."""
    return PEOPLE[who][2]


def alert(who: str) -> set[str]:
    """Open ones of the clinic, and those in a record that the caller reads."""
    return (clinic(who) & OPEN_ALERTS) | record(who)


def own(who: str) -> set[str]:
    """A member's, and a session's: of Bob, Judy and Charlie; the name comes first."""
    of = {"bob": HERS, "judy": {"olga"}, "charlie": {"frank"}}
    return of.get(re.split(r"\W", who)[0], set())


def own_glass(who: str) -> set[str]:
    """Nina's alone."""
    return HERS if who.startswith("nina") else set()


def anything(who: str) -> set[str]:
    """An id that the caller makes."""
    return set(WORLDS)


# Whose each parameter of a path is; then where an operation takes it for something else.
RELATIONS: dict[str, Relation] = {
    "patient_id": record,
    "check_in_id": record,
    "infusion_id": record,
    "course_id": record,
    "note_id": record,
    "quarantine_id": record,
    "window_id": record,
    "device_id": record,
    "hold_id": record,
    "alert_id": alert,
    "session_id": own,
    "staff_id": clinic,
    "contact_id": clinic,
    "endpoint_id": clinic,
    "delivery_id": clinic,
    "client_id": clinic,
    "rota_id": clinic,
    "override_id": clinic,
    "break_glass_id": clinic,
}
OTHERWISE: dict[tuple[str, str], Relation] = {
    ("putOwnCheckIn", "check_in_id"): anything,
    ("putOwnAmendment", "check_in_id"): anything,
    ("putOwnAmendment", "amendment_id"): anything,
    ("postAlerts", "patient_id"): clinic,
    ("postPatientBreakGlass", "patient_id"): clinic,
    ("deletePatient", "patient_id"): clinic,
    ("deletePatientBreakGlass", "patient_id"): own_glass,
}
# Of an alert its record is changed where it is closed; these change nothing but who may read.
NO_CHANGE = {"postPatientBreakGlass", "deletePatientBreakGlass"}
# A member's contacts are changed by themself, or by who manages the team.
OWN_OR_MANAGED = {"postStaffContacts", "deleteStaffContact"}
# No clinic has published a rule set or a plan of its own, nor a policy for what is no severity; and
# there is no licence to attest of the product's own instrument.
NOT_THERE = {
    "getRuleSet",
    "getRuleSetComparison",
    "getPolicy",
    "getOneSchedulePlan",
    "postInstrumentLicence",
}
# The id of a patient that stands in the body.
IN_BODY = {"postAlerts": "patient_id"}
WORDS = {
    "slug": "daily-check-in",
    "version": "1.0.0",
    "applies_to": "nothing",
    "token": "a" * 43,
    "purpose": "treatment-diary",
}


def scopes_of_roles() -> dict[str, set[str]]:
    """The table of docs/access.md: what each role can hold."""
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head = next(row for row in rows if row[0] == "Scope")
    return {
        role: {
            row[0].strip("`")
            for row in rows
            if re.fullmatch(r"`[a-z-]+:[a-z]+`", row[0]) and row[column] == "yes"
        }
        for column, role in enumerate(head)
        if column
    } | {"set-up": {"session:write"}, "nothing": set(), "": set()}


def relations(declared: Operation, path: str) -> dict[str, Relation]:
    """What an operation takes ids of. A parameter that the table does not know is a KeyError."""
    names = re.findall(r"<uuid:(\w+)>", path)
    if declared.name in IN_BODY:
        names.append(IN_BODY[declared.name])
    return {name: OTHERWISE.get((declared.name, name)) or RELATIONS[name] for name in names}


ROLES = scopes_of_roles()


def expected(declared: Operation, path: str, who: str, world: str) -> str:
    """`allowed`, or the status and code of the refusal."""
    if declared.scope is None:
        return "open"
    if who == "anybody":
        return "401 unauthenticated"
    role, _, reads, changes = PEOPLE[who]
    if declared.scope not in ROLES[role]:
        return "403 forbidden"
    if declared.step_up and who in STALE:
        return "401 step-up-needed"
    asked = relations(declared, path)
    if declared.name in NOT_THERE or any(world not in relation(who) for relation in asked.values()):
        return "404 not-found"
    of_record = record in asked.values() or (alert in asked.values() and world not in OPEN_ALERTS)
    changing = declared.write and declared.name not in NO_CHANGE and declared.name not in IN_BODY
    if of_record and changing and world in reads - changes:
        return "403 only-reading"
    if declared.name in OWN_OR_MANAGED and world not in own(who) and role != "clinic-admin":
        return "403 forbidden"
    return "allowed"


def hidden(who: str, world: str) -> set[str]:
    """Whose patients' ids must stand in nothing that this identity is shown."""
    shown = record(who) | (clinic(who) & OPEN_ALERTS) | {world}
    if PEOPLE[who][0] == "care-manager":
        shown |= HERS  # the list of glasses that were broken
    if PEOPLE[who][0] == "auditor":
        shown |= clinic(who)  # the audit trail, which names every patient by id and by nothing else
    return {"alice", "olga", "frank"} - shown


# --- asking ------------------------------------------------------------------------------------


class _Undone(Exception):
    pass


class Rehearsal(House):
    """A house where everything happens and nothing remains: each cell finds the same world."""

    @contextmanager
    def work(self, caller: Caller, *, write: bool = True) -> Iterator[Work]:
        with suppress(_Undone), House.work(self, caller, write=write) as work:
            yield work
            work.flush()
            raise _Undone


@dataclass(frozen=True)
class Report:
    """cells: how many were asked; unexpected: those that answered otherwise, each in one line."""

    cells: int = 0
    unexpected: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.cells:,} cells, {len(self.unexpected)} unexpected"


@dataclass(frozen=True)
class Matrix:
    """tokens: of each identity, None for whoever has none. bodies: what a caller sends."""

    app: Flask
    house: House
    tokens: Mapping[str, str | None]
    worlds: Mapping[str, Ids]
    bodies: Mapping[str, Mapping[str, object]]

    def run(self, only: Collection[str] = (), *, past_the_door: bool = False) -> Report:
        """Ask every cell, or those of some operations.

        past_the_door: only what is not refused before a database is asked.
        """
        house = self.house
        parts = {name: getattr(house, name) for name in House.__dataclass_fields__}
        # One address asks it all in a moment.
        parts["settings"] = house.settings.model_copy(update={"rate_factor": 0})
        rehearsal = Rehearsal(**parts)
        answer_for(self.app, rehearsal)
        report = Report()
        try:
            for path, method, declared in OPERATIONS:
                if not only or declared.name in only:
                    for who in PEOPLE:
                        # But for that they are who they are.
                        if who in STALE and not declared.step_up:
                            continue
                        if past_the_door and declared.scope not in ROLES[PEOPLE[who][0]]:
                            continue
                        report = self._row(report, path, method, declared, who)
        finally:
            answer_for(self.app, house)
        return report

    def _row(self, report: Report, path: str, method: str, declared: Operation, who: str) -> Report:
        asked = relations(declared, path)
        worlds = [
            world
            for world in (WORLDS if asked else ("nobody",))
            if "alert_id" in asked or world != "alice's past"
        ]
        if declared.scope not in ROLES[PEOPLE[who][0]]:
            # Refused before any object is looked at: an own one and none stand for all.
            worlds = [worlds[0], "nobody"] if asked else worlds
        absent: set[bytes] = set()
        wrong: list[str] = []
        for world in worlds:
            status, body = self._send(path, method, declared, who, world)
            answer = _said(status, body)
            wanted = expected(declared, path, who, world)
            cell = f"{declared.name} × {who} × {world}"
            if wanted == "open":
                refused = answer in ("401 unauthenticated", "403 forbidden")
                if refused or (status >= 500 and b"escalation-unreliable" not in body):
                    wrong.append(f"{cell}: open, and was {answer}")
            elif answer != wanted:
                wrong.append(f"{cell}: {wanted}, and was {answer} ({status})")
            elif wanted == "allowed":
                wrong += [
                    f"{cell}: shows the patient of {one}"
                    for one in hidden(who, world)
                    if str(self.worlds[one]["patient_id"]).encode() in body
                ]
            if status == 404:
                absent.add(body)
        if len(absent) > 1 and declared.scope is not None:
            wrong.append(f"{declared.name} × {who}: one 404 is not the other")
        return replace(
            report, cells=report.cells + len(worlds), unexpected=report.unexpected + wrong
        )

    def _send(
        self, path: str, method: str, declared: Operation, who: str, world: str
    ) -> tuple[int, bytes]:
        ids = self.worlds.get(world, {})

        def part(found: re.Match[str]) -> str:
            kind, name = found["kind"], found["name"]
            if kind == "uuid":
                return str(ids.get(name) or uuid4())
            return "1" if kind == "int" else WORDS[name]

        url = re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", part, path)
        token = self.tokens[who]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if declared.needs_version:
            headers["If-Match"] = "*"
        sent: dict[str, Any] = {"headers": headers}
        if declared.form:
            sent["data"] = {}
        elif declared.body is not None:
            body = dict(self.bodies.get(declared.name, {}))
            if declared.name in IN_BODY:
                body[IN_BODY[declared.name]] = str(ids.get("patient_id") or uuid4())
            if PEOPLE[who][0] == "client" and "on_behalf_of" in declared.body.fields:
                body["on_behalf_of"] = str(self.worlds["alice"]["staff_id"])
            sent |= {"data": orjson.dumps(body), "content_type": "application/json"}
        with self.app.test_client(use_cookies=False).open(url, method=method.upper(), **sent) as it:
            return it.status_code, it.get_data()


def _said(status: int, body: bytes) -> str:
    if status >= 500:
        return str(status)
    if status not in (401, 403, 404):
        return "allowed"
    return f"{status} {orjson.loads(body)['type'].rpartition(':')[2]}" if body[:1] == b"{" else "?"
