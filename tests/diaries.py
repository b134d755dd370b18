"""Alice's diary, as the rules are asked about it: what she answers now, and what came before."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from diary.rules.default import DEFAULT
from diary.rules.facts import AfterInfusion, Entry, Facts, History, Silence
from diary.rules.ruleset import judge
from diary.severity import Severity

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
DAY_STARTS = timedelta(hours=4)


def hours_ago(hours: float, **answers: int | str) -> Entry:
    recorded_at = NOW - timedelta(hours=hours)
    return Entry(recorded_at, (recorded_at - DAY_STARTS).date(), answers)


def days_ago(days: float, **answers: int | str) -> Entry:
    return hours_ago(24 * days, **answers)


def daily(days: int, **answers: int | str) -> tuple[Entry, ...]:
    """The same answers on each of the days before today."""
    return tuple(days_ago(ago, **answers) for ago in range(1, days + 1))


def history(*entries: Entry, **baselines: int) -> History:
    newest_first = sorted(entries, key=lambda entry: entry.recorded_at, reverse=True)
    return History(NOW, (NOW - DAY_STARTS).date(), tuple(newest_first), baselines)


def after_infusion(hours: float, *, number: int = 1, days: int | None = None) -> AfterInfusion:
    return AfterInfusion(number, int(hours // 24) if days is None else days, hours)


def silence(hours: float, *, missed: int = 0, prior: Severity | None = None) -> Facts:
    return Facts({}, silence=Silence(hours, missed), prior=prior)


def answers(
    *before: Entry,
    baselines: Mapping[str, int] | None = None,
    infusion: AfterInfusion | None = None,
    **now: int | str,
) -> Facts:
    """What Alice answers now, after the entries before."""
    return Facts(now, history=history(*before, **(baselines or {})), infusion=infusion)


def found(facts: Facts) -> dict[str, Severity]:
    """The default rules that fire, each with its severity."""
    return {finding.rule: finding.severity for finding in judge(DEFAULT, facts)}


def fires(rule: str, *before: Entry, **rest: Any) -> Severity | None:
    """The severity a default rule finds in what Alice answers now; None where it is silent."""
    return found(answers(*before, **rest)).get(rule)
