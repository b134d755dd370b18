"""The requests that phones send."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import cycle
from uuid import uuid4

import orjson

from bench.stand import ZONE, Stand
from tests.cast import CALM

RISK: Mapping[str, object] = {**CALM, "si_gate": "yes", "si": 4, "safe_now": "unsure"}
TRIVIAL = b"GET /health/live HTTP/1.1\r\nHost: bench\r\n\r\n"
_AT = "0000-00-00T00:00:00.000+00:00"


def body(answers: Mapping[str, object]) -> bytes:
    """A check-in's body, with a place to be filled in for its moment."""
    return orjson.dumps(
        {
            "instrument": "daily-check-in",
            "version": "1.0.0",
            "locale": "en",
            "recorded_at": _AT,
            "sent_at": _AT,
            "time_zone": ZONE,
            "answers": dict(answers),
        }
    )


def moment() -> bytes:
    """Now, in the form that fits the place."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").encode()


def put(token: str, answers: Mapping[str, object]) -> Iterator[bytes]:
    """One phone's check-ins, without end, each under an id of its own."""
    content = body(answers)
    head = (
        f" HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode()
    while True:
        yield b"PUT /v1/check-ins/%s%s%s" % (
            str(uuid4()).encode(),
            head,
            content.replace(_AT.encode(), moment()),
        )


def in_turn(stand: Stand, answers: Mapping[str, object]) -> Iterator[bytes]:
    """Check-ins of many phones, one each before any sends its second."""
    # Signing belongs to no run: it is over when this returns.
    lines = [put(stand.token(phone), answers) for phone in stand.phones]
    random.shuffle(lines)
    return (next(line) for line in cycle(lines))
