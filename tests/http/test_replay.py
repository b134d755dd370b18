"""What is judged again, in the order it came, is found to say what it was found to say then."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from diary.alerts.findings import Finding
from diary.alerts.model import findings
from diary.callers import OPERATOR
from diary.rehearsal.before import Reach
from diary.rehearsal.reading import read
from diary.rehearsal.record import Record
from diary.rehearsal.replay import replay
from diary.rules import service
from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    Condition,
    DaysAfterInfusion,
    HoursAfterInfusion,
    ImprovedLessThan,
    NearBaseline,
    Rises,
    WasAtMost,
    WasImproved,
)
from diary.rules.default import DEFAULT
from diary.rules.ruleset import Rule, RuleSet
from diary.rules.service import InForce
from diary.severity import Severity
from diary.work import House
from tests.cast import CALM, Cast, Patient
from tests.clock import SimulatedClock
from tests.http.scribbling import Scribbler
from tests.http.test_instruments import bring
from tests.questionnaires import phq9

pytestmark = pytest.mark.usefixtures("brought")
Findings = dict[UUID, list[tuple[Any, ...]]]


def rule(code: str, when: Condition) -> Rule:
    return Rule(code, code.lower(), when, Severity.LOW, suicidality=False)


# The shipped rules, and more that look at all that can be looked at.
CURIOUS = RuleSet(
    (
        *DEFAULT.rules,
        rule("Y1", AnyOf((WasImproved("mood", 20, 60), ImprovedLessThan("mood", 20, in_a_row=2)))),
        rule("Y2", AnyOf((NearBaseline("anxiety", 90, 1), NearBaseline("phq9", 60, 2)))),
        rule("Y3", All((Rises("anxiety", 3, within_hours=100), AtLeast("mood", 1)))),
        rule("Y4", All((HoursAfterInfusion(1), DaysAfterInfusion(0, 4)))),
        rule("Y5", WasAtMost("bladder_symptoms", 0, within_days=30)),
    ),
    DEFAULT.phrases,
)


@pytest.fixture
def brought(cast: Cast) -> None:
    """The clinic has brought a PHQ-9 in two versions."""
    for version in ("1", "2"):
        assert bring(cast, phq9(version=version)).status == 201


def stored(house: House, cast: Cast) -> Findings:
    """What was found when it came, by what it was found in."""
    found: Findings = defaultdict(list)
    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        here = select(findings).where(findings.c.clinic_id == cast.clinic)
        for row in work.rows(here):
            found[row.source_id].append((row.rule, row.severity, row.inputs, row.because))
    return {id: in_order(each) for id, each in found.items()}


def put_in_force(house: House, cast: Cast, rule_set: RuleSet) -> InForce:
    with house.work(OPERATOR.within(cast.clinic)) as work:
        service.publish(work, rule_set, reason="To see it all")
        return service.current(work)


def in_order(each: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(each, key=lambda one: str(one[0]))


def told(found: Sequence[Finding]) -> list[tuple[Any, ...]]:
    return in_order(
        [(one.rule, one.severity, dict(one.inputs), list(one.because)) for one in found]
    )


def records_of(
    house: House, cast: Cast, since: datetime, rules: InForce, *patients: Patient
) -> list[Record]:
    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        ids = [patient.id for patient in patients]
        return read(work, ids, since, Reach.of([rules.look_back]))


def replayed(
    house: House, cast: Cast, since: datetime, rules: InForce, *patients: Patient
) -> Findings:
    return {
        came.id: told(judged.findings)
        for record in records_of(house, cast, since, rules, *patients)
        for came, (judged,) in replay(record, [rules])
        if judged.findings
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_rules_that_judged_then_find_the_same_again(
    cast: Cast, house: House, clock: SimulatedClock, seed: int
) -> None:
    rules = put_in_force(house, cast, CURIOUS)
    began, dice = clock.now(), Random(seed)
    olga = cast.enrol("Olga")
    # Before her first infusion, so there is something to compare with.
    assert olga.check_in(mood=6, anxiety=3).status == 201
    clock.advance(hours=6)
    Scribbler(olga, cast.dana, clock, dice).infusion()
    for patient in (cast.alice, olga):
        Scribbler(patient, cast.dana, clock, dice).days(25)
    kept = stored(house, cast)
    assert len(kept) > 20
    assert {one[0] for each in kept.values() for one in each} > {
        "R1",
        "R3",
        "R5",
        "R7",
        "R9",
        "Y1",
        "Y4",
    }

    assert replayed(house, cast, began, rules, cast.alice, olga) == kept


@pytest.mark.parametrize("seed", [4, 5])
def test_whatever_came_before_the_period_is_known_in_it(
    cast: Cast, house: House, clock: SimulatedClock, seed: int
) -> None:
    rules = put_in_force(house, cast, CURIOUS)
    olga, dice = cast.enrol("Olga"), Random(seed)
    assert olga.check_in(mood=6, anxiety=3).status == 201
    scribbler = Scribbler(olga, cast.dana, clock, dice)
    scribbler.days(20)
    before = stored(house, cast).keys()
    clock.advance(minutes=1)
    since = clock.now()
    scribbler.days(12)
    kept = {id: found for id, found in stored(house, cast).items() if id not in before}
    assert len(kept) > 5

    assert replayed(house, cast, since, rules, olga) == kept


def again(
    house: House, cast: Cast, since: datetime, rules: InForce, patient: Patient
) -> tuple[Findings, Findings]:
    """What is found again from a moment on, and what was found then."""
    then = replayed(house, cast, since, rules, patient)
    return then, {id: found for id, found in stored(house, cast).items() if id in then}


def severities(found: Findings, id: object) -> dict[str, Severity]:
    return {one[0]: one[1] for one in found[UUID(str(id))]}


def test_what_is_amended_came_before_its_amendment(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    rules, began = put_in_force(house, cast, CURIOUS), clock.now()
    grave = cast.alice.check_in(si=4).json["id"]
    clock.advance(hours=1)
    cast.alice.check_in()
    clock.advance(hours=1)
    amendment = "5b0c2d9e-4f0a-4a51-9a7e-2f6f3f6f0b11"
    answers = {**CALM, "si_gate": "yes", "si": "declined"}
    body = {"reason": "Not so.", "amended_at": clock.now().isoformat(), "answers": answers}
    path = f"/v1/check-ins/{grave}/amendments/{amendment}"
    assert cast.alice.api.put(path, body).status == 201
    then, kept = again(house, cast, began, rules, cast.alice)

    assert severities(then, amendment)["R7"] is Severity.CRITICAL
    assert then == kept


def test_an_infusion_counts_as_far_as_it_was_known(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    rules, olga = put_in_force(house, cast, CURIOUS), cast.enrol("Olga")
    began, path = clock.now(), f"/v1/patients/{olga.id}/infusions"
    planned = {"planned_at": clock.now().isoformat()}
    infusion = cast.bob.api.post(path, planned).json["id"]
    clock.advance(hours=6)
    unknown = olga.check_in(mood=1).json["id"]
    started = {
        "started_at": (clock.now() - timedelta(hours=5)).isoformat(),
        "confirm": ["course"],
    }
    ended = {
        "ended_at": (clock.now() - timedelta(hours=2)).isoformat(),
        "confirm": ["ended_at"],
    }
    assert cast.bob.api.post(f"{path}/{infusion}/start", started).status == 200
    clock.advance(minutes=10)
    running = olga.check_in(mood=1).json["id"]
    assert cast.bob.api.post(f"{path}/{infusion}/end", ended).status == 200
    clock.advance(minutes=10)
    over = olga.check_in(mood=1).json["id"]
    then, kept = again(house, cast, began, rules, olga)

    assert "Y4" not in severities(then, unknown)
    assert {"Y4"} <= severities(then, running).keys() & severities(then, over).keys()
    assert then == kept


def test_a_baseline_is_known_however_long_ago_it_was(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    rules, olga = put_in_force(house, cast, CURIOUS), cast.enrol("Olga")
    assert olga.check_in(mood=9, anxiety=4).status == 201
    clock.advance(hours=6)
    Scribbler(olga, cast.dana, clock, Random(1)).infusion()
    clock.advance(days=100)
    assert olga.check_in(mood=9, anxiety=0).status == 201
    clock.advance(days=100)
    since = clock.now()
    again_as_anxious = olga.check_in(mood=9, anxiety=4).json["id"]
    then, kept = again(house, cast, since, rules, olga)

    assert severities(then, again_as_anxious).keys() == {"Y1", "Y2"}
    assert then == kept
