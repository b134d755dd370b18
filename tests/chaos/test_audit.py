"""The storm's audit finds what was broken: each case breaks one promise of a faultless story."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from tests.chaos.storm.audit import Findings, audit
from tests.chaos.storm.evidence import Alert, Attempt, Delivery, Evidence, made_at
from tests.chaos.storm.journal import Fault, Journal
from tests.chaos.storm.ledger import Arrival
from tests.chaos.storm.people import Reaction, Told

CHECK_IN, LATER = UUID(int=1), UUID(int=4)
PAGE = Arrival(
    at=101.0,
    door="team",
    mode="ok",
    verified=True,
    message="msg_1",
    digest=b"page",
    type="alert.triggered",
    alert="alert",
    patient="pt_1",
    generation=1,
    sequence=1,
)
DELIVERY = Delivery(
    id=UUID(int=3),
    message="msg_1",
    door="team",
    alert="alert",
    type="alert.triggered",
    is_page=True,
    generation=1,
    sequence=1,
    digest=b"page",
    state="delivered",
    attempts=(Attempt(at=101.1, delivered=True, stale=False, answered=True),),
    claims=(100.9,),
)
NOT_SETTLED = replace(
    DELIVERY, attempts=(replace(DELIVERY.attempts[0], at=120.1),), claims=(100.9, 119.9)
)
AGAIN = replace(PAGE, at=120.0)


def story() -> Evidence:
    """A check-in at 100, its page at 101, acknowledged at 110."""
    entries = ((1, "opened"), (2, "acknowledged"))
    return Evidence(
        told=[Told(CHECK_IN, clinic=0, generation=1, began=99.9, answered=100.0)],
        reactions=[Reaction("alert", "acknowledged", sequence=2, answered=110.0)],
        arrivals=[PAGE],
        journal=Journal(),
        check_ins={CHECK_IN: "alert"},
        alerts={"alert": Alert("alert", is_open=True, has_next_action=True, entries=entries)},
        deliveries=[DELIVERY],
    )


def broken(found: Findings) -> set[str]:
    return {promise for promise, cases in found.violations.items() if cases}


def test_a_faultless_story_breaks_nothing() -> None:
    found = audit(story())
    assert not broken(found)
    assert found.late == {"calm": [pytest.approx(1.0)], "storm": []}


@pytest.mark.parametrize(
    ("promise", "change"),
    [
        ("lost check-in", lambda it: replace(it, check_ins={})),
        ("lost alert", lambda it: replace(it, check_ins={CHECK_IN: None})),
        ("lost alert", lambda it: replace(it, arrivals=[])),
        ("lost alert", lambda it: replace(it, arrivals=[replace(PAGE, mode="status")])),
        ("lost alert", lambda it: replace(it, told=[replace(it.told[0], generation=2)])),
        ("lost message", lambda it: replace(it, arrivals=[replace(PAGE, mode="hang")])),
        ("lost message", lambda it: owing(it, state="pending")),
        ("lost message", lambda it: owing(it, state="leased")),
        ("lost message", lambda it: owing(it, state="exhausted")),
        ("lost message", lambda it: owing(it, state="cancelled", sequence=3)),
        ("unheard generation", lambda it: with_entries(it, (1, "opened"), (2, "worsened"))),
        (
            "silent alert",
            lambda it: replace(
                it, alerts={"alert": replace(it.alerts["alert"], has_next_action=False)}
            ),
        ),
        ("unsigned", lambda it: replace(it, arrivals=[replace(PAGE, verified=False)])),
        ("sent but not owed", lambda it: replace(it, deliveries=[])),
        ("changed bytes", lambda it: replace(it, arrivals=[replace(PAGE, digest=b"other")])),
        ("unexpected", lambda it: replace(it, journal=Journal(complaints=["a defect"]))),
        ("claimed after an answer", lambda it: owing(it, claims=(110.1,))),
        ("landed after an answer", lambda it: replace(it, arrivals=[PAGE, replace(PAGE, at=122)])),
        (
            "unexplained duplicate",
            lambda it: replace(it, arrivals=[PAGE, replace(PAGE, at=102)]),
        ),
    ],
)
def test_whatever_breaks_a_promise_is_found(
    promise: str, change: Callable[[Evidence], Evidence]
) -> None:
    assert promise in broken(audit(change(story())))


def owing(evidence: Evidence, **changes: object) -> Evidence:
    """With a delivery that is not as it should be."""
    return replace(evidence, deliveries=[replace(DELIVERY, **changes)])  # type: ignore[arg-type]


def with_entries(evidence: Evidence, *entries: tuple[int, str]) -> Evidence:
    return replace(evidence, alerts={"alert": replace(evidence.alerts["alert"], entries=entries)})


@pytest.mark.parametrize(
    ("mode", "kind", "reason"),
    [
        ("hang", None, "answer lost by the receiver"),
        ("reset_after_processing", None, "answer lost by the receiver"),
        ("ok", "kill", "crash before it was settled"),
        ("ok", "restart", "crash before it was settled"),
        ("ok", "clock", "lease taken by a wrong clock"),
    ],
)
def test_a_duplicate_may_come_after_a_crash_or_a_lost_answer(
    mode: str, kind: str | None, reason: str
) -> None:
    faults = [Fault(kind, "", 102, 105)] if kind else []
    found = audit(
        replace(
            story(),
            reactions=[],
            arrivals=[replace(PAGE, mode=mode), AGAIN],
            deliveries=[NOT_SETTLED],
            journal=Journal(faults),
        )
    )
    assert not broken(found)
    assert found.duplicates == {reason: 1}


def test_what_was_claimed_while_a_clock_was_wrong_may_arrive_seconds_later() -> None:
    slow = replace(PAGE, at=109.0)
    evidence = replace(
        story(),
        reactions=[],
        arrivals=[slow, AGAIN],
        deliveries=[NOT_SETTLED],
        journal=Journal([Fault("clock", "", 100, 101)]),
    )
    assert audit(evidence).duplicates == {"lease taken by a wrong clock": 1}
    late = replace(NOT_SETTLED, claims=(108.9, 119.9))
    assert broken(audit(replace(evidence, deliveries=[late]))) == {"unexplained duplicate"}


def test_a_crash_excuses_no_second_send_of_what_was_settled() -> None:
    settled = replace(DELIVERY, claims=(100.9, 119.9))
    crash = Journal([Fault("kill", "", 102, 105)])
    evidence = replace(
        story(), reactions=[], arrivals=[PAGE, AGAIN], deliveries=[settled], journal=crash
    )
    assert broken(audit(evidence)) == {"unexplained duplicate"}


def test_another_try_after_a_refusal_is_no_duplicate() -> None:
    found = audit(replace(story(), arrivals=[replace(PAGE, mode="status", at=100.5), PAGE]))
    assert (found.tried_again, found.duplicates.total()) == (1, 0)
    assert not broken(found)


def test_a_superseded_page_is_covered_by_a_later_one_alone() -> None:
    later = replace(DELIVERY, id=LATER, message="msg_2", sequence=2, digest=b"later")
    older = replace(DELIVERY, state="superseded", attempts=(), claims=())
    heard = replace(PAGE, message="msg_2", sequence=2, digest=b"later", at=101.5)
    evidence = replace(story(), reactions=[], arrivals=[heard])

    assert not broken(audit(replace(evidence, deliveries=[older, later])))
    alone = replace(older, sequence=3)
    assert broken(audit(replace(evidence, deliveries=[alone, later]))) == {"lost message"}


def test_what_was_told_in_a_storm_counts_apart() -> None:
    storm = Journal([Fault("endpoint", "500", 90, 99, clinic=0)])
    elsewhere = Journal([Fault("endpoint", "500", 90, 99, clinic=1)])
    assert audit(replace(story(), journal=storm)).late["storm"]
    assert audit(replace(story(), journal=elsewhere)).late["calm"]


def test_an_id_tells_when_it_was_made() -> None:
    made = made_at(UUID("019cba5e-3d1b-7f00-8a44-5f1b5f0c6f11"))
    assert made == pytest.approx(0x019CBA5E3D1B / 1000)
