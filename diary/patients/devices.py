"""A phone gets in: the care team makes an enrolment code, the phone trades it for a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from diary.access import secrets
from diary.access.errors import GrantRefused
from diary.access.model import sessions
from diary.access.permissions import Role
from diary.access.sessions import Grant, open_session, revoke
from diary.callers import CallerKind
from diary.patients.model import devices, enrolments
from diary.work import Work

CODE_LIFETIME = timedelta(minutes=10)
ACTIVE_DEVICES = 2
NAME_PLACE = "devices.name"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A one-time code for the patient's phone, shown once."""

    id: UUID
    code: str
    uri: str
    expires_at: datetime


def make_code(work: Work, patient_id: UUID) -> Enrolment:
    """An enrolment code, good for 10 minutes. For `alerts.readiness.enrol`, which checks first."""
    enrolment_id = work.new_id()
    code = secrets.code(work.random_bytes)
    expires_at = work.now + CODE_LIFETIME
    work.add(
        enrolments,
        clinic_id=work.caller.clinic,
        id=enrolment_id,
        patient_id=patient_id,
        code_hash=secrets.fingerprint(code),
        created_at=work.now,
        expires_at=expires_at,
    )
    work.audit("enrolment.created", "patient", patient_id)
    uri = f"interlude://enrol?server={work.settings.issuer}&code={code}"
    return Enrolment(enrolment_id, code, uri, expires_at)


def pair(work: Work, *, code: str, name: str | None, platform: str) -> Grant:
    """Trade an enrolment code for a device and its session; raises GrantRefused.

    A patient keeps two devices: pairing a third ends the session of the oldest.
    """
    row = work.row(
        select(enrolments)
        .where(enrolments.c.code_hash == secrets.fingerprint(code))
        .with_for_update(key_share=True)
    )
    if row is None or row.used_at is not None or row.expires_at <= work.now:
        raise GrantRefused
    work.execute(
        update(enrolments)
        .where(enrolments.c.clinic_id == row.clinic_id, enrolments.c.id == row.id)
        .values(used_at=work.now)
    )
    _make_room(work, row.clinic_id, row.patient_id)
    device_id = work.new_id()
    work.add(
        devices,
        clinic_id=row.clinic_id,
        id=device_id,
        patient_id=row.patient_id,
        name=name and work.vault.seal(name, place=NAME_PLACE, clinic=row.clinic_id, row=device_id),
        platform=platform,
        created_at=work.now,
    )
    return open_session(
        work,
        clinic_id=row.clinic_id,
        kind=CallerKind.DEVICE,
        subject_id=device_id,
        session_id=device_id,
        patient_id=row.patient_id,
        role=Role.PATIENT,
    )


def _make_room(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    active = work.rows(
        select(sessions.c.id)
        .where(
            sessions.c.clinic_id == clinic_id,
            sessions.c.patient_id == patient_id,
            sessions.c.revoked_at.is_(None),
        )
        .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
    )
    for old in active[ACTIVE_DEVICES - 1 :]:
        revoke(work, clinic_id, old.id, why="newer-device")
