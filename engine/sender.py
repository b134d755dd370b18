"""The only outbound HTTP: one signed POST, to an address that may be sent to, within a deadline."""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Thread
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from diary.webhooks.addresses import AddressGuard, ForbiddenTarget

# Bytes of an answer that are read and thrown away, and seconds to wait for them: the status is
# known by then, and an answer read to its end leaves a connection that can be used again.
RESPONSE_CAP = 8_192
_DRAIN = 1.0
# Many servers close an idle connection after a few seconds, and a page sent into one that is just
# closing is a failed attempt: reuse serves the burst, not the quiet hour.
_KEEP_ALIVE = 2.0
_LOOKUPS = 64
_AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended.

    status: the HTTP status, None where no complete head of an answer came. error: a stable code,
    None for a 2xx: `forbidden_url`, `forbidden_address`, `dns`, `refused`, `connect`, `tls`,
    `reset`, `timeout`, `protocol`, `redirect`, `status`. retry_after: the seconds that the
    receiver asked for, None where it did not. taken: a channel without statuses took it.
    """

    status: int | None
    error: str | None = None
    retry_after: float | None = None
    taken: bool = False

    @property
    def delivered(self) -> bool:
        """The receiver has taken it: of the statuses, 2xx and nothing else."""
        return self.taken or (self.status is not None and 200 <= self.status < 300)


class Sender:
    """Sends while it is open as a context manager. deadline: seconds, absolute, for one attempt:
    name look-up, connection and TLS included, however slowly the bytes may drip."""

    def __init__(
        self, guard: AddressGuard, *, deadline: float = 10.0, ca_file: str | None = None
    ) -> None:
        """Raises OSError for a ca_file that cannot be read or holds no certificate."""
        self._guard = guard
        self._deadline = deadline
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            limit=0,  # the claims bound what is in flight; a shared limit lets one endpoint starve
            keepalive_timeout=_KEEP_ALIVE,
            resolver=_Resolver(),
            use_dns_cache=False,
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> Outcome:
        """One attempt. Raises nothing for whatever the network or the receiver does.

        now: what a Retry-After date is compared with.
        """
        try:
            self._guard.check_url(url)
        except ForbiddenTarget:
            return Outcome(None, "forbidden_url")
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._post(url, headers, body)
        except TimeoutError:
            return Outcome(None, "timeout")
        except (aiohttp.ClientError, OSError, ValueError, AssertionError) as error:
            return Outcome(None, _code_of(error))
        # The status is known, and no deadline may take it back.
        await _drain(response)
        return _outcome(response, now)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        assert self._session is not None
        # encoded: the very URL that was checked, not one that is quoted anew.
        target = URL(url, encoded=True)
        return await self._session.post(target, data=body, headers=headers, allow_redirects=False)

    def _socket(self, address: _AddressInfo) -> socket.socket:
        """Called for the actual address of every connection: names that are bound anew between a
        check and the connection cannot slip through."""
        family, kind, protocol, _, place = address
        try:
            self._guard.check_address(place[0])
        except ForbiddenTarget:
            raise _ForbiddenAddress(errno.EACCES, "forbidden address") from None
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class _ForbiddenAddress(OSError):
    """An OSError, so that the connector goes on to the host's next address."""


class _Resolver(AbstractResolver):
    """Looks names up in daemon threads of its own, a bounded number at a time.

    A resolver that hangs must hold up neither the database threads nor the end of the process.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_LOOKUPS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def settle(found: list[Any] | None, error: OSError | None) -> None:
            self._room.release()
            if answer.done():
                return
            if found:
                answer.set_result(found)
            else:
                answer.set_exception(error or socket.gaierror(socket.EAI_NONAME, "no address"))

        def look() -> None:
            found, failure = None, None
            try:
                found = socket.getaddrinfo(
                    host,
                    port,
                    type=socket.SOCK_STREAM,
                    family=family,
                    flags=socket.AI_ADDRCONFIG,
                )
            except (OSError, UnicodeError) as error:
                failure = error if isinstance(error, OSError) else OSError(str(type(error)))
            try:
                loop.call_soon_threadsafe(settle, found, failure)
            except RuntimeError:
                return  # the loop has ended, and nobody waits any more

        await self._room.acquire()
        try:
            Thread(target=look, name="resolve", daemon=True).start()
        except RuntimeError:
            settle(None, OSError("no thread to look a name up"))
        return [
            ResolveResult(
                hostname=host,
                host=place[0],
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, place in await answer
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _outcome(response: aiohttp.ClientResponse, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Outcome(status)
    wait = _retry_after(response.headers.get("Retry-After", ""), now)
    return Outcome(status, "redirect" if 300 <= status < 400 else "status", wait)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that its connection can be used again."""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_DRAIN):
            left = RESPONSE_CAP
            while left > 0 and (chunk := await response.content.read(left)):
                left -= len(chunk)
    response.close()


def _retry_after(text: str, now: datetime) -> float | None:
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _code_of(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return "dns"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    if isinstance(cause, OSError) and cause.errno == errno.EACCES:
        return "forbidden_address"
    if isinstance(cause, ConnectionRefusedError) or (
        isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED
    ):
        return "refused"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connect"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
        return "reset"
    return "protocol"
