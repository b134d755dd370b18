"""Evidence: what made a condition true, gathered once it is, as plain JSON values.

Each leaf that holds gives one object: its `kind`, the measure, and numbers as they were. Hours and
days count back from the check-in. `explain` puts them into words.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from diary.instruments.measures import FLOORS, SUICIDALITY
from diary.rules.conditions import (
    AboveMedian,
    All,
    AnyOf,
    Around,
    AtLeast,
    AtMost,
    BelowMedian,
    Condition,
    DaysAfterInfusion,
    Declined,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    ImprovedLessThan,
    InfusionNumber,
    Is,
    Missed,
    NearBaseline,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
    Traced,
    Unreadable,
    WasAtLeast,
    WasAtMost,
    WasImproved,
    measures_of,
)
from diary.rules.documents import KIND_OF
from diary.rules.evaluation import compiled, is_improved
from diary.rules.facts import Facts, History, Silence
from diary.rules.trace import (
    Answer,
    earlier,
    in_treatment,
    off_median,
    row,
    row_in_treatment,
    run_below,
)

_RISKS = (*SUICIDALITY, *FLOORS)

Evidence: TypeAlias = Mapping[str, Any]
Gatherer: TypeAlias = Callable[[Facts], Iterable[Evidence]]


def gatherer(condition: Condition) -> Gatherer:
    """What gathers from facts of which the condition is true: one object for each leaf that makes
    it so."""
    match condition:
        case All(parts) | AnyOf(parts):
            inner = [(compiled(part), gatherer(part)) for part in parts]
            return lambda facts: (
                each for holds, gather in inner if holds(facts) for each in gather(facts)
            )
    kind = KIND_OF[type(condition)]
    return lambda facts: ({"kind": kind, **_leaf(condition, facts)},)


def lateness(facts: Facts) -> tuple[Evidence, ...]:
    """That the check-in came late, and what newer answer is known; nothing where it did not."""
    if facts.late is None:
        return ()
    newer = facts.late.newer
    known = newer and {"si": newer.level, "hours": _hours(newer.hours)}
    return ({"kind": "late", "hours": _hours(facts.late.hours), "newer": known},)


def _leaf(condition: Condition, facts: Facts) -> Evidence:
    match condition:
        case AtLeast(measure, value) | AtMost(measure, value):
            return {"measure": measure, "answer": facts.measures[measure], "value": value}
        case Is(measure, choice):
            return {"measure": measure, "answer": choice}
        case Declined(measure) | NotAnswered(measure):
            return {"measure": measure}
        case Unreadable():
            return {"measures": [name for name in _RISKS if name in facts.unreadable]}
        case Not(of):
            return {"measures": {name: facts.state(name) for name in measures_of(of)}}
        case All() | AnyOf():
            raise AssertionError("not a leaf")
    if isinstance(condition, Traced):
        answer, history = facts.measures[condition.measure], facts.history
        assert isinstance(answer, int)
        assert history is not None
        return {
            "measure": condition.measure,
            "answer": answer,
            **_traced(condition, answer, history),
        }
    return _around(condition, facts)


def _traced(condition: Traced, answer: int, history: History) -> Evidence:
    measure = condition.measure
    match condition:
        case Rises(_, _, hours):
            # Of the lowest the newest: `min` keeps the first it meets.
            return _from(min(earlier(history, measure, hours), key=lambda before: before.value))
        case Falls(_, _, hours):
            return _from(max(earlier(history, measure, hours), key=lambda before: before.value))
        case RisesInARow(_, times, hours):
            before = row(history, measure, times, hours)
            return {"before": _values(before), "hours": _hours(before[-1].hours)}
        case Emerges(_, value, days, _):
            run = run_below(history, measure, value, days)
            return {"below": value, "entries": len(run), "hours": _hours(run[-1].hours)}
        case BelowMedian() | AboveMedian():
            off = off_median(condition, answer, history)
            assert off is not None
            return {
                "extreme": off[0].extreme,
                "median": round(off[0].median, 1),
                "by": condition.by,
                "running": condition.running,
            }
        case WasAtLeast(_, value, days):
            return _from(
                next(each for each in earlier(history, measure, 24 * days) if each.value >= value)
            )
        case WasAtMost(_, value, days):
            return _from(
                next(each for each in earlier(history, measure, 24 * days) if each.value <= value)
            )
        case WasImproved(_, percent, days):
            base = history.baselines[measure]
            return {
                "baseline": base,
                "percent": percent,
                **_from(
                    next(
                        each
                        for each in in_treatment(history, measure, 24 * days)
                        if is_improved(each.value, base, percent)
                    )
                ),
            }
        case ImprovedLessThan() | NearBaseline():
            before = row_in_treatment(history, measure, condition.in_a_row - 1)
            return {
                "before": _values(before),
                "baseline": history.baselines[measure],
                "percent": condition.percent,
            }


def _around(condition: Around, facts: Facts) -> Evidence:
    match condition:
        case InfusionNumber():
            assert facts.infusion is not None
            return {"number": facts.infusion.number}
        case HoursAfterInfusion():
            assert facts.infusion is not None
            return {"hours": _hours(facts.infusion.hours)}
        case DaysAfterInfusion():
            assert facts.infusion is not None
            return {"days": facts.infusion.days}
        case Silent():
            assert facts.silence is not None
            assert facts.prior is not None
            return {"hours": _hours(facts.silence.hours), "after": facts.prior.word}
        case Missed():
            assert facts.silence is not None
            return _missed(facts.silence)
        case HadNoRisk():
            return {}
        case Phrase():
            return {"phrases": list(facts.phrases)}


def _missed(silence: Silence) -> Evidence:
    # A patient who is silent is another finding than a reminder that never came.
    lost = {"not_reminded": silence.not_reminded} if silence.not_reminded else {}
    return {"missed": silence.missed} | lost


def _from(before: Answer) -> Evidence:
    return {"from": before.value, "hours": _hours(before.hours)}


def _values(answers: list[Answer]) -> list[int]:
    return [answer.value for answer in answers]


def _hours(hours: float) -> float:
    return round(hours, 1)
