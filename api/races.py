"""A race that was lost in the database is run again: a handler touches nothing else."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from diary.database import lost_race
from diary.errors import Busy
from diary.work import House

_TRIES = 8
_APART = 0.010  # seconds
_Found = TypeVar("_Found")


def run_again(house: House, attempt: Callable[[], _Found]) -> _Found:
    """Carry it out, up to eight times; raises Busy after that, and whatever is no lost race."""
    for tried in range(_TRIES):
        # Losers that return all at once would lose to each other again.
        if tried:
            sleep(house.random.uniform(0, tried * _APART))
        try:
            return attempt()
        except DBAPIError as error:
            if not lost_race(error):
                raise
    raise Busy
