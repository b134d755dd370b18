"""What a process keeps of the versions that a clinic brought, and what is scored of old ones."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, update

from diary.callers import OPERATOR
from diary.errors import Invalid
from diary.instruments import service
from diary.instruments.fhir.reading import read
from diary.instruments.matching import match
from diary.instruments.model import instruments
from diary.instruments.scoring import PROFILES
from diary.work import House, Work
from tests.cast import Cast
from tests.http.test_instruments import URL, bring, listed, only_sqlite, unschedulable
from tests.http.test_permissions import LICENCE
from tests.questionnaires import (
    DIFFICULTY,
    FREQUENCY,
    PHQ9,
    PHQ9_TOTAL,
    gad7,
    item,
    phq9,
    questionnaire,
)


def unreadable(cast: Cast, house: House) -> None:
    """Let the stored documents be of a kind that nothing reads any more."""
    with house.work(OPERATOR.within(cast.clinic)) as work:
        work.execute(
            update(instruments)
            .where(instruments.c.clinic_id == cast.clinic)
            .values(document={"resourceType": "Questionnaire", "item": []})
        )


@only_sqlite
def test_a_stored_one_that_cannot_be_read_any_more_is_scored_and_not_shown(
    cast: Cast, house: House
) -> None:
    bring(cast, licence=LICENCE)
    unreadable(cast, house)
    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        (found,) = service.find_all(work, cast.clinic)
    (edition,) = found.editions
    as_brought = match(read(phq9()), PROFILES)
    assert edition.match.items == as_brought.items
    assert edition.match.answers == as_brought.answers
    assert {each.link_id for each in edition.questionnaire.items} == {*PHQ9, DIFFICULTY, PHQ9_TOTAL}

    assert listed(cast, "alice") == {}
    assert listed(cast)["phq-9", "1"]["licensed_locales"] == []
    assert cast.bob.api.get(f"{URL}/phq-9/1").code == "not-found"
    assert isinstance(unschedulable(cast, house, 168), Invalid)


@only_sqlite
def test_whoever_answers_one_that_cannot_be_read_any_more_is_heard(
    cast: Cast, house: House
) -> None:
    bring(cast, licence=LICENCE)
    unreadable(cast, house)
    worst = {code: list(FREQUENCY)[3] for code in PHQ9}
    receipt = cast.alice.check_in(
        envelope={"instrument": "phq-9", "version": "1", "answers": worst}
    )
    assert (receipt.status, receipt.json["scores"]["total"]) == (201, 27)


def reads(house: House, cast: Cast, look: Callable[[Work], object]) -> int:
    """How many documents are fetched for it."""
    fetched = []

    def note(*heard: Any) -> None:
        fetched.append("instruments.document" in heard[2])

    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        event.listen(work.connection, "before_cursor_execute", note)
        look(work)
        event.remove(work.connection, "before_cursor_execute", note)
    return sum(fetched)


@only_sqlite
def test_what_was_read_is_kept_and_let_go_one_at_a_time(cast: Cast, house: House) -> None:
    kept = 64
    for number in range(kept + 1):
        bring(cast, questionnaire([item(None, "a")]), slug=f"form-{number}", version="1")

    def look(number: int) -> int:
        return reads(
            house, cast, lambda work: service.find(work, cast.clinic, f"form-{number}", "1")
        )

    assert [look(number) for number in range(kept)] == [1] * kept
    assert look(0) == 0
    assert look(kept) == 1
    # Only the one that was used longest ago had to go.
    assert [look(number) for number in (0, *range(2, kept + 1))] == [0] * kept
    assert look(1) == 1


@only_sqlite
def test_the_versions_of_one_are_found_without_reading_the_others(cast: Cast, house: House) -> None:
    for version in ("2", "10", "1"):
        bring(cast, phq9(version=version))
    bring(cast, gad7(version="1"))
    found: list[service.Imported] = []

    def look(work: Work) -> None:
        found.extend(service.find_by_slug(work, cast.clinic, "phq-9"))

    assert reads(house, cast, look) == 3
    assert [each.version for each in found] == ["2", "10", "1"]
    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        assert service.find_by_slug(work, cast.clinic, "sleep") == []
