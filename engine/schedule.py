"""What patients are asked → made anew where something changed, and looked at when it is due.

Never for longer than a moment at a time: a page must not wait for a whole clinic's new plan.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from uuid import UUID

from diary.callers import Caller
from diary.checkins import following, missed
from diary.logs import logger
from diary.schedule import follow, sweep
from diary.work import House

_log = logger("schedule")
_PATIENTS = 20
_WINDOWS = 500


class Schedule:
    """The windows of every clinic, as far as one engine has to do with them."""

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller
        # Could not be made or looked at: what else is due goes first.
        self._stuck: set[UUID] = set()

    def look(self, got_on: Callable[[], None] = lambda: None) -> int:
        """Do some of what is due; returns how much was done. Never raises.

        got_on: called after each transaction, with none open. What cannot be done holds up nobody.
        """
        try:
            # First: whoever is away is not reminded.
            done = self._follow(got_on)
            return done + self._sweep(got_on)
        except Exception as error:
            _log.error("schedule.look-failed", error=error)
            return 0

    def _follow(self, got_on: Callable[[], None]) -> int:
        with self._house.work(self._caller, write=False) as work:
            due = follow.AGENDA.due(work, _PATIENTS, without=self._stuck)
        done = 0
        for clinic_id, patient_id in due:
            try:
                with self._house.work(self._caller.within(clinic_id)) as work:
                    done += following.follow(work, patient_id)
            except Exception as error:
                self._stuck.add(patient_id)
                _log.error("schedule.not-followed", patient_id=str(patient_id), error=error)
            got_on()
        return done

    def _sweep(self, got_on: Callable[[], None]) -> int:
        with self._house.work(self._caller, write=False) as work:
            due = sweep.AGENDA.due(work, _WINDOWS, without=self._stuck)
        if len(due) < _WINDOWS:
            self._stuck.clear()
        by_clinic: dict[UUID, list[UUID]] = defaultdict(list)
        for clinic_id, window_id in due:
            by_clinic[clinic_id].append(window_id)
        done = 0
        for clinic_id, window_ids in by_clinic.items():
            done += self._look_at(clinic_id, window_ids)
            got_on()
        return done

    def _look_at(self, clinic_id: UUID, window_ids: Collection[UUID]) -> int:
        try:
            with self._house.work(self._caller.within(clinic_id)) as work:
                return missed.look(work, window_ids)
        except Exception as error:
            if len(window_ids) == 1:
                (window_id,) = window_ids
                self._stuck.add(window_id)
                _log.error("schedule.not-swept", window_id=str(window_id), error=error)
                return 0
        # One of them may be in the way of the others.
        return sum(self._look_at(clinic_id, [each]) for each in window_ids)
