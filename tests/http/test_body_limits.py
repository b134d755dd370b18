"""What is sent has bounds, and nothing in it can set what is not the caller's to set."""

import time
from typing import Any
from uuid import uuid4

import pytest
from marshmallow import RAISE, Schema, fields

from api.openapi import operations
from api.operation import Operation
from api.paging import page_of
from api.problems import BadQuery
from diary.access.permissions import SCOPES_OF, Role
from diary.work import House
from schemas.base import Form
from tests.cast import Cast
from tests.client import Api
from tests.http.asking import identities, ids
from tests.http.test_bad_input import JSON, faults, refused, stored
from tests.http.test_permissions import BODIES

__all__ = ["identities", "ids"]
only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
WITH_BODY = [
    (path, method, declared)
    for _, path, method, declared in operations()
    if declared.body is not None and not declared.form
]
# What rows have, and what a caller might like to choose.
NOT_THEIRS = (
    *("id", "clinic_id", "patient_id_", "created_at", "created_by", "version", "role_", "scope"),
    *("state", "status_", "severity_", "alert_id", "staff_id", "key_hash", "drill", "__class__"),
)


def shapes(shape: Schema) -> list[Schema]:
    """A shape and all within it."""
    found = [shape]
    for field in shape.fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            found += shapes(inner.schema)
    return found


def test_no_shape_takes_what_it_does_not_know() -> None:
    for *_, declared in WITH_BODY:
        assert declared.body is not None
        for shape in shapes(declared.body):
            assert shape.unknown == RAISE, (declared.name, shape)
            assert not isinstance(shape, Form)


@only_sqlite
def test_nothing_is_set_that_is_not_the_callers_to_set(
    identities: dict[Role, Api], ids: dict[str, Any], api: Api, house: House
) -> None:
    def who(declared: Operation) -> Api:
        for role, caller in identities.items():
            if declared.scope in SCOPES_OF[role]:
                return caller
        return api

    before = stored(house)
    for path, method, declared in WITH_BODY:
        url = path
        made_up = dict.fromkeys(
            ("check_in_id", "amendment_id", "quarantine_id", "window_id", "course_id"), uuid4()
        )
        for name, value in (ids | made_up).items():
            url = url.replace(f"<uuid:{name}>", str(value))
        url = url.replace("<string:applies_to>", "default")
        known = set(declared.body.fields) if declared.body else set()
        added = {name: str(uuid4()) for name in NOT_THEIRS if name not in known}
        body = BODIES.get(declared.name, {}) | added
        answer = who(declared)._with_json(method.upper(), url, body, {"If-Match": "*"})
        # What a batch holds is taken, whatever stands around it.
        expected = 200 if declared.name == "postCheckInBatch" else 422
        assert answer.status == expected, (declared.name, answer)
        found = faults(answer)
        assert {f"/{name}" for name in added} <= found.keys(), declared.name
        assert {found[f"/{name}"] for name in added} == {"unknown_field"}, declared.name
        assert stored(house) == before, declared.name


@only_sqlite
def test_a_note_has_4000_characters(cast: Cast) -> None:
    cast.alice.check_in(si=4)
    (alert,) = cast.dana.alerts()
    url = f"/v1/alerts/{alert['id']}/notes"
    for character in ("x", "\U0001f4a7"):
        assert cast.bob.api.post(url, {"text": character * 4_000}).status == 201
        long = cast.bob.api.post(url, {"text": character * 4_001})
        assert faults(long) == {"/text": "too_long"}


# --- cursors -------------------------------------------------------------------------------------


@only_sqlite
def test_a_cursor_serves_where_it_was_given_and_nowhere_else(cast: Cast, house: House) -> None:
    for _ in range(3):
        cast.alice.check_in()
        cast.frank.check_in()
    first = cast.alice.api.get("/v1/check-ins", limit=1)
    cursor = first.json["next_cursor"]
    assert cast.alice.api.get("/v1/check-ins", limit=1, cursor=cursor).status == 200
    of_alice = f"/v1/patients/{cast.alice.id}/check-ins"
    for who, path, more in (
        (cast.frank, "/v1/check-ins", {}),
        (cast.alice, "/v1/check-ins", {"si_at_least": 1}),
        (cast.bob, of_alice, {}),
        (cast.bob, "/v1/patients", {}),
        (cast.bob, "/v1/alerts", {}),
    ):
        answer = who.api.get(path, cursor=cursor, **more)
        refused(answer, 400, "bad-query")
        assert faults(answer) == {"/cursor": "invalid_cursor"}


@only_sqlite
def test_no_bit_of_a_cursor_can_be_changed(cast: Cast, house: House) -> None:
    for _ in range(2):
        cast.alice.check_in()
    cursor = cast.alice.api.get("/v1/check-ins", limit=1).json["next_cursor"]
    asked = {"limit": 1, "si_at_least": None, "recorded_from": None, "recorded_before": None}

    def serves(text: str) -> bool:
        try:
            page_of(house.vault, "getOwnCheckIns", asked | {"cursor": text}, cast.clinic)
        except BadQuery:
            return False
        return True

    assert serves(cursor)
    changed = [
        cursor[:at] + chr(ord(cursor[at]) ^ 1 << bit) + cursor[at + 1 :]
        for at in range(len(cursor))
        for bit in range(8)
    ]
    changed += [cursor[:at] for at in range(len(cursor))] + [
        cursor + "A",
        cursor + "=",
        "." + cursor,
    ]
    assert not [text for text in changed if serves(text)]


# --- bombs ---------------------------------------------------------------------------------------

MOST = 64 * 1024
_MEMBERS = ",".join(f'"m{number}":{number}' for number in range(5_000))
BOMBS = {
    "deep": b"[" * (MOST // 2) + b"]" * (MOST // 2),
    "deep objects": b'{"a":' * 12_000,
    "deep in the middle": b'{"answers":' + b'{"si":' * 30 + b"5" + b"}" * 31,
    "wide": f"{{{_MEMBERS}}}".encode(),
    "wide answers": f'{{"answers":{{{_MEMBERS[:60_000].rpartition(",")[0]}}}}}'.encode(),
    "one member many times": b'{"answers":{' + b'"si":5,' * 9_000 + b'"si":0}}',
    "a long number": b'{"answers":{"si":' + b"9" * 60_000 + b"}}",
    "a long fraction": b'{"answers":{"si":0.' + b"9" * 60_000 + b"}}",
    "a large exponent": b'{"answers":{"si":1e' + b"9" * 60_000 + b"}}",
    "past any number": b'{"answers":{"si":1e400}}',
    "a long word": b'{"answers":{"si":"' + b"5" * 65_000 + b'"}}',
    "escapes": b'{"answers":{"si":"' + b"\\u0000" * 10_000 + b'"}}',
    "many lists": b"[" + b"[[]]," * 13_000 + b"0]",
    "many words": b'{"answers":[' + b'"si",' * 13_000 + b"0]}",
}


@only_sqlite
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered_at_once(cast: Cast, name: str) -> None:
    bomb = BOMBS[name]
    assert len(bomb) <= MOST + 1
    for caller, method, path in (
        (cast.alice, "PUT", f"/v1/check-ins/{uuid4()}"),
        (cast.bob, "POST", "/v1/patients"),
        (cast.dana, "POST", "/v1/rotas"),
    ):
        began = time.process_time()
        answer = caller.api.send(method, path, bomb, JSON)
        # Of this process alone: whatever else the machine does meanwhile.
        assert time.process_time() - began < 1
        assert answer.status in (202, 400, 413, 422), answer.status
        assert len(answer.body) < 20 * MOST
        if caller is cast.alice and answer.status != 202:
            assert answer.json["crisis"]["emergency_numbers"] == ["112"]
