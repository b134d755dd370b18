"""A webhook receiver, as an example for those who write their own: `python -m demo.receiver`.

It verifies every request by Standard Webhooks, prints what came and keeps it as a line of JSON.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from demo.place import HOST, PLACE, Place

_LONGEST_BODY = 1_000_000
_TOLERANCE = 300  # seconds


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether whoever knows the secret sent exactly these bytes within the last minutes."""
    name = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(now - int(moment)) > _TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{name}.{moment}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    # Several signatures stand there while a secret is being changed.
    sent = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in sent)


class Receiver(ThreadingHTTPServer):
    """Listens for the demo clinic's webhooks."""

    daemon_threads = True

    def __init__(self, place: Place, port: int) -> None:
        self.place = place
        self.secret = place.webhook_secret.read_text("ascii").strip()
        self.seen: set[str] = set()
        super().__init__((HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self) -> None:
        """Answer quickly: the sender waits 10 seconds, and sends again what is not a 2xx."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        sent = {name.lower(): value for name, value in self.headers.items()}
        if not is_genuine(self.server.secret, sent, body, time.time()):
            print("\n(refused a request whose signature is not good)", flush=True)
            self._answer(401)
            return
        name = self.headers["webhook-id"]
        # The same message may come more than once, under the same id.
        if name not in self.server.seen:
            self._keep(name, json.loads(body))
            self.server.seen.add(name)
        self._answer(204)

    def _keep(self, name: str, message: dict[str, Any]) -> None:
        line = {
            "webhook-id": name,
            "webhook-timestamp": self.headers["webhook-timestamp"],
            "body": message,
        }
        with self.server.place.webhooks.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(block(message), flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing but webhooks is printed."""


def block(message: Mapping[str, Any]) -> str:
    """A webhook in a few lines for people."""
    data = message["data"]
    told = [f"\n  ◆ {message['type']}   {message['timestamp']}   signature verified"]
    for name in ("severity", "status", "reason", "patient", "link"):
        if name in data:
            told.append(f"    {name:<9} {data[name]}")
    return "\n".join(told)


def main() -> None:
    """Receive until interrupted."""
    port = int(os.environ.get("RECEIVER_PORT", "8900"))
    with Receiver(PLACE, port) as receiver:
        print(f"Listening on http://{HOST}:{port}/hook", flush=True)
        with suppress(KeyboardInterrupt):
            receiver.serve_forever()


if __name__ == "__main__":
    main()
