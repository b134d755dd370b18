"""Due alerts → their next action, each in its own transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from diary.alerts import service as alerts
from diary.callers import Caller
from diary.logs import logger
from diary.work import House

_log = logger("escalate")
_BATCH = 100


def escalate_due(house: House, caller: Caller, got_on: Callable[[], None] = lambda: None) -> int:
    """Take the next action of every alert whose time has come; returns how many acted.

    got_on: called at the start and after each of them, with no transaction open.

    One alert that cannot be carried out must not hold up the others: it stays due, and is logged
    and tried again on the next turn.
    """
    seen: set[UUID] = set()
    acted = 0
    got_on()
    while True:
        with house.work(caller, write=False) as work:
            due = alerts.due(work, _BATCH, without=seen)
        if not due:
            return acted
        for clinic_id, alert_id in due:
            acted += _act(house, caller, clinic_id, alert_id)
            seen.add(alert_id)
            got_on()


def go_by_the_clock(house: House, caller: Caller) -> None:
    """Where the clock was set back, let no alert wait for it to catch up."""
    with house.work(caller, write=False) as work:
        later = alerts.acted_on_later(work)
    for clinic_id, alert_id in later:
        try:
            with house.work(caller.within(clinic_id)) as work:
                alerts.wait_by_this_clock(work, clinic_id, alert_id)
        except Exception as error:
            _log.error("alert.action-failed", alert_id=str(alert_id), error=error)


def next_action(house: House, caller: Caller, after: datetime | None = None) -> datetime | None:
    """When the next alert falls due. after: of those not yet due then."""
    with house.work(caller, write=False) as work:
        return alerts.next_action(work, after)


def _act(house: House, caller: Caller, clinic_id: UUID, alert_id: UUID) -> bool:
    try:
        with house.work(caller.within(clinic_id)) as work:
            return alerts.act_when_due(work, clinic_id, alert_id)
    except Exception as error:
        _log.error("alert.action-failed", alert_id=str(alert_id), error=error)
        return False
