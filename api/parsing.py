"""Reads a request's body and query string, and refuses whatever two readers could read apart."""

from collections.abc import Callable
from json import JSONDecoder
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import HTTPException

from api.problems import BadQuery, LengthRequired, TooLarge, UnsupportedMedia, faults_of
from diary.errors import Fault, FieldFault, Invalid, Malformed

LARGEST_BODY = 64 * 1024
_DEEPEST = 32
_MOST_PARAMETERS = 32


def json_body(schema: Schema | None, largest: int) -> Callable[[], Any]:
    """A reader of JSON bodies; without a schema it hands over the object as it was sent."""

    def read() -> Any:
        value = _json(_bytes("application/json", largest))
        if schema is not None:
            return _load(schema, value)
        if not isinstance(value, dict):
            raise Invalid(errors=[FieldFault("", "wrong_type", "an object is needed")])
        return value

    return read


def form_body(schema: Schema, largest: int) -> Callable[[], Any]:
    """A reader of `application/x-www-form-urlencoded` bodies."""

    def read() -> Any:
        return _load(
            schema, _pairs(_bytes("application/x-www-form-urlencoded", largest), Malformed)
        )

    return read


def heard(schema: Schema, largest: int) -> dict[str, Any]:
    """What of a JSON body is in order; nothing where none came, or none that can be read. For what
    must not be refused for its form."""
    found: dict[str, Any] = schema.load({})
    try:
        value = _json(_bytes("application/json", largest))
        found |= schema.load(value if isinstance(value, dict) else {})
    except ValidationError as error:
        if isinstance(error.valid_data, dict):
            found |= {name: error.valid_data[name] for name in found if name in error.valid_data}
    except (Fault, HTTPException, OSError):
        # A body that broke off on its way is one that cannot be read.
        pass
    return found


def no_body() -> None:
    """Refuse a body where none is expected: it would be ignored in silence."""
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        raise LengthRequired
    if request.environ.get("CONTENT_LENGTH", "0") not in ("", "0"):
        raise Malformed("this operation takes no body")


def query(schema: Schema | None) -> Callable[[], dict[str, Any]]:
    """A reader of query strings; without a schema it takes none."""

    def read() -> dict[str, Any]:
        raw = request.query_string
        if schema is None:
            if raw:
                raise BadQuery("this operation takes no query parameters")
            return {}
        try:
            loaded: dict[str, Any] = schema.load(_pairs(raw, BadQuery) if raw else {})
        except ValidationError as error:
            raise BadQuery(errors=faults_of(error)) from None
        return loaded

    return read


def _bytes(media_type: str, largest: int) -> bytes:
    environ = request.environ
    length = request.content_length
    if length is None or "HTTP_TRANSFER_ENCODING" in environ:
        raise LengthRequired
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMedia("a compressed body is not accepted")
    # What nearly everyone sends, letter for letter, need not be parsed.
    if environ.get("CONTENT_TYPE") != media_type:
        charset = request.mimetype_params.get("charset", "utf-8")
        if request.mimetype != media_type or charset.lower() not in ("utf-8", "utf8"):
            raise UnsupportedMedia(f"Content-Type must be {media_type}")
    if length > largest:
        raise TooLarge(f"at most {largest} bytes are accepted")
    return request.get_data(cache=False)


def _load(schema: Schema, value: Any) -> Any:
    try:
        return schema.load(value)
    except ValidationError as error:
        raise Invalid(errors=faults_of(error)) from None


def _json(raw: bytes) -> Any:
    """Strict UTF-8 JSON: no NaN, no lone surrogate, not nested deeply, no member twice."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON in UTF-8") from None
    if raw.count(b"{") + raw.count(b"[") > _DEEPEST and _depth(value) > _DEEPEST:
        raise Malformed(f"the body is nested deeper than {_DEEPEST} levels")
    # orjson keeps the last of two equal members: the worse answer could be the first.
    try:
        _TWICE.decode(raw.decode())
    except _Twice:
        raise Malformed("the body names a member of an object twice") from None
    except ValueError:
        raise Malformed("the body has a number of too many digits") from None
    return value


class _Twice(Exception):
    """An object names a member twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


_TWICE = JSONDecoder(object_pairs_hook=_once)


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level := [inner for inner in level if isinstance(inner, dict | list)]:
        deepest += 1
        level = [
            each
            for inner in level
            for each in (inner.values() if isinstance(inner, dict) else inner)
        ]
    return deepest


def _pairs(raw: bytes, fault: type[Malformed]) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError:
        raise fault("it is not form-encoded UTF-8") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise fault("a parameter is repeated")
    return found
