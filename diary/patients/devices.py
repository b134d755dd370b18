"""A phone gets in: the care team makes an enrolment code, the phone trades it for a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, update

from diary.access import secrets
from diary.access.errors import GrantRefused
from diary.access.model import sessions
from diary.access.permissions import Role
from diary.access.sessions import (
    GIVEN_UP,
    REUSED,
    Grant,
    end_of_patient,
    open_session,
    revoke,
)
from diary.callers import CallerKind
from diary.errors import NotFound
from diary.patients import service
from diary.patients.model import ERASED, devices, enrolments, patients
from diary.patients.states import ENDED
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
    is_it = enrolments.c.code_hash == secrets.fingerprint(code)
    clinic_id = work.enter_clinic_of(enrolments, is_it)
    if clinic_id is None:
        raise GrantRefused
    this = select(enrolments).where(enrolments.c.clinic_id == clinic_id, is_it)
    whose = work.row(this)
    if whose is None:
        raise GrantRefused
    # The patient first, then the code: in the order in which an erasure takes them.
    _hold(work, clinic_id, whose.patient_id)
    row = work.row(this.with_for_update(key_share=True))
    if row is None or row.used_at is not None or row.expires_at <= work.now:
        raise GrantRefused
    work.execute(
        update(enrolments)
        .where(enrolments.c.clinic_id == row.clinic_id, enrolments.c.id == row.id)
        .values(used_at=work.now)
    )
    end_of_patient(
        work, clinic_id, row.patient_id, why="newer-device", but_newest=ACTIVE_DEVICES - 1
    )
    device_id = work.new_id()
    work.add(
        devices,
        clinic_id=row.clinic_id,
        id=device_id,
        patient_id=row.patient_id,
        name=name
        and work.vault.seal(
            name,
            place=NAME_PLACE,
            clinic=row.clinic_id,
            row=device_id,
            patient=row.patient_id,
        ),
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


@dataclass(frozen=True, slots=True)
class Device:
    """A patient's phone, its name opened.

    state: `active`; `needs-pairing`, where a refresh token ended its session and the patient may
    believe that it still sends; `ended`, by the care team, or with a phone that was paired since.
    seen_at: when it last renewed its token.
    """

    id: UUID
    name: str | None
    platform: str
    state: str
    paired_at: datetime
    seen_at: datetime


def of_patient(work: Work, patient_id: UUID) -> list[Device]:
    """The phones a patient was ever let in with, the newest first; raises NotFound."""
    service.get(work, patient_id)
    rows = work.rows(
        select(devices, sessions.c.refreshed_at, sessions.c.revoked_at, sessions.c.revoked_why)
        .join(
            sessions,
            and_(sessions.c.clinic_id == devices.c.clinic_id, sessions.c.id == devices.c.id),
        )
        .where(devices.c.clinic_id == work.caller.clinic, devices.c.patient_id == patient_id)
        .order_by(devices.c.id.desc())
    )
    newest = rows[0].id if rows else None
    return [_device(work, row, is_newest=row.id == newest) for row in rows]


def end(work: Work, patient_id: UUID, device_id: UUID) -> None:
    """Refuse a phone from its next request on; raises NotFound, OnlyReading."""
    service.require(work, patient_id, change=True)
    found = {device.id: device.state for device in of_patient(work, patient_id)}
    if device_id not in found:
        raise NotFound
    if found[device_id] == "active":
        revoke(work, work.caller.clinic, device_id, why="ended-by-care-team")


def _hold(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Keep the patient from being discharged or erased until the commit; raises GrantRefused for
    one who was: a code that was made before lets nobody in."""
    row = work.row(
        select(patients.c.state)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        .with_for_update(read=True)
    )
    if row is None or row.state in {*ENDED, ERASED}:
        raise GrantRefused


def _device(work: Work, row: Row[Any], *, is_newest: bool) -> Device:
    state = "active" if row.revoked_at is None else "ended"
    put_out = is_newest and row.revoked_why in (REUSED, GIVEN_UP)
    return Device(
        id=row.id,
        name=row.name
        and work.vault.open(
            row.name,
            place=NAME_PLACE,
            clinic=row.clinic_id,
            row=row.id,
            patient=row.patient_id,
        ),
        platform=row.platform,
        state="needs-pairing" if put_out else state,
        paired_at=row.created_at,
        seen_at=row.refreshed_at,
    )
