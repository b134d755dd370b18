"""Leases that nobody will settle any more → owed again."""

import time
from uuid import UUID

from diary.callers import Caller
from diary.logs import logger
from diary.watch.meters import Meters
from diary.webhooks import leases, queue
from diary.work import House

_log = logger("reclaim")
# An engine whose connection broke takes its lock again within this, in seconds of this process.
# Less than the half-second between two looks of an idle engine, so that the second one counts.
_GRACE = 0.4


class Reclaimer:
    """Looks for leases that ran out, and for those of engines whose lock is free."""

    def __init__(self, house: House, caller: Caller, meters: Meters) -> None:
        self._house = house
        self._caller = caller
        self._meters = meters
        self._missing_since: dict[UUID, float] = {}

    def release(self, *, all_leases: bool) -> None:
        """Owe again what was lost. all_leases: nobody else can be holding one."""
        with self._house.work(self._caller, write=False) as work:
            lost = queue.any_lost(work, all_leases=all_leases)
            missing = leases.dead(work, leases.holders(work))
        if lost:
            with self._house.work(self._caller) as work:
                count = queue.release_lost(work, all_leases=all_leases)
            self._meters.stole(count)
            _log.warning("leases.reclaimed", count=count)
        self._release_of(missing)

    def _release_of(self, missing: set[UUID]) -> None:
        now = time.monotonic()
        since = {engine: self._missing_since.get(engine, now) for engine in missing}
        self._missing_since = since
        gone = {engine for engine, moment in since.items() if now - moment >= _GRACE}
        if not gone:
            return
        with self._house.work(self._caller) as work:
            # Asked again: what counts is that no lock is held while the leases are given up.
            count = leases.reclaim(work, leases.dead(work, gone))
        if count:
            self._meters.stole(count)
            _log.warning("leases.reclaimed", count=count, engines=len(gone))
