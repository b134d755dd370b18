"""The dry run of a rule set: 90 days of 1,000 patients, judged again by two rule sets."""

import random
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias
from unittest.mock import patch
from uuid import UUID

import orjson

from bench.checkins import Line
from bench.stand import ZONE, Stand, enrol
from diary.callers import OPERATOR
from diary.checkins import forms, judging
from diary.checkins.forms import Form
from diary.checkins.model import check_ins
from diary.errors import FieldFault
from diary.instruments import service
from diary.instruments.fhir import documents
from diary.instruments.preparing import examine, prepare
from diary.instruments.scoring import PROFILES
from diary.rehearsal.service import Report, rehearse
from diary.rules.conditions import AtLeast
from diary.rules.default import DEFAULT
from diary.rules.facts import Facts
from diary.rules.ruleset import Rule, RuleSet, judge
from diary.severity import Severity
from diary.work import Work
from tests.cast import CALM
from tests.questionnaires import FREQUENCY, PHQ9, phq9

PATIENTS: Final = 1_000
DAYS: Final = 90
_Pinned: TypeAlias = tuple[str, str]
_DAILY: Final[_Pinned] = ("daily-check-in", "1.0.0")
_WEEKLY: Final[_Pinned] = ("phq-9", "1")
_ANXIOUS = Rule("C1", "very_anxious", AtLeast("anxiety", 9), Severity.MODERATE, suicidality=False)
_OTHER = RuleSet((*DEFAULT.rules, _ANXIOUS), DEFAULT.phrases)


def measure(stand: Stand) -> Iterator[Line]:
    """Fill the clinic, and try a rule set on it."""
    house, clinic = stand.house, OPERATOR.within(stand.clinic_id)
    phones = [*stand.phones, *enrol(house, stand.clinician, PATIENTS - len(stand.phones))]
    people = [phone.patient_id for phone in phones if phone.patient_id is not None]
    with house.work(clinic) as work:
        _bring(work)
        written = {pinned: _form(work, pinned) for pinned in (_DAILY, _WEEKLY)}
    for start in range(0, PATIENTS, 50):
        with house.work(clinic) as work:
            for patient in people[start : start + 50]:
                _fill(work, patient, written)
    asked: list[tuple[RuleSet, Facts]] = []

    def noted(ruleset: RuleSet, facts: Facts) -> Any:
        if len(asked) < 20_000:
            asked.append((ruleset, facts))
        return judge(ruleset, facts)

    with patch.object(judging, "judge", noted):
        list(rehearse(house, clinic, _OTHER, None, days=2))
    began, worked = time.perf_counter(), time.thread_time()
    (*_, report) = rehearse(house, clinic, _OTHER, None, days=DAYS)
    took, worked = time.perf_counter() - began, time.thread_time() - worked
    assert isinstance(report, Report)
    count = report.tally.check_ins
    alone = time.thread_time()
    for ruleset, facts in asked:
        judge(ruleset, facts)
    alone = (time.thread_time() - alone) / len(asked) * 2 * count
    yield (
        f"dry run, {PATIENTS:,} patients, {DAYS} days",
        f"{took:.1f} s for {count:,} check-ins, CPU {worked:.1f} s, {worked / count * 1e6:.0f} µs "
        f"each; {worked / alone:.1f} times what judging alone takes",
    )


def _bring(work: Work) -> None:
    document = documents.parsed(orjson.dumps(phq9(version="1")))
    service.bring(work, prepare(examine(document, PROFILES, profile=None, locale=None), PROFILES))


def _form(work: Work, pinned: _Pinned) -> Form:
    form = forms.find(work, work.caller.clinic, *pinned, "en")
    assert not isinstance(form, FieldFault)
    return form


def _fill(work: Work, patient: UUID, written: Mapping[_Pinned, Form]) -> None:
    """A check-in a day and a PHQ-9 a week, for a little longer than is looked at."""
    dice = random.Random(patient.int)
    for ago in range(DAYS + 30, 0, -1):
        at = work.now - timedelta(days=ago) + timedelta(minutes=dice.randint(0, 600))
        answers: dict[str, Any] = {
            **CALM,
            "mood": dice.randint(2, 9),
            "anxiety": dice.randint(0, 9),
        }
        if dice.random() < 0.03:
            answers |= {"si_gate": "yes", "si": dice.randint(1, 4)}
        sent = {_DAILY: answers}
        if ago % 7 == 0:
            sent[_WEEKLY] = {code: dice.choice(list(FREQUENCY)) for code in PHQ9}
        for pinned, given in sent.items():
            work.add(
                check_ins,
                clinic_id=work.caller.clinic,
                patient_id=patient,
                id=work.new_id(),
                device_id=patient,
                instrument=pinned[0],
                version=pinned[1],
                locale="en",
                answers=given,
                body_hash=b"",
                **written[pinned].score(given).columns(),
                rule_set_version=0,
                recorded_at=at,
                received_at=at,
                utc_offset_minutes=60,
                time_zone=ZONE,
                local_date=at.date(),
                amendments=0,
            )
