"""How far what a patient sent has got, said plainly and without a promise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from diary.crisis.coverage import past_moment, text_locale, texts


class Stands(StrEnum):
    """Where it stands. seen: a person saw it, and nobody has it in hand any more."""

    NONE = "none"
    SENT = "sent"
    SEEN = "seen"
    BEING_HANDLED = "being-handled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of it, and when. more_since: the patient sent more than anyone has seen."""

    state: Stands
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    closed_at: datetime | None = None
    more_since: bool = False


def progress(
    *,
    sent_at: datetime,
    last_sent_at: datetime,
    delivered_at: datetime | None,
    acknowledgements: tuple[datetime | None, ...],
    is_held: bool,
    closed_at: datetime | None,
) -> Progress:
    """How far it has got. acknowledgements: the first and the present one of its alert.

    One from before the patient sent anything, of an alert that the team raised, saw nothing of it.
    """
    known = [moment for moment in acknowledgements if moment is not None]
    seen_at = min((moment for moment in known if moment >= sent_at), default=None)
    state = Stands.BEING_HANDLED if is_held else Stands.SEEN
    if closed_at is not None:
        state = Stands.CLOSED
    elif seen_at is None:
        state = Stands.SENT
    more_since = closed_at is None and seen_at is not None and last_sent_at > max(known)
    return Progress(state, sent_at, delivered_at, seen_at, closed_at, more_since)


def said(found: Progress, *, now: datetime, zone: str, locale: str) -> str:
    """The sentences for it, in the patient's time zone. Never that all is well, nor who has it."""
    words = texts()[text_locale(locale)]["standing"]
    name, moment = {
        Stands.NONE: ("none", None),
        Stands.SENT: ("delivered", found.delivered_at)
        if found.delivered_at
        else ("sent", found.sent_at),
        Stands.SEEN: ("seen", found.seen_at),
        Stands.BEING_HANDLED: ("being-handled", found.seen_at),
        Stands.CLOSED: ("closed", found.closed_at),
    }[found.state]
    at = past_moment(moment, now, zone, locale) if moment else ""
    sentences = [words[name].format(at=at)]
    if found.more_since:
        sentences.append(words["since"])
    return " ".join(sentences)
