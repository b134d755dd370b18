"""Whether the escalation can be relied on, and if not, why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from diary.watch.figures import Figures

# Three canaries may be lost before their path is taken for broken.
CANARY_STALE = timedelta(minutes=3)
# An engine seals every few seconds, and says once a minute that nothing waits.
UNSEALED = timedelta(minutes=5)


class Code(StrEnum):
    """Stable: monitoring decides by it."""

    ACTION_OVERDUE = "action-overdue"
    PAGE_OVERDUE = "page-overdue"
    SILENCE_OVERDUE = "silence-overdue"
    NO_ENGINE = "no-engine"
    LISTENER_DEAD = "listener-dead"
    ALERT_EXHAUSTED = "alert-exhausted"
    CANARY_STALE = "canary-stale"
    HEARTBEAT_FAILING = "heartbeat-failing"
    AUDIT_UNSEALED = "audit-unsealed"
    AUDIT_BROKEN = "audit-broken"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong, for a machine and for a person."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """reasons: why it cannot be relied on. warnings: what is wrong beside it, and harms nothing."""

    reasons: Sequence[Reason]
    warnings: Sequence[Reason]


def verdict(figures: Figures) -> Verdict:
    """What the figures mean."""
    reasons = []
    if not figures.engines:
        reasons.append(
            Reason(Code.NO_ENGINE, "No engine is alive: nothing climbs and nothing is delivered.")
        )
    if figures.overdue_alerts:
        text = f"{figures.overdue_alerts} alerts wait for a step that is late."
        reasons.append(Reason(Code.ACTION_OVERDUE, text))
    if figures.overdue_pages:
        text = f"{figures.overdue_pages} pages are late, and nothing is sending them."
        reasons.append(Reason(Code.PAGE_OVERDUE, text))
    if figures.overdue_silences:
        text = f"{figures.overdue_silences} silences after a risk answer are not looked at in time."
        reasons.append(Reason(Code.SILENCE_OVERDUE, text))
    if deaf := sum(engine.listening is False for engine in figures.engines):
        text = f"{deaf} engines do not hear of commits; they look twice a second instead."
        reasons.append(Reason(Code.LISTENER_DEAD, text))
    if figures.exhausted:
        text = (
            f"Nobody answers {figures.exhausted} alerts, high or critical; the policy is used up."
        )
        reasons.append(Reason(Code.ALERT_EXHAUSTED, text))
    since = _last(figures, figures.canary_arrived_at)
    if since is not None and figures.now - since > CANARY_STALE:
        text = "No canary has arrived for over 3 minutes: the way of an alert is broken somewhere."
        reasons.append(Reason(Code.CANARY_STALE, text))
    return Verdict(reasons, _warnings(figures))


def _warnings(figures: Figures) -> list[Reason]:
    warnings = []
    since = _last(figures, figures.heartbeat_taken_at)
    if figures.heartbeat_expected and since is not None and figures.now - since > CANARY_STALE:
        text = "The watchdog elsewhere has not taken a heartbeat for over 3 minutes."
        warnings.append(Reason(Code.HEARTBEAT_FAILING, text))
    sealed = _last(figures, figures.trail_sealed_at)
    if sealed is not None and figures.now - sealed > UNSEALED:
        text = "For over 5 minutes the audit trail was not sealed to its end."
        warnings.append(Reason(Code.AUDIT_UNSEALED, text))
    broken = figures.trail_met_broken_at
    if broken is not None and figures.now - broken <= UNSEALED:
        text = "The audit trail of a clinic was changed or cut, and is not sealed any more."
        warnings.append(Reason(Code.AUDIT_BROKEN, text))
    return warnings


def _last(figures: Figures, happened: datetime | None) -> datetime | None:
    """When it last happened; if never, since when an engine has run that should have seen to it."""
    started: list[datetime] = [engine.started_at for engine in figures.engines]
    return happened or min(started, default=None)
