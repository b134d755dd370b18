"""Judge a patient's rows again, in the order they came in, by several rule sets side by side.

Each is judged with exactly what was known when it came. What a rule set would have found before
is its own: `prior` depends on it. Before the first of the rows, what was found then stands.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from diary.checkins.judging import Judged, judged_by
from diary.rehearsal.past import Found, Past
from diary.rehearsal.record import Came, Record
from diary.rehearsal.then import Moment, Then
from diary.rules.ruleset import severity_of, suicidality_severity
from diary.rules.service import InForce


def replay(
    record: Record, rule_sets: Sequence[InForce]
) -> Iterator[tuple[Came, tuple[Judged, ...]]]:
    """Each of the rows that came, with what each of the rule sets finds in it."""
    past, each = Past(), range(len(rule_sets))
    for entered, received_at, severity in record.known:
        past.enter(entered, received_at, tuple(severity for _ in each))
    if record.apart is not None:
        received_at, severity = record.apart
        past.apart = Found(received_at, tuple(severity for _ in each))
    for came in sorted(record.came, key=_as_it_came):
        moment = Moment(record, past, came)
        found = tuple(
            judged_by(rules, came.said, Then(moment, number))
            for number, rules in enumerate(rule_sets)
        )
        _take(past, came, found, rule_sets)
        yield came, found


def _as_it_came(came: Came) -> tuple[datetime, bool, bool, int]:
    # What came in the same instant: an amendment follows its check-in.
    return came.received_at, not came.is_check_in, came.becomes is None, came.id.int


def _take(past: Past, came: Came, found: tuple[Judged, ...], rule_sets: Sequence[InForce]) -> None:
    if came.becomes is None:
        severities = tuple(severity_of(judged.findings) for judged in found)
        past.apart = Found(came.received_at, severities)
        return
    severities = tuple(
        suicidality_severity(judged.findings, rules.rules)
        for judged, rules in zip(found, rule_sets, strict=True)
    )
    if came.is_check_in:
        past.enter(came.becomes, came.received_at, severities)
    else:
        past.amend(came.becomes, severities)
