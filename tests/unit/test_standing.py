"""The sentences on what became of an answer: true in every state, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diary.crisis.standing import Progress, Stands, progress, said

SENT = datetime(2026, 3, 2, 22, 58, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 23, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FULL = Progress(
    Stands.SENT,
    sent_at=SENT,
    delivered_at=SENT + MINUTE,
    seen_at=SENT + 4 * MINUTE,
    closed_at=SENT + 5 * MINUTE,
    more_since=True,
)


def text(found: Progress, locale: str = "en", zone: str = "Europe/Madrid") -> str:
    return said(found, now=NOW, zone=zone, locale=locale)


@pytest.mark.parametrize("state", Stands)
@pytest.mark.parametrize("locale", ["en", "es", "es-MX", "fr"])
def test_no_sentence_is_half_filled(state: Stands, locale: str) -> None:
    for found in (replace(FULL, state=state), Progress(state, SENT, None, SENT, SENT)):
        told = text(found, locale)
        assert told.endswith(".")
        assert not [part for part in ("{", "}", "None", "  ", "..", "()") if part in told]


def test_moments_are_by_the_patients_clock() -> None:
    # In Madrid midnight passed between the sending and now; in London it did not.
    sent = Progress(Stands.SENT, SENT, None)
    assert "(Monday 2 March, 23:58)" in text(sent)
    assert "(today, 22:58)" in text(sent, zone="Europe/London")
    assert "(lunes 2 de marzo, 23:58)" in text(sent, "es")
    assert "(hoy, 22:58)" in text(sent, "es", "Europe/London")


def test_only_who_acknowledged_after_it_was_sent_has_seen_it() -> None:
    def stands(first: int | None, last: int | None, *, held: bool, again: int = 0) -> Progress:
        return progress(
            sent_at=SENT,
            last_sent_at=SENT + again * MINUTE,
            delivered_at=None,
            acknowledgements=tuple(None if m is None else SENT + m * MINUTE for m in (first, last)),
            is_held=held,
            closed_at=None,
        )

    assert stands(None, None, held=False).state is Stands.SENT
    assert stands(-5, -5, held=True).state is Stands.SENT
    assert stands(2, 2, held=True).state is Stands.BEING_HANDLED
    assert stands(2, None, held=False).state is Stands.SEEN
    assert stands(-5, 3, held=True).seen_at == SENT + 3 * MINUTE
    assert stands(2, 2, held=True, again=3).more_since
    assert not stands(2, 4, held=True, again=3).more_since
    assert stands(2, None, held=False, again=3).more_since
