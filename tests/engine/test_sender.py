"""What a sender makes of every receiver there is: real sockets, on the loopback."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from diary.webhooks.addresses import AddressGuard
from engine.sender import Outcome, Sender

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"type":"ping"}'
HEADERS = {"content-type": "application/json", "webhook-id": "msg_1", "user-agent": "interlude"}
NAME = "hooks.example.org"
LOOPBACK = AddressGuard([ip_network("127.0.0.1/32")], allow_http=True)
STRICT = AddressGuard((), allow_http=True)

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Behaviour = Callable[[Reader, Writer], Awaitable[None]]


class Listener:
    """A server that counts its connections and keeps its requests."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[tuple[bytes, bytes]] = []
        self.tasks: list[asyncio.Task[Any]] = []

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook"


@asynccontextmanager
async def listening(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    listener = Listener()

    async def serve(reader: Reader, writer: Writer) -> None:
        listener.connections += 1
        task = asyncio.current_task()
        assert task is not None
        listener.tasks.append(task)
        try:
            # Every behaviour begins with the whole request.
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length")
            )
            listener.requests.append((head, await reader.readexactly(length)))
            await behaviour(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for task in listener.tasks:
            task.cancel()
        await asyncio.gather(*listener.tasks)
        await server.wait_closed()


def answers(text: str) -> Behaviour:
    async def behave(_: Reader, writer: Writer) -> None:
        writer.write(text.replace("\n", "\r\n").encode())
        await writer.drain()

    return behave


OK = answers("HTTP/1.1 200 OK\nContent-Length: 2\nConnection: close\n\nok")


async def hangs(reader: Reader, _: Writer) -> None:
    await reader.read()  # until the sender lets go


async def resets(_: Reader, writer: Writer) -> None:
    made = writer.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def drips(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:  # a byte far more often than any timeout for a read would notice
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


async def post(
    url: str,
    guard: AddressGuard = LOOPBACK,
    *,
    deadline: float = 10.0,
    ca_file: str | None = None,
) -> Outcome:
    async with Sender(guard, deadline=deadline, ca_file=ca_file) as sender:
        return await sender.send(url, HEADERS, BODY, now=NOW)


def resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: Sequence[str]) -> None:
    """Have the public name lead to these addresses, as its owner may at any time."""
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host != NAME:
            return real(host, port, *rest, **named)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_2xx_is_a_delivery(status: int) -> None:
    async def test() -> None:
        async with listening(answers(f"HTTP/1.1 {status} X\nContent-Length: 0\n\n")) as receiver:
            outcome = await post(receiver.url())

        assert outcome.delivered
        assert (outcome.status, outcome.error) == (status, None)

    run(test)


def test_the_request_is_the_body_the_headers_and_no_invitation_to_compress() -> None:
    async def test() -> None:
        async with listening(OK) as receiver:
            await post(receiver.url() + "?a=%2F%41&b='x'")

        [(head, body)] = receiver.requests
        lines = head.decode().lower().split("\r\n")
        assert body == BODY
        assert head.startswith(b"POST /hook?a=%2F%41&b='x' HTTP/1.1\r\n")
        for name, value in HEADERS.items():
            assert f"{name}: {value}".lower() in lines
        assert "accept-encoding: identity" in lines
        assert not any(line.startswith(("cookie:", "authorization:")) for line in lines)

    run(test)


@pytest.mark.parametrize("status", [199, 400, 404, 410, 429, 500, 503])
def test_another_status_is_no_delivery(status: int) -> None:
    async def test() -> None:
        interim = 100 <= status < 200
        text = f"HTTP/1.1 {status} X\n" + ("\n" if interim else "Content-Length: 0\n\n")
        async with listening(answers(text)) as receiver:
            outcome = await post(receiver.url(), deadline=1.0)

        assert not outcome.delivered
        assert outcome.error is not None
        if not interim:
            assert (outcome.status, outcome.error) == (status, "status")

    run(test)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_its_target_is_left_alone(status: int) -> None:
    async def test() -> None:
        async with listening(OK) as target:
            text = f"HTTP/1.1 {status} X\nLocation: {target.url()}\nContent-Length: 0\n\n"
            async with listening(answers(text)) as receiver:
                outcome = await post(receiver.url())

        assert not outcome.delivered
        assert (outcome.status, outcome.error) == (status, "redirect")
        assert (receiver.connections, target.connections) == (1, 0)

    run(test)


@pytest.mark.parametrize("behaviour", [drips, hangs])
def test_the_deadline_is_absolute(behaviour: Behaviour) -> None:
    async def test() -> None:
        async with listening(behaviour) as receiver:
            start = time.monotonic()
            outcome = await post(receiver.url(), deadline=0.5)
            elapsed = time.monotonic() - start

        assert outcome == Outcome(None, "timeout", None)
        assert not outcome.delivered
        assert 0.45 <= elapsed < 3

    run(test)


def test_the_deadline_includes_tls() -> None:
    async def test() -> None:
        # Accepts by its backlog and says nothing at all.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            outcome = await post(f"https://127.0.0.1:{silent.getsockname()[1]}/", deadline=0.3)

        assert outcome == Outcome(None, "timeout", None)

    run(test)


def test_a_reset_is_told() -> None:
    async def test() -> None:
        async with listening(resets) as receiver:
            assert await post(receiver.url()) == Outcome(None, "reset", None)

    run(test)


def test_a_connection_closed_without_an_answer_is_a_reset() -> None:
    async def test() -> None:
        async with listening(answers("")) as receiver:
            assert await post(receiver.url()) == Outcome(None, "reset", None)

    run(test)


def test_a_refused_connection_is_told() -> None:
    async def test() -> None:
        with socket.socket() as bound:  # holds the port and does not listen
            bound.bind(("127.0.0.1", 0))
            outcome = await post(f"http://127.0.0.1:{bound.getsockname()[1]}/")

        assert (outcome.status, outcome.delivered) == (None, False)
        assert outcome.error in {"connect", "refused"}

    run(test)


@pytest.mark.parametrize("text", ["SSH-2.0-OpenSSH_9\n", "HTTP/1.1 abc\n\n", "\0\0\0\0\n\n"])
def test_what_is_no_http_is_told(text: str) -> None:
    async def test() -> None:
        async with listening(answers(text)) as receiver:
            outcome = await post(receiver.url())

        assert (outcome.status, outcome.error) == (None, "protocol")

    run(test)


def test_a_forbidden_literal_is_never_connected_to() -> None:
    async def test() -> None:
        async with listening(OK) as receiver:
            outcomes = [
                await post(receiver.url(host), STRICT)
                for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "127.1")
            ]

        for outcome in outcomes:
            assert (outcome.status, outcome.delivered) == (None, False)
            assert outcome.error is not None
            assert outcome.error.startswith("forbidden")
        assert receiver.connections == 0

    run(test)


def test_a_name_bound_to_the_loopback_is_refused_at_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, ["127.0.0.1", "127.0.0.1"])

    async def test() -> None:
        async with listening(OK) as receiver:
            outcome = await post(receiver.url(NAME), STRICT)

        assert (outcome.status, outcome.delivered) == (None, False)
        assert outcome.error in {"forbidden_address", "forbidden-address"}
        assert receiver.connections == 0

    run(test)


def test_a_name_bound_anew_between_two_messages_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test() -> None:
        async with listening(OK) as receiver, Sender(LOOPBACK) as sender:
            resolve_to(monkeypatch, ["127.0.0.1"])
            first = await sender.send(receiver.url(NAME), HEADERS, BODY, now=NOW)
            resolve_to(monkeypatch, ["127.0.0.2"])
            # Another port: neither a kept connection nor a cached name answers for the lookup.
            async with listening(OK) as other:
                second = await sender.send(other.url(NAME), HEADERS, BODY, now=NOW)

        assert first.delivered
        assert second.error in {"forbidden_address", "forbidden-address"}
        assert other.connections == 0

    run(test)


def test_of_several_addresses_only_the_permitted_one_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])

    async def test() -> None:
        async with listening(OK) as receiver:
            assert (await post(receiver.url(NAME))).delivered

    run(test)


def test_a_name_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    async def test() -> None:
        assert await post(f"http://{NAME}/") == Outcome(None, "dns", None)

    run(test)


def test_a_huge_answer_is_not_read() -> None:
    accepted = 0
    huge = 512 * 1024 * 1024

    async def floods(_: Reader, writer: Writer) -> None:
        nonlocal accepted
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {huge}\r\n\r\n".encode())
        chunk = bytes(64 * 1024)
        while accepted < huge:
            writer.write(chunk)
            await writer.drain()
            accepted += len(chunk)

    async def test() -> None:
        async with listening(floods) as receiver:
            outcome = await post(receiver.url())
            # The sender has let go, so that the server's next write fails.
            await asyncio.gather(*receiver.tasks)

        assert outcome.status == 200
        assert accepted < 32 * 1024 * 1024  # what the two kernels' buffers hold, and no more

    run(test)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 12:02:00 -0000", 120.0),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("Sun, 99 Mar 2026 12:02:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, expected: float | None) -> None:
    async def test() -> None:
        text = f"HTTP/1.1 503 X\nRetry-After: {value}\nContent-Length: 0\n\n"
        async with listening(answers(text)) as receiver:
            outcome = await post(receiver.url())

        assert outcome == Outcome(503, "status", expected)

    run(test)


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with listening(OK) as proxy, listening(OK) as receiver:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
                monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            outcome = await post(receiver.url())

        assert outcome.delivered
        assert (proxy.connections, receiver.connections) == (0, 1)

    run(test)


def test_cookies_are_not_kept() -> None:
    async def test() -> None:
        text = "HTTP/1.1 200 OK\nSet-Cookie: a=b\nContent-Length: 0\nConnection: close\n\n"
        async with listening(answers(text)) as receiver, Sender(LOOPBACK) as sender:
            for _ in range(2):
                await sender.send(receiver.url(), HEADERS, BODY, now=NOW)

        assert len(receiver.requests) == 2
        assert all(b"cookie" not in head.lower() for head, _ in receiver.requests)

    run(test)


def test_a_certificate_counts_only_under_a_trusted_authority(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    context = _self_signed(certificate)

    async def test() -> None:
        async with listening(OK, tls=context) as receiver:
            trusted = await post(receiver.url(scheme="https"), ca_file=str(certificate))
            untrusted = await post(receiver.url(scheme="https"))

        assert trusted.delivered
        assert untrusted == Outcome(None, "tls", None)
        assert len(receiver.requests) == 1

    run(test)


def _self_signed(place: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    place.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = place.with_suffix(".key")
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place, secret)
    return context
