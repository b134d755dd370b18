"""What is kept no longer → erased: once a day, one patient after the other."""

from datetime import datetime, timedelta
from uuid import UUID

from diary.callers import Caller
from diary.erasure import service as erasure
from diary.logs import logger
from diary.records import retention
from diary.watch import marks
from diary.work import House

_log = logger("retention")
MARK = "retention"
EVERY = timedelta(days=1)
_LOOK_EVERY = timedelta(minutes=5)
# Patients at a time, between two turns of the engine: alerts do not wait for it.
_TOGETHER = 10


class Retention:
    """Carries out what the clinics' retention says."""

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller
        self._looked_at: datetime | None = None
        self._going_on: dict[UUID, set[UUID]] = {}

    def look(self) -> None:
        """Do a part of it where it is time. Never raises."""
        now, last = self._house.clock.now(), self._looked_at
        if not self._going_on and last is not None and last <= now < last + _LOOK_EVERY:
            return
        self._looked_at = now
        try:
            if not self._going_on:
                self._begin()
            self._go_on()
        except Exception as error:
            self._going_on = {}
            _log.error("retention.failed", error=error)

    def _begin(self) -> None:
        with self._house.work(self._caller) as work:
            if marks.take(work, MARK, EVERY):
                clinics = retention.clinics_with_a_policy(work)
                self._going_on = {clinic: set() for clinic in clinics}

    def _go_on(self) -> None:
        """The next few of one clinic; each that failed is left for tomorrow."""
        clinic = next(iter(self._going_on), None)
        if clinic is None:
            return
        seen = self._going_on[clinic]
        within = self._caller.within(clinic)
        with self._house.work(within, write=False) as work:
            due = retention.due_for_erasure(work, _TOGETHER, without=seen)
        erased = sum(self._act(within, one.patient_id) for one in due)
        seen |= {one.patient_id for one in due}
        if due:
            _log.info("retention.due", clinic_id=str(clinic), due=len(due), erased=erased)
        if len(due) < _TOGETHER:
            del self._going_on[clinic]

    def _act(self, within: Caller, patient_id: UUID) -> bool:
        try:
            return erasure.erase(
                self._house,
                within,
                patient_id,
                reason="retention-ended",
                still=retention.still_due,
            )
        except Exception as error:
            _log.error("retention.failed", patient_id=str(patient_id), error=error)
            return False
