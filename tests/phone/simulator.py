"""A patient's phone: a queue of its own, a clock of its own, and a network that loses things."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.server import HOST
from tests.cast import CALM, ZONE

_KEPT = (200, 201, 202)
_REFUSED = (409, 422)
_CHECK_INS = "/v1/check-ins"


@dataclass
class Weather:
    """What becomes of requests. Each number is how many of a hundred: lost on their way, cut in the
    middle, done and their answer lost, sent twice. All of them 0: a calm day."""

    lost: int = 15
    torn: int = 15
    unheard: int = 25
    doubled: int = 15


CALM_DAY = Weather(0, 0, 0, 0)


class NoNetwork(Exception):
    """No answer came; what was asked may have been done or not."""


@dataclass
class Phone:
    """One phone of a patient.

    port: of the server, now. ahead: how wrong its clock is. receipts: what it was told of each
    check-in, the last of them; told: the status. makes_new_ids, forgets: faults that it may have,
    to see that they are noticed.
    """

    port: Callable[[], int]
    token: Callable[[], str]
    dice: Random
    ahead: timedelta = timedelta(0)
    makes_new_ids: bool = False
    forgets: bool = False
    queue: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def now(self) -> datetime:
        """By its own clock."""
        return datetime.now(UTC) + self.ahead

    def answer(self, **answers: Any) -> str:
        """The patient answers; it is in the queue from then on."""
        known = self._new_id()
        gate = {"si_gate": "yes"} if answers.get("si") else {}
        recorded_at = self.now() - timedelta(hours=self.dice.randrange(0, 40))
        check_in = {
            "instrument": "daily-check-in",
            "version": "1.0.0",
            "locale": "en",
            "recorded_at": recorded_at.astimezone(ZoneInfo(ZONE)).isoformat(),
            "time_zone": ZONE,
            "answers": {**CALM, **gate, **answers},
        }
        self.answered[known] = check_in
        self.queue.append({"id": known, "check_in": check_in})
        return known

    def hand_on(self, other: "Phone") -> None:
        """What waits here waits there as well: a backup was restored on a new phone."""
        for item in self.queue:
            if item not in other.queue:
                other.queue.append(deepcopy(item))
                other.answered[item["id"]] = item["check_in"]

    def sync(self, weather: Weather) -> None:
        """Try to send what waits, in any order, one by one or many at once."""
        self.dice.shuffle(self.queue)
        with suppress(NoNetwork):
            while self.queue:
                self._send_some(weather)

    def _send_some(self, weather: Weather) -> None:
        if self.makes_new_ids:
            for item in self.queue:
                item["id"] = self._new_id()
        some = self.queue[: self.dice.randint(1, 6)]
        if self.forgets:
            self.queue = self.queue[len(some) :]
        if len(some) == 1:
            (item,) = some
            sent = item["check_in"] | {"sent_at": self.now().isoformat()}
            status, answer = self._ask(weather, "PUT", f"{_CHECK_INS}/{item['id']}", sent)
            self._heard(item, status, answer)
            return
        batch = {"sent_at": self.now().isoformat(), "items": some}
        status, answer = self._ask(weather, "POST", f"{_CHECK_INS}/batch", batch)
        assert status == 200, answer
        for item, result in zip(some, answer["results"], strict=True):
            assert result["id"] == item["id"]
            self._heard(item, result["status"], result.get("receipt") or result["problem"])

    def _heard(self, item: dict[str, Any], status: int, answer: dict[str, Any]) -> None:
        if status >= 500:
            # To be sent again, and not at once.
            raise NoNetwork
        assert status in _KEPT or status in _REFUSED, answer
        self.told[item["id"]] = (status, answer)
        self.queue = [each for each in self.queue if each["id"] != item["id"]]

    def held(self) -> list[dict[str, Any]]:
        """All check-ins that the server says it holds."""
        return list(self._pages(f"{_CHECK_INS}?limit=100"))

    def receipts(self) -> set[str]:
        """Every check-in that the server says it has kept, in whatever way."""
        found, since = set(), ""
        while True:
            status, part = self._ask(CALM_DAY, "GET", f"/v1/me/changes{since}", None)
            assert status == 200, part
            found |= {each["check_in_id"] for each in part["entries"]}
            if not part["more"]:
                return found
            since = f"?since={part['cursor']}"

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            status, page = self._ask(CALM_DAY, "GET", path + cursor, None)
            assert status == 200, page
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def _ask(
        self, weather: Weather, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        fate = self.dice.randrange(100)
        if fate < weather.lost:
            raise NoNetwork
        fate -= weather.lost
        if 0 <= fate < weather.torn:
            self._tear(method, path, body)
            raise NoNetwork
        fate -= weather.torn
        if 0 <= fate < weather.unheard:
            self._call(method, path, body, listen=self.dice.random() < 0.5)
            raise NoNetwork
        fate -= weather.unheard
        if 0 <= fate < weather.doubled:
            self._call(method, path, body, listen=True)
        found = self._call(method, path, body, listen=True)
        assert found is not None
        return found

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None, *, listen: bool
    ) -> tuple[int, dict[str, Any]] | None:
        """listen: whether it waits for an answer at all."""
        try:
            with closing(HTTPConnection(HOST, self.port(), timeout=30)) as line:
                line.request(method, path, _written(body), self._headers())
                if not listen:
                    return None
                response = line.getresponse()
                return response.status, json.loads(response.read())
        except (OSError, HTTPException) as error:
            raise NoNetwork from error

    def _tear(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        """A part of the request leaves, and the line breaks."""
        written = _written(body) or b""
        headers = self._headers() | {"Host": HOST, "Content-Length": str(len(written))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
        request = "\r\n".join((*lines, "", "")).encode() + written
        with suppress(OSError), socket.create_connection((HOST, self.port()), timeout=5) as line:
            line.sendall(request[: self.dice.randrange(1, len(request))])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}

    def _new_id(self) -> str:
        return str(UUID(int=self.dice.getrandbits(128), version=4))


def _written(body: dict[str, Any] | None) -> bytes | None:
    return None if body is None else json.dumps(body).encode()
