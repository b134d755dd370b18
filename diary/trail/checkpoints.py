"""Heads are told to the log, which is kept elsewhere: it remembers what a database can be made to
forget.

Whoever has the database could put back an older head of it, or an older backup of everything. The
chain that is found then holds, and lacks what the log was told of.
"""

import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from diary.audit import audit_events
from diary.trail import reading
from diary.trail.chain import Chain, Head
from diary.work import Work

TOLD: Final = "audit.checkpoint"


@dataclass(frozen=True, slots=True)
class Garbled:
    """A line of the log says that it is a checkpoint, and cannot be read as one."""

    line: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What the log was told of and the chain does not hold."""

    sequence: int
    why: str


def fields(head: Head) -> dict[str, Any]:
    """What the log is told."""
    return {
        "clinic_id": str(head.clinic_id),
        "sequence": head.sequence,
        "link": head.link.hex(),
        "at": head.at.isoformat(timespec="microseconds"),
        "mark": head.mark.hex(),
    }


def read(lines: Iterable[bytes]) -> Iterator[Head | Garbled]:
    """The checkpoints of a log; its other lines are passed over."""
    for number, line in enumerate(lines, 1):
        # What was cut off or changed so that nothing reads it is not passed over.
        if TOLD.encode() not in line:
            continue
        try:
            said = orjson.loads(line)
            if said["event"] != TOLD:
                continue
            yield Head(
                UUID(said["clinic_id"]),
                int(said["sequence"]),
                binascii.unhexlify(said["link"]),
                datetime.fromisoformat(said["at"]),
                binascii.unhexlify(said["mark"]),
            )
        except (KeyError, ValueError, TypeError, AttributeError):
            yield Garbled(number)


def compare(work: Work, clinic_id: UUID, told: Sequence[Head]) -> Lost | None:
    """The first of the clinic's checkpoints that its chain does not hold."""
    chain = Chain(work.vault, clinic_id)
    forged = {each.sequence for each in told if not chain.made(each)}
    genuine = [each for each in told if each.sequence not in forged]
    asked = {each.sequence for each in genuine}
    here = audit_events.c.sequence.in_(asked)
    found = {
        each.sequence: each.link
        for each in reading.sealed(work, clinic_id, here, limit=len(genuine))
    }
    # Of one place the log may have been told twice, and differently: both are looked at.
    lost = {each.sequence for each in genuine if found.get(each.sequence) != each.link}
    if forged and min(forged) <= min(lost | forged):
        return Lost(min(forged), "the log has a checkpoint that this installation did not make")
    if lost:
        return Lost(min(lost), "the log was told of an event that is not there, or not as it was")
    return None
