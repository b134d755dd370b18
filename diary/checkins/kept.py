"""What recording a check-in and amending one have in common."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from diary.checkins.context import Context
from diary.checkins.guide import guide
from diary.checkins.receipt import Infusion, Outcome, Receipt
from diary.work import Work


def receipt_of(work: Work, context: Context, row: Any, outcome: Outcome) -> Receipt:
    """What a phone is told of a check-in that is on record. row: as `check_ins` has it."""
    infusion = None
    if row.infusion_number is not None:
        infusion = Infusion(row.infusion_number, row.days_since_infusion, row.hours_since_infusion)
    return Receipt(
        outcome=outcome,
        id=row.id,
        received_at=row.received_at,
        care_team_told=row.alert_id is not None,
        guidance=guide(context.clinic, row.severity, locale=row.locale, now=work.now),
        local_date=row.local_date.isoformat(),
        late=row.late,
        scores=row,
        infusion=infusion,
    )


def note_of(note: str | None, words: str | None) -> str | None:
    """What is kept as one note: what was written beside the answers, and within them."""
    return "\n\n".join(each for each in (note, words) if each) or None


def fingerprint_of(work: Work, body: object) -> bytes:
    """What makes two bodies the same check-in: all but when it was sent, which a retry changes.

    Keyed: by a plain hash whoever reads the database could try out what was sent.
    """
    same = body
    if isinstance(body, Mapping):
        same = {name: value for name, value in body.items() if name != "sent_at"}
    written = orjson.dumps(same, option=orjson.OPT_SORT_KEYS)
    return hmac.digest(work.vault.key("bodies of check-ins"), written, sha256)
