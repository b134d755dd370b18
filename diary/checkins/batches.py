"""What a phone kept without a network and sends at once: each item stands for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from diary.checkins.kept import fingerprint_of
from diary.errors import FieldFault
from diary.work import Work

MOST: Final = 100
"""Items of one batch."""

_ID_NEEDED = FieldFault("/id", "invalid_format", "a UUID is needed")
_TOO_MANY = FieldFault("", "too_many", f"at most {MOST} items are taken at once")
_ONE_NEEDED = FieldFault("", "invalid", "either `check_in`, or `amends` and `amendment`")


@dataclass(frozen=True, slots=True)
class Item:
    """One item, as far as it can be read. body: of the check-in or the amendment, as it was sent.

    amends: of an amendment, the check-in's id. faults: what is wrong around the body; whatever it
    says of suicidality is to be judged all the same.
    """

    id: UUID | None
    body: Any
    amends: UUID | None
    faults: tuple[FieldFault, ...]

    @classmethod
    def of(cls, sent: object, number: int) -> "Item":
        """Read one, whatever it is. number: its place in the batch, from 0; one too many is kept
        only where it says anything of suicidality."""
        faults = () if number < MOST else (_TOO_MANY,)
        if not isinstance(sent, Mapping):
            return cls(None, sent, None, (*faults, _ONE_NEEDED))
        known, amends = _id(sent.get("id")), _id(sent.get("amends"))
        if known is None:
            faults = (*faults, _ID_NEEDED)
        members = sent.keys() - {"id"}
        if members == {"check_in"}:
            return cls(known, sent["check_in"], None, faults)
        if members == {"amends", "amendment"} and amends is not None:
            return cls(known, sent["amendment"], amends, faults)
        # What holds answers is what was meant; else all of it is looked through.
        inner = [each for each in sent.values() if isinstance(each, Mapping) and "answers" in each]
        return cls(known, inner[0] if len(inner) == 1 else sent, None, (*faults, _ONE_NEEDED))

    def kept_under(self, work: Work) -> UUID:
        """Its id; where it has none that can be read, one that is made of what it says, so that the
        same item comes to the same."""
        if self.id is not None:
            return self.id
        made = int.from_bytes(fingerprint_of(work, self.body)[:16])
        # Of version 8, which says that its bits mean nothing to others (RFC 9562, 5.8).
        return UUID(int=made & ~(0xF << 76 | 0b11 << 62) | 8 << 76 | 0b10 << 62)


def ahead(sent_at: datetime | None, now: datetime) -> int | None:
    """How many seconds a phone's clock is ahead, the way of the request included."""
    return None if sent_at is None else round((sent_at - now).total_seconds())


def _id(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None
