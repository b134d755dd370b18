"""A moment from the end of time is refused or kept, and never the server's fault."""

from typing import Any
from uuid import uuid4

import pytest

from api.openapi import operations
from diary.access.permissions import SCOPES_OF, Role
from diary.work import House
from schemas.fields import Instant
from tests.cast import Actor, Cast
from tests.http.test_matrix import _objects
from tests.http.test_permissions import BODIES

only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
# Beside the field itself.
CONFIRMED = {"postInfusionStarting": ["started_at", "course"], "postDepartures": ["left_at", "met"]}
ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
WITH_MOMENTS = [
    (path, method, declared, name, "confirm" in declared.body.fields)
    for _, path, method, declared in operations()
    if declared.body is not None
    for name, field in declared.body.fields.items()
    if isinstance(field, Instant)
]


@only_sqlite
def test_no_moment_breaks_anything(cast: Cast, house: House) -> None:
    ids = _objects(cast.bob, cast.dana, cast.erin, cast.alice, house)
    people: dict[Role, Actor] = {
        Role.PATIENT: cast.alice,
        Role.CLINICIAN: cast.bob,
        Role.CARE_MANAGER: cast.dana,
        Role.CLINIC_ADMIN: cast.erin,
    }
    asked, broken = 0, []
    for path, method, declared, name, asks in WITH_MOMENTS:
        who = next(who for role, who in people.items() if declared.scope in SCOPES_OF[role])
        url = path
        for key, value in (ids | {"amendment_id": uuid4()}).items():
            url = url.replace(f"<uuid:{key}>", str(value))
        assert "<" not in url, url
        for moment in ENDS:
            body: dict[str, Any] = BODIES.get(declared.name, {}) | {name: moment}
            if asks:
                body["confirm"] = CONFIRMED.get(declared.name, [name])
            answer = who.api._with_json(method.upper(), url, body, {"If-Match": "*"})
            if answer.status >= 500:
                broken.append((declared.name, name, moment))
            asked += 1
    assert broken == []
    assert asked > 20
