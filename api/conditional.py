"""Conditional requests (RFC 9110, 13): what stands in `If-Match`, `If-None-Match` and `ETag`.

The tag of a versioned thing is its version in quotes, so whoever read it in a list has its tag.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from flask import request

from diary.errors import Malformed
from diary.versions import Expected

# Both can happen to a change of anything that has a version; `api/openapi.py` says so.
STATUSES: Final = (412, 428)
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
# No two parts of it can take the same blanks: it is never tried in two ways.
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*")
_EACH = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def expected() -> Expected:
    """What this request says of the thing that it changes; raises Malformed.

    A weak tag is read and never matches (RFC 9110, 8.8.3.2).
    """
    match = _read("If-Match")
    none_match = _read("If-None-Match")
    if none_match is not None and none_match != "*":
        raise Malformed("If-None-Match of a change is *: there must be nothing")
    return Expected(
        tags=None if match is None or match == "*" else _strong(match),
        there=match == "*",
        absent=none_match == "*",
    )


def etag(shown: Mapping[str, Any]) -> str:
    """The strong tag of what is shown."""
    return f'"{shown["version"]}"'


def is_known(tag: str) -> bool:
    """Whether the caller has what carries this tag (`If-None-Match` of a GET: weak comparison)."""
    sent = _read("If-None-Match")
    if sent is None:
        return False
    return sent == "*" or tag in {f'"{text}"' for _, text in _EACH.findall(sent)}


def _read(name: str) -> str | None:
    sent = request.headers.get(name)
    if sent is None:
        return None
    sent = sent.strip(" \t,")
    if sent != "*" and not _TAGS.fullmatch(sent):
        raise Malformed(f"{name} is * or a list of tags in quotes")
    return sent


def _strong(sent: str) -> frozenset[str]:
    return frozenset(text for weak, text in _EACH.findall(sent) if not weak)
