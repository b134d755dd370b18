"""`python -m diary audit`: is the audit trail as it was written?"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final
from uuid import UUID

import click
from sqlalchemy.exc import DBAPIError

from diary.callers import OPERATOR
from diary.commands import FAULT, NOTE, OK, Line, migrated_house, plainly, printed
from diary.database import unreachable
from diary.trail import checkpoints, verify
from diary.trail.chain import Broken, Head
from diary.trail.checkpoints import Garbled, Lost
from diary.work import House

# Checkpoints of a log that are looked up together.
_TOGETHER: Final = 500


@click.group()
def audit() -> None:
    """Look after the audit trail."""


@audit.command("verify")
@click.option(
    "--log",
    "logs",
    type=click.File("rb"),
    multiple=True,
    help="A log of this installation; the chains must hold what it was told of them.",
)
@plainly
def verify_all(logs: tuple[BinaryIO, ...]) -> None:
    """Check every event of every clinic's audit trail; exit 1 where one is not as it was sealed.

    The first bad sequence is named.
    """
    with migrated_house() as house:
        code = printed(_examine(house, logs))
    sys.exit(code)


def _examine(house: House, logs: Iterable[BinaryIO]) -> Iterator[Line]:
    with house.work(OPERATOR, write=False) as work:
        trails = list(verify.clinics_with_a_trail(work))
    if not trails:
        yield OK, "no clinic has an audit trail yet"
    for clinic_id in trails:
        for kind, line in _along(house, clinic_id):
            yield kind, f"clinic {clinic_id}: {line}"
    for log in logs:
        yield from _against(house, log)


def _along(house: House, clinic_id: UUID) -> Iterator[Line]:
    caller = OPERATOR.within(clinic_id)
    walk = verify.Walk(clinic_id)
    try:
        with house.work(caller, write=False) as work:
            walk.begin(work)
        more = True
        while more:
            with house.work(caller, write=False) as work:
                more = walk.page(work)
    except Broken as broken:
        yield FAULT, f"sequence {broken.sequence}: {broken.why}"
    except (DBAPIError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, DBAPIError) and unreachable(error):
            raise
        # The other clinics are looked at all the same.
        yield FAULT, f"sequence {walk.checked + 1}: it cannot be read"
    else:
        head = "nothing is sealed yet"
        if walk.head is not None:
            head = (
                f"head {walk.head.sequence} {walk.head.link.hex()} of {walk.head.at:%Y-%m-%d %H:%M}"
            )
        yield OK, f"{walk.checked} events; {head}"
    if walk.late:
        yield (
            NOTE,
            f"{walk.late} events, the first at sequence {walk.first_late}, are dated over an hour "
            "before one that was sealed earlier: a clock was set back, or they were written later",
        )


def _against(house: House, log: BinaryIO) -> Iterator[Line]:
    """What the log was told, and the chains do not hold."""
    lost: dict[UUID, Lost] = {}
    waiting: list[Head] = []
    count = 0

    def look() -> None:
        by_clinic = defaultdict(list)
        for each in waiting:
            by_clinic[each.clinic_id].append(each)
        waiting.clear()
        for clinic_id, told in by_clinic.items():
            caller = OPERATOR.within(clinic_id)
            with house.work(caller, write=False) as work:
                found = checkpoints.compare(work, clinic_id, told)
            if found is not None and found.sequence <= lost.get(clinic_id, found).sequence:
                lost[clinic_id] = found

    garbled = 0
    for each in checkpoints.read(log):
        if isinstance(each, Garbled):
            garbled += 1
            yield FAULT, f"log {log.name}: line {each.line} is no whole checkpoint"
            continue
        count += 1
        waiting.append(each)
        if len(waiting) == _TOGETHER:
            look()
    look()
    for clinic_id, first in lost.items():
        yield FAULT, f"clinic {clinic_id}: sequence {first.sequence}: {first.why} ({log.name})"
    if not lost and not garbled:
        yield OK, f"log {log.name}: {count} checkpoints, and the chains hold them all"
