"""What the receiver was sent: its log, followed while it grows."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

PAGES: Final = ("alert.triggered", "alert.escalated", "alert.exhausted")
# An answer with a status of 2xx: its body may drip for ever, the status is known.
TAKEN: Final = ("ok", "drip body")
# The clinic's system has the message; that it has, the engine does not learn.
ANSWER_LOST: Final = ("reset_after_processing", "hang", "drip head")
HEARD: Final = (*TAKEN, "reset_after_processing")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request. at: the machine's time. mode: how the receiver went on to answer it."""

    at: float
    door: str
    mode: str
    verified: bool
    message: str
    digest: bytes
    type: str
    alert: str
    patient: str
    generation: int
    sequence: int

    @property
    def is_page(self) -> bool:
        """Whether it asks for a person."""
        return self.type in PAGES

    @property
    def is_heard(self) -> bool:
        """Whether the clinic's system acts on it."""
        return self.mode in HEARD


class Ledger:
    """Everything that arrived so far, and who waits for what."""

    def __init__(self, file: Path) -> None:
        self.arrivals: list[Arrival] = []
        self._file = file.open("rb")
        self._rest = b""
        self._pages: dict[str, list[Arrival]] = defaultdict(list)
        self._waiting: dict[str, asyncio.Event] = {}

    async def follow(self) -> None:
        """Read on until cancelled."""
        while True:
            self.read()
            await asyncio.sleep(0.05)

    def read(self) -> None:
        """Take in what has come since."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            arrival = read(line)
            self.arrivals.append(arrival)
            if arrival.is_page and arrival.is_heard:
                self._pages[arrival.patient].append(arrival)
                if waiting := self._waiting.get(arrival.patient):
                    waiting.set()

    async def page(
        self, patient: str, *, generation: int, without: set[str], within: float
    ) -> Arrival | None:
        """The first page of a patient's alert that covers so much; None where none came in time.

        without: the alerts that are over.
        """
        event = self._waiting[patient] = asyncio.Event()
        try:
            async with asyncio.timeout(within):
                while True:
                    for page in self._pages[patient]:
                        if page.generation >= generation and page.alert not in without:
                            return page
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return None
        finally:
            del self._waiting[patient]

    def forget(self, patient: str) -> None:
        """Nobody will ask for this patient's pages of before."""
        self._pages.pop(patient, None)


def read(line: bytes) -> Arrival:
    """One line of the receiver's log."""
    told = orjson.loads(line)
    body = bytes.fromhex(told["body"])
    part = told["how"].get("part", "")
    said: dict[str, Any] = orjson.loads(body)
    data = said["data"]
    return Arrival(
        at=told["at"],
        door=told["name"],
        mode=f"{told['mode']} {part}".strip(),
        verified=told["verified"],
        message=told["headers"]["webhook-id"],
        digest=sha256(body).digest(),
        type=said["type"],
        alert=data.get("alert_id", ""),
        patient=data.get("patient", ""),
        generation=data.get("generation", 0),
        sequence=data.get("sequence", 0),
    )
