"""A moment from the ends of time is refused by its name or kept, and never the server's fault."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from marshmallow import Schema, fields

from api.declared import Operation
from api.openapi import operations
from diary.access.permissions import SCOPES_OF, Role
from diary.work import House
from schemas.fields import Instant
from schemas.occasions import Occasion
from tests.cast import Actor, Cast
from tests.client import Response
from tests.consents import publish
from tests.http.test_matrix import _objects
from tests.http.test_permissions import BODIES, LATER

only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
NOW = "2026-03-02T09:00:00Z"
# Refused by its form where it is of a treatment, which can be of our centuries alone.
OUTSIDE = ("0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z")
INSIDE = ("1900-01-01T00:00:00Z", "2199-12-31T23:59:59Z")
END = "9999-12-31T23:59:59Z"
# The state that each step starts from.
NEEDED = {
    "postInfusionMoving": "planned",
    "postInfusionStarting": "planned",
    "postInfusionEnding": "started",
    "postObservations": "started",
    "postDepartures": "ended",
}
# Where the present is not what is entered.
USUAL = {
    "until": LATER,
    "ends_at": LATER,
    # Whatever a course lacks at a beginning of long ago can be confirmed.
    "started_at": "2026-03-02T08:00:00Z",
}
ALSO_ASKED = {"postInfusionStarting": ("course",), "postDepartures": ("met",)}
# Each is judged beside the other.
PAIRS = {"starts_at": "ends_at", "ends_at": "starts_at", "since": "until", "until": "since"}
Path = tuple[str | int, ...]


def _moments(schema: Mapping[str, fields.Field[Any]]) -> Iterator[tuple[Path, Instant]]:
    """Where in a body moments are, and of which kind."""
    for name, field in schema.items():
        for path, each in _in_field(field):
            yield (name, *path), each


def _in_field(field: fields.Field[Any]) -> Iterator[tuple[Path, Instant]]:
    if isinstance(field, Instant):
        yield (), field
    elif isinstance(field, fields.List):
        yield from (((0, *path), each) for path, each in _in_field(field.inner))
    elif isinstance(field, fields.Nested):
        inner = field.schema
        assert isinstance(inner, Schema)
        yield from _moments(inner.fields)


WITH_MOMENTS = [
    pytest.param(path, method, declared, where, field, id=f"{declared.name}-{where[-1]}-{number}")
    for _, path, method, declared in operations()
    if declared.body is not None
    for number, (where, field) in enumerate(_moments(declared.body.fields))
]


class Desk:
    """Everybody's objects, and the steps that lead to where a moment can be entered."""

    def __init__(self, cast: Cast, house: House) -> None:
        self._cast = cast
        self._people: dict[Role, Actor] = {
            Role.PATIENT: cast.alice,
            Role.CLINICIAN: cast.bob,
            Role.CARE_MANAGER: cast.dana,
            Role.CLINIC_ADMIN: cast.erin,
        }
        self._ids = _objects(cast.bob, cast.dana, cast.erin, cast.alice, house)
        assert cast.dana.resolve(str(self._ids["alert_id"])).status == 200
        assert publish(cast, "research").status == 201

    def enter(
        self, path: str, method: str, declared: Operation, where: Path, moment: str
    ) -> Response:
        """Send a body that is good but, perhaps, for that moment in it; what is unusual about the
        moment is meant so."""
        who = next(who for role, who in self._people.items() if declared.scope in SCOPES_OF[role])
        body = self._body(declared.name, where)
        place: Any = body
        for key in where[:-1]:
            place = place[key]
        place[where[-1]] = moment
        assert declared.body is not None
        if "confirm" in declared.body.fields:
            body["confirm"] = [where[-1], *ALSO_ASKED.get(declared.name, ())]
        ids = self._ids | {"amendment_id": uuid4()}
        if declared.name == "putOwnCheckIn":
            ids["check_in_id"] = uuid4()
        if declared.name in NEEDED:
            ids["infusion_id"] = self._visit(NEEDED[declared.name])
        for key, value in ids.items():
            path = path.replace(f"<uuid:{key}>", str(value))
        assert "<" not in path, path
        return who.api._with_json(method.upper(), path, body, {"If-Match": "*"})

    def _body(self, name: str, where: Path) -> dict[str, Any]:
        answers = self._cast.alice.check_in_body()
        amendment = {"reason": "Mistaken.", "amended_at": NOW, "answers": answers["answers"]}
        item = {"id": str(uuid4()), "check_in": answers}
        if "amendment" in where:
            amends = str(self._ids["check_in_id"])
            item = {"id": str(uuid4()), "amends": amends, "amendment": amendment}
        state = {"state": "hospitalised", "reason": "On the ward.", "until": LATER}
        bodies = BODIES | {
            "putOwnCheckIn": answers,
            "putOwnAmendment": amendment,
            "postCheckInBatch": {"items": [item]},
            "postPatientStates": state,
        }
        return deepcopy(bodies[name])

    def _visit(self, state: str) -> str:
        """The path's id of a visit of this morning."""
        bob, path = self._cast.bob.api, f"/v1/patients/{self._cast.alice.id}/infusions"
        began, ended = "2026-03-02T07:00:00Z", "2026-03-02T07:40:00Z"
        made = bob.post(path, {"planned_at": began, "confirm": ["planned_at"]})
        visit = f"{path}/{made.json['id']}"
        if state != "planned":
            body = {"started_at": began, "confirm": ["started_at", "course"]}
            assert bob.post(f"{visit}/start", body).status == 200
        if state == "ended":
            body = {"ended_at": ended, "confirm": ["ended_at"]}
            assert bob.post(f"{visit}/end", body).status == 200
        return str(made.json["id"])


def refused(answer: Response) -> dict[str, str]:
    """What of a body, or of the one item in it, was refused."""
    shown = answer.json.get("results", [answer.json])[0]
    problem = shown.get("problem", shown)
    return {each["pointer"]: each["code"] for each in problem.get("errors", ())}


@only_sqlite
@pytest.mark.parametrize(("path", "method", "declared", "where", "field"), WITH_MOMENTS)
def test_a_moment_is_refused_by_its_name_or_kept(
    cast: Cast,
    house: House,
    path: str,
    method: str,
    declared: Operation,
    where: Path,
    field: Instant,
) -> None:
    desk = Desk(cast, house)

    def enter(moment: str) -> Response:
        return desk.enter(path, method, declared, where, moment)

    name = str(where[-1])
    good = enter(USUAL.get(name, NOW))
    assert (good.status < 300, refused(good)) == (True, {}), good
    may_name = {f"/{each}" for each in (name, PAIRS.get(name, name))}
    for moment in (*OUTSIDE, *INSIDE, END):
        answer = enter(moment)
        assert answer.status < 500, (moment, answer)
        faults = refused(answer)
        assert answer.status < 300 or faults, (moment, answer)
        assert faults.keys() <= may_name, (moment, answer)
        if isinstance(field, Occasion):
            by_form = {f"/{name}": "out_of_range"}
            assert (faults == by_form) == (moment not in INSIDE), (moment, answer)
