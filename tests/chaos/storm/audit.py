"""Whether the promises held. Pure: evidence in, findings out."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tests.chaos.storm.evidence import Delivery, Evidence
from tests.chaos.storm.journal import CRASHES
from tests.chaos.storm.ledger import ANSWER_LOST, TAKEN, Arrival

# A request that was under way when its alert was acknowledged is over after this long.
IN_FLIGHT: Final = 10.0
# The machine is busy, and the receiver's own threads wait for their turn too.
_GRACE: Final = 1.0
# Whoever holds the lease of a killed engine's delivery waits for so long before it tries again.
LEASE: Final = 15.0
_OPENS: Final = ("opened", "worsened")


@dataclass(slots=True)
class Findings:
    """violations: of each promise, what broke it. late: seconds, in calm and in storm.

    slowest: of all those seconds the most, and what went wrong meanwhile.
    """

    violations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    duplicates: Counter[str] = field(default_factory=Counter)
    tried_again: int = 0
    late: dict[str, list[float]] = field(default_factory=lambda: {"calm": [], "storm": []})
    slowest: tuple[float, str] = (0.0, "")
    landed_after: list[float] = field(default_factory=list)
    pages: int = 0

    def count(self, *promises: str) -> int:
        """How often these were broken."""
        return sum(len(self.violations.get(promise, ())) for promise in promises)


def audit(evidence: Evidence) -> Findings:
    """Compare what was promised with what happened."""
    found = Findings()
    by_alert: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in sorted(evidence.arrivals, key=lambda each: each.at):
        found.pages += arrival.is_page
        if arrival.is_page and arrival.is_heard:
            by_alert[arrival.alert].append(arrival)
        if not arrival.verified:
            found.violations["unsigned"].append(f"{arrival.message} at {arrival.door}")
    _check_ins(evidence, found, by_alert)
    _alerts(evidence, found, by_alert)
    _messages(evidence, found)
    _repeats(evidence, found)
    _after_an_answer(evidence, found)
    for complaint in evidence.journal.complaints:
        found.violations["unexpected"].append(complaint)
    return found


def _check_ins(evidence: Evidence, found: Findings, heard: dict[str, list[Arrival]]) -> None:
    for told in evidence.told:
        if told.check_in not in evidence.check_ins:
            found.violations["lost check-in"].append(str(told.check_in))
            continue
        alert = evidence.check_ins[told.check_in]
        pages = [page for page in heard[alert or ""] if page.generation >= told.generation]
        if not pages:
            found.violations["lost alert"].append(f"{told.check_in}, alert {alert}")
            continue
        if any(page.at < told.began for page in pages):
            continue  # it joined what had been told before: it owed no page
        spell = "storm" if _is_stormy(evidence, told.answered, told.clinic) else "calm"
        late = max(0.0, pages[0].at - told.answered)
        found.late[spell].append(late)
        if late > found.slowest[0]:
            found.slowest = late, _weather(evidence, told.answered, pages[0].at, told.clinic)


def _is_stormy(evidence: Evidence, at: float, clinic: int) -> bool:
    return any(
        fault.clinic in (None, clinic) and fault.meets(at - LEASE, at + _GRACE)
        for fault in evidence.journal.faults
    )


def _weather(evidence: Evidence, begin: float, end: float, clinic: int) -> str:
    near = (
        f"{fault.kind} {fault.detail}"
        for fault in evidence.journal.faults
        if fault.clinic in (None, clinic) and fault.meets(begin, end)
    )
    return ", ".join(f"{times} × {what}" for what, times in Counter(near).items())


def _alerts(evidence: Evidence, found: Findings, heard: dict[str, list[Arrival]]) -> None:
    for alert in evidence.alerts.values():
        if alert.is_open and not alert.has_next_action:
            found.violations["silent alert"].append(alert.id)
        # Nobody here answers before a page came: every generation must have been heard.
        generations = sum(kind in _OPENS for _, kind in alert.entries)
        highest = max((page.generation for page in heard[alert.id]), default=0)
        if highest < generations:
            found.violations["unheard generation"].append(f"{alert.id}: {highest}<{generations}")


def _messages(evidence: Evidence, found: Findings) -> None:
    arrived = {(each.door, each.message) for each in evidence.arrivals if each.is_heard}
    known = {(each.door, each.message): each.digest for each in evidence.deliveries}
    siblings: dict[tuple[str, str, bool], list[Delivery]] = defaultdict(list)
    for one in evidence.deliveries:
        siblings[one.alert, one.door, one.is_page].append(one)
    for one in evidence.deliveries:
        was_heard = (one.door, one.message) in arrived
        match one.state:
            case "delivered":
                is_lost = not was_heard
            case "superseded":
                is_lost = not any(
                    _covers(later, one) for later in siblings[one.alert, one.door, one.is_page]
                )
            case "gone":
                # Its endpoint answered 410: it gets nothing more, and its alerts go on.
                is_lost = False
            case "cancelled":
                is_lost = not _was_answered(evidence, one)
            case _:
                is_lost = True
        if is_lost:
            said = f"{one.type} {one.message} at {one.door}: {one.state}"
            found.violations["lost message"].append(said)
    for each in evidence.arrivals:
        digest = known.get((each.door, each.message))
        if digest is None:
            found.violations["sent but not owed"].append(f"{each.message} at {each.door}")
        elif digest != each.digest:
            found.violations["changed bytes"].append(f"{each.message} at {each.door}")


def _covers(later: Delivery, one: Delivery) -> bool:
    """Ids rise; a repetition has the sequence of the page that it repeats."""
    return later.id > one.id and later.sequence >= one.sequence


def _was_answered(evidence: Evidence, one: Delivery) -> bool:
    return any(
        kind in ("acknowledged", "resolved") and sequence > one.sequence
        for sequence, kind in evidence.alerts[one.alert].entries
    )


def _repeats(evidence: Evidence, found: Findings) -> None:
    """What came more than once, and why it may have."""
    arrivals: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for each in sorted(evidence.arrivals, key=lambda each: each.at):
        arrivals[each.door, each.message].append(each)
    deliveries = {(each.door, each.message): each for each in evidence.deliveries}
    for place, several in arrivals.items():
        one = deliveries.get(place)
        if one is None:
            continue
        for first, again in pairwise(several):
            if first.mode not in (*TAKEN, *ANSWER_LOST):
                found.tried_again += 1
                continue
            reason = _why_again(evidence, one, first, again)
            found.duplicates[reason] += 1
            if reason.startswith("no "):
                found.violations["unexplained duplicate"].append(f"{place}: {reason}")


def _why_again(evidence: Evidence, one: Delivery, first: Arrival, again: Arrival) -> str:
    claimed = _claimed_for(one, again)
    if any(each.delivered and not each.stale and each.at < claimed for each in one.attempts):
        return "no reason: it was settled as delivered"
    if first.mode in ANSWER_LOST:
        return "answer lost by the receiver"
    # From the claim on, which can lie seconds before the arrival, the lease could be lost.
    begin, end = min(first.at - _GRACE, _claimed_for(one, first)), again.at
    if any(not each.answered and begin <= each.at <= end for each in one.attempts):
        return "answer lost on the way"
    if evidence.journal.is_near(CRASHES, begin, end):
        return "crash before it was settled"
    if evidence.journal.is_near(("clock",), begin, end):
        return "lease taken by a wrong clock"
    if any(each.stale for each in one.attempts):
        return "no reason: its lease was taken"
    return "no reason"


def _claimed_for(one: Delivery, arrival: Arrival) -> float:
    index = bisect_right(one.claims, arrival.at)
    return one.claims[index - 1] if index else arrival.at


def _after_an_answer(evidence: Evidence, found: Findings) -> None:
    """Pages that were claimed, or landed too late, after a person's answer was confirmed."""
    answered: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for reaction in evidence.reactions:
        answered[reaction.alert].append((reaction.sequence, reaction.answered))

    def since(alert: str, sequence: int) -> Iterator[float]:
        return (at for number, at in answered[alert] if number > sequence)

    for one in evidence.deliveries:
        if not one.is_page or (at := min(since(one.alert, one.sequence), default=None)) is None:
            continue
        late = [claim - at for claim in one.claims if claim > at]
        if late:
            found.violations["claimed after an answer"].append(f"{one.message}: {late[0]:.1f} s")
    for each in evidence.arrivals:
        if not each.is_page or (at := min(since(each.alert, each.sequence), default=None)) is None:
            continue
        if each.at > at:
            found.landed_after.append(each.at - at)
        if each.at > at + IN_FLIGHT + _GRACE:
            found.violations["landed after an answer"].append(f"{each.message}: {each.at - at:.1f}")
