"""What is kept no longer → erased: once a day, one patient a transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from diary.callers import Caller
from diary.erasure.service import RETENTION_ENDED, erase
from diary.logs import logger
from diary.records import retention
from diary.records.retention import Due
from diary.watch import marks
from diary.work import House

_log = logger("retention")
MARK = "retention"
EVERY = timedelta(days=1)
_LOOK_EVERY = timedelta(minutes=5)
# Patients at a time.
_TOGETHER = 10


class Retention:
    """Carries out what the clinics' retention says. Without an erasure ledger it only tells the log
    how many are due."""

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller
        self._looked_at: datetime | None = None
        # Each clinic that is not through, with the last one who was looked at there.
        self._going_on: dict[UUID, Due | None] = {}

    def is_time(self) -> bool:
        """Whether `look` has something to look at."""
        now, last = self._house.clock.now(), self._looked_at
        return bool(self._going_on) or last is None or not last <= now < last + _LOOK_EVERY

    def look(self) -> None:
        """Do a part of it where it is time. Never raises; it may wait for locks."""
        if not self.is_time():
            return
        self._looked_at = self._house.clock.now()
        try:
            if not self._going_on:
                self._begin()
        except Exception as error:
            _log.error("retention.failed", error=error)
        self._go_on()

    def _begin(self) -> None:
        with self._house.work(self._caller) as work:
            due = marks.take(work, MARK, EVERY)
            clinics = retention.clinics_with_a_policy(work) if due else []
        # Not before the commit: what was not taken is taken again.
        self._going_on = dict.fromkeys(clinics)

    def _go_on(self) -> None:
        """The next few of one clinic, then it is the others' turn.

        A clinic that failed, and a patient who did, are left for tomorrow; nobody waits for them.
        """
        clinic = next(iter(self._going_on), None)
        if clinic is None:
            return
        after = self._going_on.pop(clinic)
        try:
            last = self._carry_out(clinic, after)
        except Exception as error:
            _log.error("retention.failed", clinic_id=str(clinic), error=error)
            return
        if last is not None:
            self._going_on[clinic] = last

    def _carry_out(self, clinic: UUID, after: Due | None) -> Due | None:
        """The last of these few; None where nobody comes after them."""
        within = self._caller.within(clinic)
        with self._house.work(within, write=False) as work:
            number = retention.count_due(work)
            few = retention.due_for_erasure(work, _TOGETHER, after) if self._can_erase else []
        erased = sum(self._erase(within, one.patient_id) for one in few)
        if number:
            _log.info("retention.due", clinic_id=str(clinic), due=number, erased=erased)
        return few[-1] if len(few) == _TOGETHER else None

    @property
    def _can_erase(self) -> bool:
        return self._house.settings.erasure_ledger is not None

    def _erase(self, within: Caller, patient_id: UUID) -> bool:
        try:
            return erase(
                self._house,
                within,
                patient_id,
                reason=RETENTION_ENDED,
                still=retention.still_due,
            )
        except Exception as error:
            clinic_id = str(within.clinic)
            _log.error(
                "retention.failed", clinic_id=clinic_id, patient_id=str(patient_id), error=error
            )
            return False
