"""A FHIR document before anything in it is understood: strict JSON within bounds. Pure."""

from collections.abc import Mapping
from json import JSONDecoder
from typing import Any, Final, Never

import orjson

from diary.errors import FieldFault

LARGEST: Final = 5 * 1024 * 1024
"""Bytes that a document may have."""
DEEPEST: Final = 30
"""Levels that it may be nested."""
_MOST_PARTS = 500_000
_MARK = b"\xef\xbb\xbf"
_XML_MARKS = (b"<", b"\xff\xfe<", b"\xfe\xff\x00<")


class Refusal(Exception):
    """What is wrong with a document, fault by fault."""

    def __init__(self, *faults: FieldFault) -> None:
        super().__init__(", ".join(f"{fault.pointer} {fault.code}" for fault in faults))
        self.faults = faults


def parsed(raw: bytes) -> dict[str, Any]:
    """The object that the bytes of a file describe; raises Refusal.

    A byte order mark is passed over. A member that is named twice is refused: which of the two
    counts would be a guess.
    """
    if len(raw) > LARGEST:
        _refuse("too_large", f"at most {LARGEST} bytes are read")
    raw = raw.removeprefix(_MARK)
    if raw.lstrip().startswith(_XML_MARKS):
        _refuse("xml", "this is XML; the same resource is needed as JSON")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        _refuse("not_json", "this is not JSON in UTF-8")
    found = checked(document)
    try:
        _TWICE.decode(raw.decode())
    except _Twice:
        _refuse("member_twice", "an object names a member twice")
    except ValueError:
        _refuse("not_json", "a number has too many digits")
    return found


def checked(document: object) -> dict[str, Any]:
    """A document that was parsed elsewhere, once it is within the same bounds."""
    if not isinstance(document, dict):
        _refuse("wrong_type", "an object is needed")
    try:
        written = canonical(document)
    except orjson.JSONEncodeError:
        _refuse_depth(document)
        _refuse("not_json", "a number has too many digits, or a text is no Unicode")
    if len(written) > LARGEST:
        _refuse("too_large", f"at most {LARGEST} bytes are read")
    if sum(written.count(mark) for mark in (b"{", b"[", b",")) > _MOST_PARTS:
        _refuse("too_many", f"at most {_MOST_PARTS} values are read")
    _refuse_depth(document)
    # Written so by the encoder, or by a text that has just these letters.
    if b"\\u0000" in written and _has_nul(document):
        _refuse("invalid_text", "a text contains a character that cannot be stored")
    # What JSON has no word for, such as an infinite number, must not reach a database.
    found: dict[str, Any] = orjson.loads(written)
    return found


def canonical(document: Mapping[str, Any]) -> bytes:
    """One way to write a document: UTF-8, members sorted, nothing between them."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _refuse_depth(document: object) -> None:
    if _depth(document) > DEEPEST:
        _refuse("too_deep", f"at most {DEEPEST} levels are read")


def _refuse(code: str, detail: str) -> Never:
    raise Refusal(FieldFault("", code, detail))


class _Twice(Exception):
    """An object names a member twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


_TWICE = JSONDecoder(object_pairs_hook=_once)


def _inner(part: object) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    return part if isinstance(part, list) else []


def _depth(document: object) -> int:
    deepest, level = 0, [document]
    while level := [part for part in level if isinstance(part, dict | list)]:
        deepest += 1
        level = [each for part in level for each in _inner(part)]
    return deepest


def _has_nul(document: object) -> bool:
    waiting = [document]
    while waiting:
        part = waiting.pop()
        texts = [part, *part] if isinstance(part, dict) else [part]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            return True
        waiting += _inner(part)
    return False
