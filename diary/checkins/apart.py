"""What cannot be taken as it was sent is kept apart, whole, and its suicidality judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select

from diary.alerts import locations
from diary.alerts.service import raise_alert
from diary.checkins import needs_review, notes
from diary.checkins.context import Context
from diary.checkins.forms import Pinned, said_of_suicidality
from diary.checkins.guide import guide
from diary.checkins.judging import Judged, Said, judged, told
from diary.checkins.model import quarantine
from diary.checkins.receipt import CheckInConflict, Outcome, Receipt
from diary.checkins.word import Word, spoke
from diary.errors import FieldFault, Invalid
from diary.instruments.measures import DAILY
from diary.rules.facts import Facts
from diary.rules.phrases import found as phrases_in
from diary.rules.ruleset import severity_of, suicidality_severity
from diary.rules.service import InForce, load
from diary.severity import Severity
from diary.work import Work

BODY_PLACE = "quarantine.body"


@dataclass(frozen=True, slots=True)
class Apart:
    """A body that could not be taken. recorded_at: as far as it can be read, now otherwise. why:
    `invalid` or `conflict`; faults: what is wrong with it. pinned: the form that was shown, where
    the body does not name it. kept: whether it is kept even if it says nothing of suicidality.
    by_itself: see `Word`."""

    check_in_id: UUID
    recorded_at: datetime
    body: object
    fingerprint: bytes
    why: str
    faults: Sequence[FieldFault]
    pinned: Pinned | None = None
    kept: bool = False
    by_itself: bool = False

    @property
    def note(self) -> str | None:
        """What stands where a note belongs, if it is text."""
        return self._text("note")

    @property
    def location(self) -> str | None:
        """What stands where a location belongs, if it is text."""
        return self._text("location")

    def _text(self, name: str) -> str | None:
        text = self.body.get(name) if isinstance(self.body, Mapping) else None
        return text if isinstance(text, str) and text.strip() else None

    def said(self, zone: str, facts: Facts | None) -> Said:
        """What it is judged as: of the daily check-in, beside its note. facts: its suicidality."""
        return Said(
            self.check_in_id,
            self.recorded_at,
            zone,
            DAILY,
            DAILY,
            None,
            facts or Facts({}),
            self.note,
        )


def set_apart(work: Work, context: Context, sent: Apart) -> Receipt:
    """Keep a body whole and judge what it says of suicidality, once however often it comes.

    Raises Invalid for one that says nothing of it, in its answers or its note.
    """
    patient = context.patient
    in_force = load(work, patient.clinic_id, context.rule_set_id)
    facts = said_of_suicidality(work, patient.clinic_id, sent.body, sent.pinned)
    told = sent.note and phrases_in(sent.note, in_force.rules.phrases)
    if facts is None and not told and not sent.kept:
        raise Invalid(errors=sent.faults)
    known = work.row(
        select(quarantine.c.id, quarantine.c.severity, quarantine.c.received_at).where(
            quarantine.c.clinic_id == patient.clinic_id,
            quarantine.c.patient_id == patient.id,
            quarantine.c.check_in_id == sent.check_in_id,
            quarantine.c.body_hash == sent.fingerprint,
        )
    )
    severity = known.severity if known is not None else None
    if known is None:
        severity = _judge_apart(work, context, sent, facts, in_force)
    return Receipt(
        outcome=Outcome.CONFLICT if sent.why == "conflict" else Outcome.QUARANTINED,
        id=sent.check_in_id,
        received_at=known.received_at if known is not None else work.now,
        care_team_told=severity is not None,
        guidance=guide(context.clinic, severity, locale=context.locale, now=work.now),
        errors=tuple(sent.faults),
    )


def contradict(work: Work, context: Context, sent: Apart, existing: Row[Any]) -> Receipt:
    """Keep a body whose id another has, where it says something else of suicidality than the
    check-in that is on record, or has a note that this has not; raises CheckInConflict otherwise.
    """
    clinic = existing.clinic_id
    shown = Pinned(existing.instrument, existing.version, existing.locale)
    said = said_of_suicidality(work, clinic, sent.body, sent.pinned)
    on_record = said_of_suicidality(work, clinic, {"answers": existing.answers}, shown)
    is_news = said is not None and said != on_record
    if not is_news and not notes.is_new(work, context.patient, sent.check_in_id, sent.note):
        raise CheckInConflict
    return set_apart(work, context, replace(sent, kept=True))


def _judge_apart(
    work: Work, context: Context, sent: Apart, facts: Facts | None, in_force: InForce
) -> Severity | None:
    patient = context.patient
    apart_id = work.new_id()
    result: Judged = judged(work, context, sent.said(context.zone, facts), in_force)
    severity = severity_of(result.findings)
    suicidality = suicidality_severity(result.findings, in_force.rules)
    word = Word(sent.check_in_id, sent.recorded_at, suicidality, by_itself=sent.by_itself)
    spoke(work, context, word, in_force.waits)
    told_of = told(work, context, result, in_force)
    alert_id = raise_alert(work, patient, told_of, source="quarantine", source_id=apart_id)
    locations.keep(
        work,
        patient.id,
        alert_id,
        sent.location,
        source="quarantine",
        source_id=apart_id,
        given_at=min(sent.recorded_at, work.now),
    )
    # With the faults beside it: a pointer may name a field that the phone made up.
    named = [{"pointer": fault.pointer, "code": fault.code} for fault in sent.faults]
    kept = {
        "body": sent.body,
        "faults": named,
        "recorded_at": sent.recorded_at,
        "pinned": sent.pinned and list(sent.pinned),
    }
    text = orjson.dumps(kept).decode()
    remind_at = needs_review.tell(work, patient, apart_id)
    work.add(
        quarantine,
        clinic_id=patient.clinic_id,
        id=apart_id,
        patient_id=patient.id,
        check_in_id=sent.check_in_id,
        body=work.vault.seal(
            text,
            place=BODY_PLACE,
            clinic=patient.clinic_id,
            row=apart_id,
            patient=patient.id,
        ),
        body_hash=sent.fingerprint,
        why=sent.why,
        severity=severity,
        alert_id=alert_id,
        received_at=work.now,
        remind_at=remind_at,
    )
    if sent.note:
        notes.keep(work, patient, sent.check_in_id, sent.note, phrases=bool(result.phrases))
    work.audit("check-in.set-apart", "check_in", sent.check_in_id, why=sent.why)
    return severity
