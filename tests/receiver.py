"""A webhook receiver in a process of its own: `python -m tests.receiver`.

Each endpoint has a port of its own, so that one can refuse connections while another answers;
a control port tells the test what arrived and takes orders. It ends when its stdin does.

`python -m tests.receiver FILE` appends what arrives to the file, a JSON object a line, and keeps
nothing of it: for tests that send more than a memory should hold. `at` is the machine's time;
`mode` and `how` say what is about to be answered.
"""

import contextlib
import http.client
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, Self

HOST = "127.0.0.1"
DEFAULT = "team"
# Under pytest a machine may be busy with as many workers as it has cores.
_STARTS_WITHIN = 60


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """One request that reached an endpoint; every attempt is one, with the same id when retried.

    verified: both `standardwebhooks` and `svix` accept the signature under a secret that is
    trusted there. type and data are empty where the body is no JSON object.
    """

    endpoint: str
    id: str
    timestamp: datetime | None
    type: str
    data: dict[str, Any]
    headers: dict[str, str]
    body: bytes
    verified: bool

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """Read what the control port says of a request."""
        headers: dict[str, str] = told["headers"]
        body = bytes.fromhex(told["body"])
        parsed = _object(body)
        seconds = headers.get("webhook-timestamp", "")
        return cls(
            endpoint=told["name"],
            id=headers.get("webhook-id", ""),
            timestamp=datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None,
            type=str(parsed.get("type", "")),
            data=parsed.get("data", {}),
            headers=headers,
            body=body,
            verified=told["verified"],
        )

    def __repr__(self) -> str:
        doubt = "" if self.verified else " NOT VERIFIED"
        return f"{self.type or '(no type)'} at {self.endpoint}, {self.id}, {self.data}{doubt}"


class Endpoint:
    """One address of a receiver."""

    def __init__(self, receiver: "Receiver", name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._receiver = receiver

    def trust(self, *secrets: str) -> None:
        """Verify with these `whsec_…` secrets, in place of those trusted before."""
        self._receiver.order("trust", name=self.name, secrets=secrets)

    # The usual case reads best as an assignment; nothing is read back.
    secret = property(fset=lambda self, secret: self.trust(secret))

    def behave(self, mode: str, **how: Any) -> None:
        """Answer every request in this way from now on.

        ok(status=204) · status(code, headers={}, body="") · redirect(to, code=307) · hang: no
        answer at all · drip(part="body", interval=0.2): an answer whose head or body never ends,
        a byte at a time · reset_after_processing: received, then the connection is reset ·
        refuse: no connection. times=N with any but refuse: for N requests, then ok again.
        """
        self._receiver.order("behave", name=self.name, mode=mode, how=how)

    def received(self) -> list[Received]:
        """What has arrived here so far."""
        return self._receiver.received(self.name)

    def expect(self, type: str, count: int = 1, timeout: float = 10) -> Received:
        """The count-th message of a type that arrives here; see `Receiver.expect`."""
        return self._receiver.expect(type, self.name, count, timeout)

    def expect_none(self, type: str | None = None) -> None:
        """See `Receiver.expect_none`."""
        self._receiver.expect_none(type, self.name)


class Receiver:
    """The test's end of a running receiver. Without a name, the endpoint meant is `team`."""

    def __init__(self, control: int, port: int | None = None) -> None:
        self._control = control
        self._port = port
        self._endpoints: dict[str, Endpoint] = {}

    @classmethod
    @contextlib.contextmanager
    def start(cls, port: int | None = None, log: Path | None = None) -> Iterator[Self]:
        """Run a receiver while the block lasts. port: a fixed one for the default endpoint.

        log: the file that is told of what arrives, in place of `received` and `expect`.
        """
        with subprocess.Popen(
            [sys.executable, "-m", "tests.receiver", *([] if log is None else [str(log)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            text=True,
        ) as process:
            assert process.stdin
            assert process.stdout
            try:
                line = process.stdout.readline()
                assert line, "the receiver did not start"
                yield cls(int(line), port)
            finally:
                process.stdin.close()
                process.wait(_STARTS_WITHIN)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name, which listens from now on."""
        if name not in self._endpoints:
            port = self._port if name == DEFAULT else None
            url = self.order("open", name=name, port=port or 0)["url"]
            self._endpoints[name] = Endpoint(self, name, url)
        return self._endpoints[name]

    @property
    def url(self) -> str:
        """The address of the default endpoint."""
        return self.endpoint(DEFAULT).url

    # As on Endpoint.
    secret = property(fset=lambda self, secret: self.endpoint(DEFAULT).trust(secret))

    def behave(self, mode: str, name: str = DEFAULT, **how: Any) -> None:
        """See `Endpoint.behave`."""
        self.endpoint(name).behave(mode, **how)

    def received(self, name: str | None = None) -> list[Received]:
        """What has arrived so far, everywhere or at one endpoint, in order of arrival."""
        return [Received.of(each) for each in self.order("received", name=name)["received"]]

    def expect(
        self, type: str, name: str | None = None, count: int = 1, timeout: float = 10
    ) -> Received:
        """The count-th message of a type, once it arrives; AssertionError when it does not.

        Nothing is consumed: messages are counted from the start or the last `clear`.
        """
        told = self.order("expect", wait=timeout, name=name, type=type, count=count)
        arrived = [Received.of(each) for each in told["received"]]
        matching = [each for each in arrived if each.type == type]
        if len(matching) < count:
            where = f" at {name}" if name else ""
            raise AssertionError(f"no {type} (number {count}){where}, but {_listed(arrived)}")
        return matching[count - 1]

    def expect_none(self, type: str | None = None, name: str | None = None) -> None:
        """Nothing, or nothing of a type, has arrived so far. Let the engine finish first."""
        unwanted = [each for each in self.received(name) if type in (None, each.type)]
        if unwanted:
            raise AssertionError(f"nothing was expected, but {_listed(unwanted)}")

    def clear(self) -> None:
        """Forget what has arrived; endpoints, secrets and behaviour stay."""
        self.order("clear")

    def reset(self) -> None:
        """Close every endpoint and forget all. New ones listen on other ports: what an earlier
        test may still send reaches nobody."""
        self._endpoints.clear()
        self.order("reset")

    def order(self, command: str, wait: float = 0, **arguments: Any) -> Any:
        """Send a command to the process. wait: how long it may take before it answers."""
        connection = http.client.HTTPConnection(HOST, self._control, timeout=wait + 30)
        with contextlib.closing(connection):
            body = json.dumps(arguments | {"wait": wait})
            connection.request("POST", f"/_control/{command}", body)
            with connection.getresponse() as response:
                told = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"the receiver answered {command}: {told['error']}")
        return told


def _listed(arrived: list[Received]) -> str:
    if not arrived:
        return "nothing arrived"
    return "these arrived:\n" + "\n".join(f"  {each}" for each in arrived)


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


# --- below: the receiver's own process ---------------------------------------------------------


class _State:
    """What arrived, and how to answer; everyone waits on the one condition."""

    def __init__(self, log: BinaryIO | None) -> None:
        self.changed = threading.Condition()
        self.arrived: list[dict[str, Any]] = []
        self.doors: dict[str, _Door] = {}
        self._log = log

    def keep(self, arrived: dict[str, Any]) -> None:
        """Write down what arrived; called under the condition."""
        if self._log is None:
            self.arrived.append(arrived)
        else:
            self._log.write(json.dumps(arrived).encode() + b"\n")


class _Server(ThreadingHTTPServer):
    # A hanging connection must not keep the process, or a closing door, waiting.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that gave up is part of the test."""


class _Door:
    """One endpoint: a port, the secrets it trusts and what it does."""

    def __init__(self, state: _State, name: str, port: int) -> None:
        self.state = state
        self.name = name
        self.secrets: list[str] = []
        self.mode, self.how = "ok", dict[str, Any]()
        self.behaviours = 0
        self._server: _Server | None = None
        self._kept: socket.socket | None = None
        self.port = port
        self.listen()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook/{self.name}"

    def listen(self) -> None:
        if self._server is not None:
            return
        self._let_go()
        door = self

        class Handler(_Hook):
            pass

        Handler.door = door
        self._server = _Server((HOST, self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self) -> None:
        """Stop listening, and keep the port so that nobody else is reached at it meanwhile."""
        self.close()
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind((HOST, self.port))

    def close(self) -> None:
        self._let_go()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def turn(self) -> "_Turn":
        """What to do with the request that just arrived; called under the condition."""
        turn = _Turn(self.mode, self.how, self.behaviours)
        if "times" in self.how:
            self.how = self.how | {"times": self.how["times"] - 1}
            if self.how["times"] <= 0:
                self.mode, self.how = "ok", {}
        return turn


@dataclass(frozen=True, slots=True)
class _Turn:
    """How to answer one request. behaviour: the number of the order that said so."""

    mode: str
    how: dict[str, Any]
    behaviour: int


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """pytest's output is no access log."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Hook(_Quiet):
    """A request at an endpoint, whatever its method: a redirect may have changed it."""

    door: _Door

    def do_POST(self) -> None:
        door, state = self.door, self.door.state
        body = self.body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrived = {
            "name": door.name,
            "headers": headers,
            "body": body.hex(),
            "verified": any(_accepted(secret, headers, body) for secret in door.secrets),
        }
        with state.changed:
            turn = door.turn()
            state.keep(arrived | {"at": time.time(), "mode": turn.mode, "how": turn.how})
            state.changed.notify_all()
        self._do(turn)

    do_GET = do_PUT = do_POST

    def _do(self, turn: _Turn) -> None:
        how = turn.how
        match turn.mode:
            case "ok":
                self.answer(how.get("status", 204), {})
            case "status":
                body = how.get("body", "").encode()
                self.answer(how["code"], how.get("headers", {}), body)
            case "redirect":
                self.answer(how.get("code", 307), {"Location": how["to"]})
            case "reset_after_processing":
                # Lingering for no time makes close send RST in place of FIN.
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.close_connection = True
            case "refuse":
                # It came over a connection from before.
                self.close_connection = True
            case "hang":
                self._until_told_otherwise(turn, None)
            case "drip":
                started = b"HTTP/1.1 200 OK\r\nX-Drip: "
                if how.get("part", "body") == "body":
                    started += b"\r\nContent-Length: 1000000\r\n\r\n"
                self.wfile.write(started)
                while not self._until_told_otherwise(turn, how.get("interval", 0.2)):
                    self.wfile.write(b".")

    def _until_told_otherwise(self, turn: _Turn, interval: float | None) -> bool:
        """Wait for another behaviour, or for the end of the interval and then return False."""
        self.close_connection = True
        door, changed = self.door, self.door.state.changed
        with changed:
            changed.wait_for(lambda: door.behaviours != turn.behaviour, interval)
            return door.behaviours != turn.behaviour


class _Control(_Quiet):
    """The orders of the test."""

    state: _State

    def do_POST(self) -> None:
        command = self.path.rpartition("/")[2]
        asked = json.loads(self.body())
        try:
            told, status = getattr(self, f"_{command}")(asked) or {}, 200
        except Exception as error:
            told, status = {"error": repr(error)}, 400
        self.answer(status, {}, json.dumps(told).encode())

    def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self.state.changed:
            door = _Door(self.state, asked["name"], asked["port"])
            self.state.doors[door.name] = door
        return {"url": door.url}

    def _trust(self, asked: dict[str, Any]) -> None:
        self.state.doors[asked["name"]].secrets = asked["secrets"]

    def _behave(self, asked: dict[str, Any]) -> None:
        modes = ("ok", "status", "redirect", "reset_after_processing", "hang", "drip", "refuse")
        if asked["mode"] not in modes:
            raise ValueError(f"a mode is one of {', '.join(modes)}")
        door = self.state.doors[asked["name"]]
        if asked["mode"] == "refuse":
            door.refuse()
        else:
            door.listen()
        with self.state.changed:
            door.mode, door.how = asked["mode"], asked["how"]
            door.behaviours += 1
            self.state.changed.notify_all()

    def _received(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self.state.changed:
            return {"received": self._at(asked["name"])}

    def _expect(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted, count = str(asked["type"]), int(asked["count"])

        def is_here() -> bool:
            bodies = [bytes.fromhex(each["body"]) for each in self._at(asked["name"])]
            return [_object(body).get("type") for body in bodies].count(wanted) >= count

        with self.state.changed:
            self.state.changed.wait_for(is_here, asked["wait"])
            return {"received": self._at(asked["name"])}

    def _clear(self, _: dict[str, Any]) -> None:
        with self.state.changed:
            self.state.arrived.clear()

    def _reset(self, _: dict[str, Any]) -> None:
        with self.state.changed:
            doors = list(self.state.doors.values())
            self.state.doors.clear()
            self.state.arrived.clear()
            for door in doors:
                door.behaviours += 1
            self.state.changed.notify_all()
        for door in doors:
            door.close()

    def _at(self, name: str | None) -> list[dict[str, Any]]:
        return [each for each in self.state.arrived if name in (None, each["name"])]


def _accepted(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether both public libraries take the message for genuine."""
    import standardwebhooks
    import svix.webhooks

    try:
        standardwebhooks.Webhook(secret).verify(body, headers)
        svix.webhooks.Webhook(secret).verify(body, headers)
    except Exception:
        # Also what they let escape on a malformed header.
        return False
    return True


def _let_libraries_live_in_the_message() -> None:
    """Make the libraries' present the message's own time.

    They refuse what is five minutes away from the machine's clock, and the clock of the house
    under test may stand years away. Everything else that they check stays as published; svix
    verifies through standardwebhooks, so this one place serves both.
    """
    from standardwebhooks import webhooks

    moment = threading.local()

    class MessageTime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Self:
            return cls.fromtimestamp(moment.seconds, tz)

    verify = webhooks.Webhook.verify

    def verify_then(self: Any, data: Any, headers: Any, **options: Any) -> Any:
        moment.seconds = int(headers["webhook-timestamp"])
        return verify(self, data, headers, **options)

    setattr(webhooks, "datetime", MessageTime)  # noqa: B010 - not the module's to export
    setattr(webhooks.Webhook, "verify", verify_then)  # noqa: B010


def main() -> None:
    """Serve until stdin ends, which it also does when the test's process is killed."""
    _let_libraries_live_in_the_message()
    # Unbuffered: a line is in the file before its request is answered.
    log = Path(sys.argv[1]).open("ab", 0) if sys.argv[1:] else None  # noqa: SIM115
    _Control.state = _State(log)
    control = _Server((HOST, 0), _Control)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    sys.stdout.write(f"{control.server_address[1]}\n")
    sys.stdout.flush()
    # It is slow to load: here while the test sets its scene, not within the first delivery.
    import svix.webhooks  # noqa: F401

    sys.stdin.read()


if __name__ == "__main__":
    main()
