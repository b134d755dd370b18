"""Record a check-in: kept, scored, judged and, if it carries risk, escalated in one transaction.

Whatever is wrong with the form of a body, the suicidality answers in it are judged before it is
refused or answered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from diary.alerts import locations
from diary.alerts.service import raise_alert
from diary.checkins import backfill, forms, notes
from diary.checkins.apart import Apart, contradict, set_apart
from diary.checkins.context import Context, look
from diary.checkins.forms import Form
from diary.checkins.judging import Said, judged, told
from diary.checkins.kept import fingerprint_of, note_of, receipt_of
from diary.checkins.model import check_ins
from diary.checkins.receipt import Draft, Outcome, Receipt
from diary.checkins.word import Word, spoke
from diary.errors import FieldFault, limited
from diary.rules.facts import Facts
from diary.rules.ruleset import severity_of, suicidality_severity
from diary.rules.service import load
from diary.schedule.windows import fill, unanswered_on
from diary.severity import gravest
from diary.work import Work

# Beyond this a phone's clock tells nothing, and a day cannot be computed from it.
_OLDEST, _AHEAD = timedelta(days=3_653), timedelta(days=2)
_IMPLAUSIBLE = FieldFault(
    "/recorded_at", "out_of_range", "must lie within the last ten years and two days ahead"
)


def record(
    work: Work,
    check_in_id: UUID,
    body: object,
    draft: Draft | None,
    faults: Sequence[FieldFault],
) -> Receipt:
    """Record what the caller's phone sent. body: as it was sent; draft: its envelope, None where
    `faults` say what is wrong with it.

    The same body again gives the same receipt. Raises Invalid only for a body that says nothing
    of suicidality, CheckInConflict only where the suicidality it states is already on record;
    otherwise both are outcomes, so that what was judged is kept.
    """
    if draft is not None and not _is_plausible(draft.recorded_at, work.now):
        draft, faults = None, (*faults, _IMPLAUSIBLE)
    moment = draft.recorded_at if draft is not None else work.now
    context = look(work, check_in_id, moment, draft.instrument if draft is not None else None)
    fingerprint = fingerprint_of(work, body)
    if context.existing is not None:
        if context.existing.body_hash == fingerprint:
            return receipt_of(work, context, context.existing, Outcome.REPEATED)
        # What this body contradicts came before it, too.
        prior = gravest(context.prior, context.existing.suicidality_severity)
        sent = Apart(check_in_id, moment, body, fingerprint, "conflict", ())
        return contradict(work, replace(context, prior=prior), sent, context.existing)
    form = None
    if draft is not None:
        found = forms.find(
            work, context.patient.clinic_id, draft.instrument, draft.version, draft.locale
        )
        if isinstance(found, FieldFault):
            faults = [found]
        else:
            form = found
            faults = limited((*backfill.faults(draft), *form.faults(draft.answers)))
    if draft is None or form is None or faults:
        dated = draft is not None
        sent = Apart(check_in_id, moment, body, fingerprint, "invalid", faults, by_itself=dated)
        return set_apart(work, context, sent)
    return _keep(work, context, check_in_id, draft, form, fingerprint, _moments(body))


def _keep(
    work: Work,
    context: Context,
    check_in_id: UUID,
    draft: Draft,
    form: Form,
    fingerprint: bytes,
    moments: dict[str, Any],
) -> Receipt:
    patient = context.patient
    _answer(work, context, check_in_id, draft)
    scored = form.score(draft.answers)
    answers, words = form.open_and_words(draft.answers)
    note = note_of(draft.note, words)
    in_force = load(work, patient.clinic_id, context.rule_set_id)
    said = Said(
        check_in_id,
        draft.recorded_at,
        draft.time_zone,
        draft.instrument,
        form.group,
        form.chained_to,
        Facts(scored.measures, scored.declined),
        note,
        draft.day,
    )
    result = judged(work, context, said, in_force)
    found = result.findings
    suicidality = suicidality_severity(found, in_force.rules)
    word = Word(check_in_id, draft.recorded_at, suicidality, by_itself=True)
    spoke(work, context, word, in_force.waits)
    told_of = told(work, context, result, in_force)
    alert_id = raise_alert(work, patient, told_of, source="check-in", source_id=check_in_id)
    locations.keep(
        work,
        patient.id,
        alert_id,
        draft.location,
        source="check-in",
        source_id=check_in_id,
        given_at=draft.recorded_at,
    )
    since = context.since(draft.recorded_at)
    offset = draft.recorded_at.utcoffset() or timedelta(0)
    row = {
        "clinic_id": patient.clinic_id,
        "patient_id": patient.id,
        "id": check_in_id,
        "device_id": work.caller.id,
        "instrument": draft.instrument,
        "version": draft.version,
        "locale": draft.locale,
        "answers": dict(answers),
        "body_hash": fingerprint,
        **scored.columns(),
        "client_total": draft.client_total,
        "total_agrees": _agrees(scored.total, draft.client_total),
        "severity": severity_of(found),
        "suicidality_severity": suicidality,
        "rule_set_version": in_force.version,
        "alert_id": alert_id,
        "recorded_at": draft.recorded_at,
        "sent_at": draft.sent_at,
        "received_at": work.now,
        "moments": moments,
        "utc_offset_minutes": int(offset.total_seconds() // 60),
        "time_zone": draft.time_zone,
        "local_date": said.day,
        "late": backfill.is_late(draft),
        "amendments": 0,
        "infusion_number": since and since.number,
        "days_since_infusion": since and since.days,
        "hours_since_infusion": since and since.hours,
    }
    work.add(check_ins, **row)
    if note:
        notes.keep(work, patient, check_in_id, note, phrases=bool(result.phrases))
    work.audit("check-in.recorded", "check_in", check_in_id)
    return receipt_of(work, context, SimpleNamespace(**row), Outcome.RECORDED)


def _answer(work: Work, context: Context, check_in_id: UUID, draft: Draft) -> None:
    """Fill the window that asked for it, before the silence and the alert are touched: so does
    whoever closes windows, or changes a state."""
    window_id = context.window_id
    if draft.day is not None and backfill.is_late(draft):
        window_id = unanswered_on(work, context.patient.id, draft.instrument, draft.day)
    if window_id is not None:
        fill(work, window_id, check_in_id, draft.recorded_at)


def _agrees(ours: int | None, theirs: int | None) -> bool | None:
    return None if ours is None or theirs is None else ours == theirs


def _is_plausible(recorded_at: datetime, now: datetime) -> bool:
    return now - _OLDEST <= recorded_at <= now + _AHEAD


def _moments(body: object) -> dict[str, Any]:
    assert isinstance(body, Mapping)
    return {name: body[name] for name in ("recorded_at", "sent_at", "day") if name in body}
