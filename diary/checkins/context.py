"""All that recording a check-in needs to know, read in one round trip (a repeated one in two)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, String, and_, bindparam, exists, select
from sqlalchemy.sql.selectable import NamedFromClause

from diary.access.model import clinics
from diary.alerts.service import Subjected
from diary.checkins.around import after_infusion, lateness, prior_of
from diary.checkins.model import check_ins, quarantine
from diary.columns import Id, Instant
from diary.errors import Unauthenticated
from diary.infusions.model import infusions
from diary.infusions.since import Since, latest_before, since
from diary.oncall.model import rotas
from diary.patients.model import ERASED, patients
from diary.rules.facts import AfterInfusion, Late
from diary.rules.model import known_baselines, silences
from diary.rules.service import in_force
from diary.safety.plans import newest_version
from diary.schedule.plan import LONGEST
from diary.schedule.windows import waiting_for
from diary.severity import Severity
from diary.work import Work

_earlier: NamedFromClause = check_ins.alias("earlier")
_latest: NamedFromClause = check_ins.alias("latest")
_after: NamedFromClause = check_ins.alias("after")
_apart: NamedFromClause = quarantine.alias("apart")
_CLINIC, _PATIENT = bindparam("clinic", type_=Id), bindparam("patient", type_=Id)
_CHECK_IN = bindparam("check_in", type_=Id)
_INSTRUMENT: Any = bindparam("instrument", type_=String)
_MOMENT: Any = bindparam("moment", type_=Instant)
_LATEST: Any = bindparam("latest", type_=Instant)
_EXISTING = select(check_ins).where(
    check_ins.c.clinic_id == _CLINIC,
    check_ins.c.patient_id == _PATIENT,
    check_ins.c.id == _CHECK_IN,
)


@dataclass(frozen=True, slots=True)
class Context:
    """The patient, the clinic, the rule set in force and what came before. window_id: of what the
    check-in answers, None where nothing is open for it."""

    patient: Subjected
    zone: str
    locale: str
    clinic: Row[Any]
    rule_set_id: UUID | None
    prior: Severity | None
    existing: Row[Any] | None
    window_id: UUID | None

    @property
    def is_waited_for(self) -> bool:
        """Whether a silence waits behind an earlier word of the patient."""
        return self.clinic.silent_since is not None

    def late(self, moment: datetime, now: datetime) -> Late | None:
        """How old an answer of that moment is, and the newest that is known of a later one."""
        return lateness(moment, now, newer_at=self.clinic.newer_at, newer_si=self.clinic.newer_si)

    def after_infusion(self, moment: datetime) -> AfterInfusion | None:
        """The same for the rules, to the second. An end that nobody recorded is not waited for."""
        row = self.clinic
        return after_infusion(
            self.since(moment), row.infusion_started_at, row.infusion_ended_at, moment
        )

    def since(self, moment: datetime) -> Since | None:
        """Where the moment lies after the last infusion, in the patient's own days."""
        row = self.clinic
        return since(
            row.infusion_number,
            row.infusion_started_at,
            row.infusion_ended_at,
            moment=moment,
            zone=ZoneInfo(self.zone),
        )


def look(work: Work, check_in_id: UUID, moment: datetime, instrument: str | None = None) -> Context:
    """Read it for the caller's own patient; moment: when the check-in was recorded. instrument:
    what it answers, for the window that it fills."""
    caller = work.caller
    place = {"clinic": caller.clinic, "patient": caller.patient, "check_in": check_in_id}
    at = {"moment": moment, "latest": moment + LONGEST, "instrument": instrument or ""}
    row = work.row(_LOOK, {**place, **at})
    if row is None:
        # Erased in this moment, and the session ended with that.
        raise Unauthenticated
    return Context(
        patient=Subjected(caller.clinic, caller.patient, row.reference),
        zone=row.patient_zone,
        locale=row.patient_locale,
        clinic=row,
        rule_set_id=row.rule_set_id,
        prior=prior_of(
            earlier=row.earlier_severity,
            earlier_at=row.earlier_at,
            latest=row.latest_severity,
            apart=row.apart_severity,
            apart_at=row.apart_at,
        ),
        existing=work.row(_EXISTING, place) if row.exists_already else None,
        window_id=row.window_id,
    )


def _look() -> Select[Any]:
    earlier = (
        select(_earlier.c.id)
        .where(
            _earlier.c.clinic_id == patients.c.clinic_id,
            _earlier.c.patient_id == patients.c.id,
            _earlier.c.recorded_at <= _MOMENT,
            _earlier.c.id != _CHECK_IN,
        )
        .order_by(_earlier.c.recorded_at.desc(), _earlier.c.id.desc())
        .limit(1)
        .correlate(patients)
        .scalar_subquery()
    )
    latest = (
        select(_latest.c.id)
        .where(
            _latest.c.clinic_id == patients.c.clinic_id,
            _latest.c.patient_id == patients.c.id,
            _latest.c.id != _CHECK_IN,
        )
        .order_by(_latest.c.received_at.desc(), _latest.c.id.desc())
        .limit(1)
        .correlate(patients)
        .scalar_subquery()
    )
    apart = (
        select(_apart.c.id)
        .where(_apart.c.clinic_id == patients.c.clinic_id, _apart.c.patient_id == patients.c.id)
        .order_by(_apart.c.received_at.desc(), _apart.c.id.desc())
        .limit(1)
        .correlate(patients)
        .scalar_subquery()
    )
    after = (
        select(_after.c.id)
        .where(
            _after.c.clinic_id == patients.c.clinic_id,
            _after.c.patient_id == patients.c.id,
            _after.c.recorded_at > _MOMENT,
            _after.c.id != _CHECK_IN,
        )
        .order_by(_after.c.recorded_at.desc(), _after.c.id.desc())
        .limit(1)
        .correlate(patients)
        .scalar_subquery()
    )
    before = check_ins.alias("before")
    later = check_ins.alias("later")
    newest = check_ins.alias("newest")
    kept = quarantine.alias("kept")
    infusion = latest_before(patients.c.clinic_id, patients.c.id, _MOMENT).scalar_subquery()
    last = infusions.alias("last")
    return (
        select(
            patients.c.reference,
            patients.c.time_zone.label("patient_zone"),
            patients.c.locale.label("patient_locale"),
            clinics.c.name,
            clinics.c.country,
            clinics.c.phone,
            clinics.c.time_zone,
            clinics.c.staffed_hours,
            rotas.c.time_zone.label("rota_zone"),
            rotas.c.shifts,
            rotas.c.overrides,
            in_force(clinics.c.id).label("rule_set_id"),
            newest_version(patients.c.clinic_id, patients.c.id).label("safety_plan_version"),
            last.c.number.label("infusion_number"),
            last.c.started_at.label("infusion_started_at"),
            last.c.ended_at.label("infusion_ended_at"),
            before.c.suicidality_severity.label("earlier_severity"),
            before.c.received_at.label("earlier_at"),
            newest.c.suicidality_severity.label("latest_severity"),
            later.c.recorded_at.label("newer_at"),
            later.c.received_at.label("newer_came_at"),
            later.c.si.label("newer_si"),
            kept.c.severity.label("apart_severity"),
            kept.c.received_at.label("apart_at"),
            silences.c.since.label("silent_since"),
            known_baselines.c.level.label("known_level"),
            known_baselines.c.until.label("known_until"),
            known_baselines.c.review_due_at.label("known_review_due_at"),
            exists(_EXISTING).label("exists_already"),
            waiting_for(patients.c.clinic_id, patients.c.id, _INSTRUMENT, _MOMENT, _LATEST).label(
                "window_id"
            ),
        )
        .select_from(patients)
        .join(clinics, clinics.c.id == patients.c.clinic_id)
        .outerjoin(rotas, and_(rotas.c.clinic_id == clinics.c.id, rotas.c.told_to_patients))
        .outerjoin(
            before,
            and_(
                before.c.clinic_id == patients.c.clinic_id,
                before.c.patient_id == patients.c.id,
                before.c.id == earlier,
            ),
        )
        .outerjoin(
            newest,
            and_(
                newest.c.clinic_id == patients.c.clinic_id,
                newest.c.patient_id == patients.c.id,
                newest.c.id == latest,
            ),
        )
        .outerjoin(
            later,
            and_(
                later.c.clinic_id == patients.c.clinic_id,
                later.c.patient_id == patients.c.id,
                later.c.id == after,
            ),
        )
        .outerjoin(kept, and_(kept.c.clinic_id == patients.c.clinic_id, kept.c.id == apart))
        .outerjoin(
            silences,
            and_(
                silences.c.clinic_id == patients.c.clinic_id,
                silences.c.patient_id == patients.c.id,
            ),
        )
        .outerjoin(
            known_baselines,
            and_(
                known_baselines.c.clinic_id == patients.c.clinic_id,
                known_baselines.c.patient_id == patients.c.id,
                known_baselines.c.ended_at.is_(None),
            ),
        )
        .outerjoin(last, and_(last.c.clinic_id == patients.c.clinic_id, last.c.id == infusion))
        .where(
            patients.c.clinic_id == _CLINIC, patients.c.id == _PATIENT, patients.c.state != ERASED
        )
        # What may raise an alert and what erases the patient wait for each other. The row that is
        # written takes this lock anyway.
        .with_for_update(read=True, key_share=True, of=patients)
    )


_LOOK = _look()
