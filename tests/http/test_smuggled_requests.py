"""The real server and a proxy before it must not read one stream of bytes as different requests."""

import re
import socket
from datetime import UTC, datetime

import pytest

from diary.settings import Settings
from tests.cast import Cast
from tests.chaos.test_kill import HOST, SOON, Server
from tests.clock import SimulatedClock

pytestmark = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
PUT = "PUT /v1/check-ins/2f1c9a52-6a52-4b0f-9d3c-0b6d2a7f1e11"
GET = "GET /v1/me"
# Whatever is inside of a body is never carried out.
HIDDEN = "POST /v1/me/help HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
# request, headers, body, and how it and the honest one behind it are answered; where a request
# has no end that all agree on, nothing behind it is read.
STREAMS = {
    "an honest one": (GET, [], "", [200, 200]),
    "both lengths": (PUT, ["Content-Length: 4", CHUNKED], "0\r\n\r\n" + HIDDEN, [411]),
    "both lengths, swapped": (PUT, [CHUNKED, "Content-Length: 4"], "0\r\n\r\n" + HIDDEN, [411]),
    "chunks": (PUT, [CHUNKED], "2\r\n{}\r\n0\r\n\r\n", [411, 200]),
    "unknown coding": (PUT, ["Transfer-Encoding: xchunked", "Content-Length: 2"], "{}", [400]),
    "coding and a blank": (PUT, ["Transfer-Encoding : chunked", "Content-Length: 2"], "{}", [400]),
    "two codings": (PUT, ["Transfer-Encoding: chunked, identity"], "0\r\n\r\n", [400]),
    "two lengths": (PUT, ["Content-Length: 2", "Content-Length: 0"], "{}", [400]),
    "a list of lengths": (PUT, ["Content-Length: 2, 0"], "{}", [400]),
    "a length with a sign": (PUT, ["Content-Length: +2"], "{}", [400]),
    "a length below nothing": (PUT, ["Content-Length: -2"], "{}", [400]),
    "a length in hexadecimal": (PUT, ["Content-Length: 0x2"], "{}", [400]),
    "a folded header": (PUT, ["X: a", " b", "Content-Length: 2"], "{}", [400]),
    "a body for GET": (GET, ["Content-Length: {hidden}"], HIDDEN, [400, 200]),
    "a body for help": ("POST /v1/me/help", ["Content-Length: {hidden}"], HIDDEN, [201, 200]),
}


@pytest.fixture
def clock() -> SimulatedClock:
    """The server has the machine's time."""
    return SimulatedClock(datetime.now(UTC))


def talk(port: int, sent: bytes) -> bytes:
    heard = b""
    with socket.create_connection((HOST, port), timeout=SOON) as line:
        try:
            line.sendall(sent)
            while part := line.recv(65_536):
                heard += part
        except ConnectionError:
            pass  # it had heard enough
    return heard


def test_streams_that_could_be_read_apart(cast: Cast, settings: Settings) -> None:
    token = cast.alice.token
    hidden = HIDDEN.format(token=token)
    honest = f"{GET} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with Server.start(settings) as server:
        server.until_it_listens()
        for name, (request, headers, body, expected) in STREAMS.items():
            lines = [f"{request} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}"]
            lines += ["Content-Type: application/json"]
            lines += [line.replace("{hidden}", str(len(hidden))) for line in headers]
            head = "\r\n".join(lines) + "\r\n\r\n"
            stream = head + body.replace(HIDDEN, hidden) + honest + "Connection: close\r\n\r\n"
            heard = talk(server.port, stream.encode())
            found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", heard)]
            assert found == expected, (name, heard[-300:])
            assert b"granian" not in heard.lower()
    # But for the one call for help that was meant, nobody was called.
    (alert,) = cast.dana.alerts()
    kinds = [entry["kind"] for entry in cast.dana.alert(alert)["entries"]]
    assert kinds.count("opened") + kinds.count("joined") == 1
