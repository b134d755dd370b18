"""In whatever order words come: a silence is the one after Alice's last, and never shorter."""

from datetime import timedelta

from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.silences import After, waiting
from tests.http.test_amendments import amend

MINUTE = timedelta(minutes=1)


def test_what_was_recorded_long_ago_is_waited_for_from_then_on(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    recorded = clock.now() - timedelta(hours=11)
    cast.alice.check_in(recorded_at=recorded, si=4)
    assert after(minutes=59) == []
    assert len(after(minutes=1)) == 1


def test_a_phone_that_runs_ahead_is_waited_for_from_when_it_was_heard(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    ahead = clock.now() + timedelta(hours=40)
    cast.alice.check_in(recorded_at=ahead, si=4)
    assert after(hours=12, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_a_calm_answer_from_before_ends_nothing(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    cast.alice.check_in(si=4)
    after(hours=1)
    cast.alice.check_in(recorded_at=clock.now() - 61 * MINUTE)
    assert after(hours=11, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_a_milder_answer_from_before_neither_ends_nor_shortens_it(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    sent = cast.alice.check_in(si=3).json["id"]
    after(hours=1)
    cast.alice.check_in(recorded_at=clock.now() - timedelta(hours=20), si=2)
    assert after(hours=23, minutes=-1) == []
    (found,) = after(minutes=1)
    assert (found.severity.word, str(found.source_id)) == ("high", sent)


def test_a_graver_answer_from_before_makes_it_graver(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    cast.alice.check_in(si=1)
    after(hours=10)
    cast.alice.check_in(recorded_at=clock.now() - timedelta(hours=20), si=4)
    assert after(hours=2, minutes=-1) == []
    assert [found.severity.word for found in after(minutes=1)] == ["critical"]


def test_a_risk_from_before_a_calm_answer_is_waited_for_since_that(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    cast.alice.check_in()
    after(hours=5)
    cast.alice.check_in(recorded_at=clock.now() - timedelta(hours=20), si=4)
    assert after(hours=7, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_taking_an_answer_back_ends_no_silence(
    cast: Cast, house: House, clock: SimulatedClock, after: After
) -> None:
    sent = cast.alice.check_in(si=4).json["id"]
    after(hours=1)
    assert amend(cast.alice, sent).status == 201
    assert after(hours=11, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_a_worse_amendment_is_waited_for_as_what_it_says(cast: Cast, after: After) -> None:
    sent = cast.alice.check_in().json["id"]
    after(hours=11)
    amend(cast.alice, sent, si=4)
    assert after(minutes=59) == []
    assert [found.severity.word for found in after(minutes=1)] == ["critical"]


def test_an_amendment_of_what_a_calm_day_followed_is_waited_for_since_that_day(
    cast: Cast, after: After
) -> None:
    sent = cast.alice.check_in().json["id"]
    after(hours=20)
    cast.alice.check_in()
    after(hours=1)
    amend(cast.alice, sent, si=4)
    assert after(hours=11, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_a_risk_that_was_set_apart_is_waited_for(cast: Cast, after: After) -> None:
    assert cast.alice.check_in(si=4, mood=99).status == 202
    assert after(hours=12, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_a_body_that_could_not_be_taken_is_a_word_all_the_same(
    cast: Cast, house: House, after: After
) -> None:
    cast.alice.check_in(si=4)
    after(hours=1)
    assert cast.alice.check_in(mood=99).status == 202
    assert waiting(house) == []


def test_what_was_said_nobody_knows_when_ends_nothing(
    cast: Cast, house: House, after: After
) -> None:
    cast.alice.check_in(si=4)
    after(hours=1)
    assert cast.alice.check_in(envelope={"recorded_at": "yesterday"}).status == 202
    assert len(after(hours=11)) == 1


def test_what_contradicts_a_risk_ends_nothing(
    cast: Cast, clock: SimulatedClock, after: After
) -> None:
    sent = cast.alice.check_in(si=4).json["id"]
    after(hours=1)
    assert cast.alice.check_in(sent).status == 409
    assert len(after(hours=11)) == 1
