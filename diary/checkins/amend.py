"""A patient takes answers back: the new ones hold from then on, the old ones stay on record.

What an amendment says is judged when it comes, as of the moment that the check-in is about, and
what it replaces counts as having come before it. It raises alerts; it never lowers or closes one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, select, update

from diary.alerts import locations
from diary.alerts.service import raise_alert
from diary.checkins import forms, notes
from diary.checkins.apart import Apart, contradict, set_apart
from diary.checkins.context import Context, look
from diary.checkins.forms import Form, Pinned
from diary.checkins.judging import Said, judged, told
from diary.checkins.kept import fingerprint_of, note_of, receipt_of
from diary.checkins.model import amendments, check_ins
from diary.checkins.reading import get
from diary.checkins.receipt import Outcome, Receipt
from diary.checkins.scoring import COLUMNS
from diary.checkins.word import Word, spoke
from diary.errors import FieldFault, Invalid, NotFound, limited
from diary.rules.facts import Facts
from diary.rules.ruleset import severity_of, suicidality_severity
from diary.rules.service import load
from diary.severity import Severity, gravest
from diary.work import Work

REASON_PLACE: Final = "amendments.reason"
_SCORES: Final = (*COLUMNS, "scores", "total", "band")


@dataclass(frozen=True, slots=True)
class Amended:
    """The envelope of an amendment that is in order. amended_at: the phone's clock."""

    reason: str
    amended_at: datetime
    answers: Mapping[str, Any]
    note: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """One amendment, opened. number: 1 for the first; before: the answers and scores that it
    replaced."""

    id: UUID
    check_in_id: UUID
    number: int
    reason: str
    before: Mapping[str, Any]
    answers: Mapping[str, Any]
    severity: Severity | None
    alert_id: UUID | None
    amended_at: datetime
    received_at: datetime


def amend(
    work: Work,
    check_in_id: UUID,
    amendment_id: UUID,
    body: object,
    amended: Amended | None,
    faults: Sequence[FieldFault],
) -> Receipt:
    """Amend a check-in of the caller's own patient. body: as it was sent; amended: its envelope,
    None where `faults` say what is wrong with it.

    As recording: the same body again gives the same receipt, and nothing that is said of
    suicidality is refused for its form. Raises Invalid, CheckInConflict; NotFound for a check-in
    that has not come, unless the body says something of suicidality, which is then kept apart.
    """
    here = _this(work, check_in_id)
    # Two phones amend one after the other, each what the other left.
    row = work.row(select(check_ins).where(here).with_for_update())
    moment = work.now if row is None else row.recorded_at
    context = look(work, check_in_id, moment)
    fingerprint = fingerprint_of(work, body)
    if row is None:
        unknown = FieldFault("", "unknown", "the check-in has not come yet")
        sent = Apart(check_in_id, moment, body, fingerprint, "invalid", (*faults, unknown))
        try:
            return set_apart(work, context, sent)
        except Invalid:
            if faults:
                raise
            raise NotFound from None
    context = replace(context, prior=gravest(context.prior, row.suicidality_severity))
    shown = Pinned(row.instrument, row.version, row.locale)
    known = work.row(
        select(amendments.c.body_hash).where(
            amendments.c.clinic_id == row.clinic_id,
            amendments.c.patient_id == row.patient_id,
            amendments.c.check_in_id == row.id,
            amendments.c.id == amendment_id,
        )
    )
    if known is not None:
        if known.body_hash == fingerprint:
            return receipt_of(work, context, row, Outcome.REPEATED)
        sent = Apart(check_in_id, moment, body, fingerprint, "conflict", (), shown)
        return contradict(work, context, sent, row)
    form = forms.find(work, row.clinic_id, *shown)
    if isinstance(form, FieldFault):
        faults = (*faults, form)
    elif amended is not None:
        faults = limited(form.faults(amended.answers))
    if amended is None or isinstance(form, FieldFault) or faults:
        sent = Apart(check_in_id, moment, body, fingerprint, "invalid", faults, shown)
        return set_apart(work, context, sent)
    return _keep(work, context, row, amendment_id, amended, form, fingerprint)


def of_check_in(work: Work, patient_id: UUID, check_in_id: UUID) -> Select[Any]:
    """A check-in's amendments; raises NotFound for one that the caller cannot see."""
    get(work, patient_id, check_in_id)
    return select(amendments).where(
        amendments.c.clinic_id == work.caller.clinic,
        amendments.c.patient_id == patient_id,
        amendments.c.check_in_id == check_in_id,
    )


def opened(work: Work, row: Row[Any]) -> Amendment:
    """An amendment with its seal opened."""
    names = ("id", "check_in_id", "number", "before", "answers", "severity", "alert_id")
    return Amendment(
        **{name: row._mapping[name] for name in names},
        reason=work.vault.open(
            row.reason,
            place=REASON_PLACE,
            clinic=row.clinic_id,
            row=row.id,
            patient=row.patient_id,
        ),
        amended_at=row.amended_at,
        received_at=row.received_at,
    )


def _keep(
    work: Work,
    context: Context,
    row: Row[Any],
    amendment_id: UUID,
    amended: Amended,
    form: Form,
    fingerprint: bytes,
) -> Receipt:
    patient = context.patient
    scored = form.score(amended.answers)
    answers, words = form.open_and_words(amended.answers)
    note = note_of(amended.note, words)
    in_force = load(work, patient.clinic_id, context.rule_set_id)
    said = Said(
        row.id,
        row.recorded_at,
        row.time_zone,
        row.instrument,
        form.group,
        form.chained_to,
        Facts(scored.measures, scored.declined),
        note,
        row.local_date,
    )
    result = judged(work, context, said, in_force)
    found = result.findings
    suicidality = suicidality_severity(found, in_force.rules)
    word = Word(row.id, row.recorded_at, suicidality, by_itself=False)
    spoke(work, context, word, in_force.waits)
    told_of = told(work, context, result, in_force)
    alert_id = raise_alert(work, patient, told_of, source="amendment", source_id=amendment_id)
    locations.keep(
        work,
        patient.id,
        alert_id,
        amended.location,
        source="amendment",
        source_id=amendment_id,
        given_at=amended.amended_at,
    )
    number = row.amendments + 1
    work.add(
        amendments,
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        check_in_id=row.id,
        id=amendment_id,
        number=number,
        device_id=work.caller.id,
        reason=work.vault.seal(
            amended.reason,
            place=REASON_PLACE,
            clinic=patient.clinic_id,
            row=amendment_id,
            patient=patient.id,
        ),
        before={"answers": row.answers} | {name: row._mapping[name] for name in _SCORES},
        answers=dict(answers),
        body_hash=fingerprint,
        severity=severity_of(found),
        rule_set_version=in_force.version,
        alert_id=alert_id,
        amended_at=amended.amended_at,
        received_at=work.now,
    )
    changed = {
        "answers": dict(answers),
        **scored.columns(),
        # What was once found is not unsaid: it still came before whatever comes next.
        "severity": gravest(row.severity, severity_of(found)),
        "suicidality_severity": gravest(row.suicidality_severity, suicidality),
        # Of the version that found the graver of the two.
        "rule_set_version": row.rule_set_version
        if (row.severity or 0) > (severity_of(found) or 0)
        else in_force.version,
        "alert_id": row.alert_id or alert_id,
        "amendments": number,
        # The phone's total was of other answers.
        "total_agrees": None,
    }
    work.execute(update(check_ins).where(_this(work, row.id)).values(**changed))
    if note:
        notes.keep(work, patient, row.id, note, phrases=bool(result.phrases))
    work.audit("check-in.amended", "check_in", row.id, amendment=str(amendment_id))
    now = SimpleNamespace(**dict(row._mapping) | changed | {"severity": severity_of(found)})
    return receipt_of(work, context, now, Outcome.RECORDED)


def _this(work: Work, check_in_id: UUID) -> ColumnElement[bool]:
    return and_(
        check_ins.c.clinic_id == work.caller.clinic,
        check_ins.c.patient_id == work.caller.patient,
        check_ins.c.id == check_in_id,
    )
