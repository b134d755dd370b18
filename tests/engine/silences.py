"""What the tests of silences look at."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from diary.alerts.model import findings
from diary.callers import OPERATOR, Caller, CallerKind
from diary.rules.model import silences
from diary.work import House
from engine.each import Each
from engine.silence import DUTY

ENGINE = Caller(CallerKind.ENGINE)
After = Callable[..., list[Any]]


def judge_due(house: House) -> None:
    """Judge all that is due."""
    each = Each(house, ENGINE, DUTY)
    while each.look():
        pass


def of_silence(house: House) -> list[Any]:
    """What was found in silences, the first first."""
    with house.work(OPERATOR, write=False) as work:
        found = select(findings).where(findings.c.source == "silence")
        return list(work.rows(found.order_by(findings.c.found_at)))


def waiting(house: House) -> list[Any]:
    """The silences that are waited for."""
    with house.work(OPERATOR, write=False) as work:
        return list(work.rows(select(silences)))
