"""What a storm came to, in lines to read."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.chaos.points import POINTS
from tests.chaos.storm.run import Report

LOST: Final = (
    "lost check-in",
    "lost alert",
    "silent alert",
    "unheard generation",
    "lost message",
)
AFTER: Final = ("claimed after an answer", "landed after an answer")
_SHOWN: Final = 5


def broken(report: Report) -> bool:
    """Whether a promise was, or less was tried than was asked for."""
    return any(report.findings.violations.values()) or report.raised < report.plan.alerts


def lines(report: Report) -> Iterator[str]:
    """The table of one database, with the first of each violation."""
    found, people = report.findings, report.people
    yield ""
    yield report.database
    yield _line("alerts raised", f"{report.raised:,} of {report.plan.alerts:,}")
    rate = report.raised / report.seconds
    yield _line("", f"in {report.seconds:,.0f} s, {rate:.1f} a second, seed {report.plan.seed}")
    yield _line("risk check-ins answered 2xx", f"{len(people.told):,}")
    yield _line("answers of people confirmed", f"{len(people.reactions):,}")
    yield _line("alerts by story", _counts(people.stories))
    yield _line("requests by status (0: none)", _counts(people.wire.statuses))
    yield _line("requests at the receiver", f"{len(people.ledger.arrivals):,}")
    yield _line("", f"of them {found.pages:,} pages; {found.tried_again:,} after a refusal")
    for number, (what, times) in enumerate(sorted(report.journal.counted().items())):
        yield _line("" if number else "faults", f"{times:>5} × {what}")
    died = {each.detail for each in report.journal.faults if each.kind == "doom"}
    missed = ", ".join(sorted(POINTS.keys() - died))
    reached = f"{len(POINTS.keys() & died)} of {len(POINTS)}"
    yield _line("labelled points died at", f"{reached}; not: {missed}" if missed else reached)
    for number, (what, times) in enumerate(report.logged.most_common()):
        yield _line("" if number else "logged by the product", f"{times:>5} × {what}")
    yield _line("lost", str(found.count(*LOST)))
    yield _line("duplicates", f"{found.duplicates.total():,}")
    for what, times in found.duplicates.most_common():
        yield _line("", f"{times:>5} × {what}")
    yield _line("pages claimed after an answer", str(found.count(AFTER[0])))
    most = max(found.landed_after, default=0.0)
    landed = f"{len(found.landed_after):,}, the last after {most:.1f} s"
    yield _line("pages in flight that landed after", landed)
    for spell in ("calm", "storm"):
        yield _line(f"2xx to the first page, {spell}", _late(found.late[spell]))
    if found.slowest[1]:
        yield _line("the slowest met", found.slowest[1])
    if report.raised < report.plan.alerts:
        yield _line("NOT ENOUGH", "time ran out before all alerts were raised")
    for promise, cases in sorted(found.violations.items()):
        yield _line(f"BROKEN: {promise}", str(len(cases)))
        yield from (f"      {case}" for case in cases[:_SHOWN])


def _line(what: str, found: str) -> str:
    return f"  {what:<34} {found}"


def _counts(counted: Mapping[str, int] | Mapping[int, int]) -> str:
    return ", ".join(f"{what} {times:,}" for what, times in sorted(counted.items()))


def _late(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p99 = (ordered[int((len(ordered) - 1) * share)] for share in (0.5, 0.99))
    return f"{len(ordered):,}: p50 {p50:.2f} s, p99 {p99:.1f} s, max {ordered[-1]:.1f} s"
