"""What cannot be taken as it was sent is kept apart, whole, and its suicidality judged."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import select

from diary.alerts.service import raise_alert
from diary.checkins.answers import suicidality_of
from diary.checkins.context import Context
from diary.checkins.guide import guide
from diary.checkins.model import quarantine
from diary.checkins.receipt import Outcome, Receipt
from diary.errors import FieldFault, Invalid
from diary.rules.facts import Facts
from diary.rules.ruleset import judge, severity_of
from diary.rules.service import load
from diary.severity import Severity
from diary.work import Work

BODY_PLACE = "quarantine.body"


def set_apart(
    work: Work,
    context: Context,
    check_in_id: UUID,
    body: object,
    fingerprint: bytes,
    why: str,
    faults: Sequence[FieldFault],
) -> Receipt:
    """Keep a body whole and judge what it says of suicidality, once however often it comes."""
    facts = suicidality_of(body, context.prior)
    if facts is None:
        raise Invalid(errors=faults)
    patient = context.patient
    outcome = Outcome.CONFLICT if why == "conflict" else Outcome.QUARANTINED
    known = work.row(
        select(quarantine.c.id, quarantine.c.severity, quarantine.c.received_at).where(
            quarantine.c.clinic_id == patient.clinic_id,
            quarantine.c.patient_id == patient.id,
            quarantine.c.check_in_id == check_in_id,
            quarantine.c.body_hash == fingerprint,
        )
    )
    severity = known.severity if known is not None else None
    if known is None:
        severity = _judge_apart(work, context, check_in_id, facts, body, fingerprint, why, faults)
    return Receipt(
        outcome=outcome,
        id=check_in_id,
        received_at=known.received_at if known is not None else work.now,
        care_team_told=severity is not None,
        guidance=guide(context.clinic, severity, locale=context.locale, now=work.now),
        errors=tuple(faults),
    )


def _judge_apart(
    work: Work,
    context: Context,
    check_in_id: UUID,
    facts: Facts,
    body: object,
    fingerprint: bytes,
    why: str,
    faults: Sequence[FieldFault],
) -> Severity | None:
    patient = context.patient
    apart_id = work.new_id()
    in_force = load(work, patient.clinic_id, context.rule_set_id)
    found = judge(in_force.rules, facts)
    severity = severity_of(found)
    alert_id = raise_alert(work, patient, found, source="quarantine", source_id=apart_id)
    # With the faults beside it: a pointer may name a field that the phone made up.
    named = [{"pointer": fault.pointer, "code": fault.code} for fault in faults]
    text = orjson.dumps({"body": body, "faults": named}).decode()
    work.add(
        quarantine,
        clinic_id=patient.clinic_id,
        id=apart_id,
        patient_id=patient.id,
        check_in_id=check_in_id,
        body=work.vault.seal(
            text,
            place=BODY_PLACE,
            clinic=patient.clinic_id,
            row=apart_id,
            patient=patient.id,
        ),
        body_hash=fingerprint,
        why=why,
        severity=severity,
        alert_id=alert_id,
        received_at=work.now,
    )
    work.audit("check-in.set-apart", "check_in", check_in_id, why=why)
    return severity
