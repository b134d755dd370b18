"""The second factor of the care team: one-time codes (TOTP, RFC 6238), and codes for a lost phone.

Whoever has none yet is let in for one thing: to set it up. A code serves once, and the step it
belongs to is never gone back behind.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import segno
from sqlalchemy import Row, delete, select, update

from diary.access import secrets
from diary.access.errors import CodeRefused, SecondFactorSet
from diary.access.model import recovery_codes, sessions, staff
from diary.access.permissions import SCOPES_OF, Role
from diary.access.sessions import end_all
from diary.errors import NotFound
from diary.work import Work

RECOVERY_CODES = 10
_STEP = 30  # seconds, as every authenticator app has it
# A phone's clock may be half a minute off, and typing takes a while.
_STEPS_AROUND = (0, -1, 1)
_ISSUER = "Interlude"
_SEALED_AT = "staff.second_factor_secret"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given: as a QR code in SVG, as the URI in it, or typed."""

    secret: str
    uri: str
    qr_svg: str


def begin(work: Work, email: str) -> Enrolment:
    """Make a secret for the caller, in place of one that was never confirmed.

    Raises SecondFactorSet where one was: only an administrator takes that away.
    """
    row = _mine(work)
    secret = base64.b32encode(work.random_bytes(20)).decode()
    sealed = work.vault.seal(secret, place=_SEALED_AT, clinic=row.clinic_id, row=row.id)
    _change(work, row, second_factor_secret=sealed)
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)
    picture = segno.make(uri, error="m").svg_inline(scale=4)
    work.audit("second-factor.begun", "staff", row.id)
    return Enrolment(secret, uri, picture)


def confirm(work: Work, code: str) -> list[str]:
    """Set it, with a first code that shows that the app has the secret; the recovery codes.

    The caller's session holds all that the role allows from the next refresh on, and the member's
    other sessions are over. Raises CodeRefused, or SecondFactorSet where it is set already.
    """
    row = _mine(work)
    step = None if row.second_factor_secret is None else _step_of(work, row, code)
    if step is None:
        raise CodeRefused
    _change(work, row, second_factor_since=work.now, second_factor_step=step)
    codes = [secrets.code(work.random_bytes) for _ in range(RECOVERY_CODES)]
    for each in codes:
        work.add(
            recovery_codes,
            clinic_id=work.caller.clinic,
            id=work.new_id(),
            staff_id=row.id,
            code_hash=secrets.fingerprint(each),
        )
    # Whoever else knows the password may have signed in meanwhile.
    end_all(work, row.clinic_id, row.id, why="second-factor-set", but=work.caller.session_id)
    work.execute(
        update(sessions)
        .where(sessions.c.clinic_id == work.caller.clinic, sessions.c.id == work.caller.session_id)
        .values(scopes=" ".join(sorted(SCOPES_OF[Role(row.role)])))
    )
    work.audit("second-factor.set", "staff", row.id)
    return codes


def passes_for(work: Work, code: str) -> bool:
    """Whether the code is good for the caller now; it is not a second time."""
    assert work.caller.id is not None
    return _passes(work, work.caller.clinic, work.caller.id, code)


def passes(work: Work, member: Row[Any], code: str) -> bool:
    """Whether the code is good for this member now; it is not a second time."""
    return _passes(work, member.clinic_id, member.id, code)


def _passes(work: Work, clinic_id: UUID, member_id: UUID, code: str) -> bool:
    row = _locked(work, clinic_id, member_id)
    if row is None or row.second_factor_since is None:
        return False
    step = _step_of(work, row, code)
    if step is not None:
        _change(work, row, second_factor_step=step)
        return True
    used = work.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.clinic_id == row.clinic_id,
            recovery_codes.c.staff_id == row.id,
            recovery_codes.c.code_hash == secrets.fingerprint(code),
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=work.now)
    ).rowcount
    if used:
        work.audit("second-factor.recovery-code-used", "staff", row.id, clinic=row.clinic_id)
    return bool(used)


def reset(work: Work, clinic_id: UUID, member_id: UUID) -> None:
    """Take a member's second factor away, so that they set up a new one; ends their sessions.

    Raises NotFound.
    """
    row = _locked(work, clinic_id, member_id)
    if row is None:
        raise NotFound
    _change(work, row, second_factor_secret=None, second_factor_since=None, second_factor_step=None)
    work.execute(
        delete(recovery_codes).where(
            recovery_codes.c.clinic_id == clinic_id, recovery_codes.c.staff_id == member_id
        )
    )
    end_all(work, clinic_id, member_id, why="second-factor-reset")
    work.audit("second-factor.reset", "staff", member_id, clinic=clinic_id)


def _mine(work: Work) -> Row[Any]:
    """The caller, whom nobody has given a second factor yet; raises SecondFactorSet."""
    assert work.caller.id is not None
    row = _locked(work, work.caller.clinic, work.caller.id)
    # An API client holds no such scope, so the caller is a member.
    assert row is not None
    if row.second_factor_since is not None:
        raise SecondFactorSet
    return row


def _locked(work: Work, clinic_id: UUID, member_id: UUID) -> Row[Any] | None:
    """A member; of two who use one code at once, the second must find it used."""
    return work.row(
        select(staff)
        .where(staff.c.clinic_id == clinic_id, staff.c.id == member_id)
        .with_for_update(key_share=True)
    )


def _change(work: Work, row: Row[Any], **values: Any) -> None:
    work.execute(
        update(staff).where(staff.c.clinic_id == row.clinic_id, staff.c.id == row.id).values(values)
    )


def _step_of(work: Work, row: Row[Any], code: str) -> int | None:
    """The step that a one-time code belongs to, where it may still be used."""
    totp = pyotp.TOTP(_opened(work, row))
    now: datetime = work.now
    last: int | None = row.second_factor_step
    present = int(now.timestamp()) // _STEP
    # A step of the future is from before the clock was set back: it keeps nobody out.
    if last is not None and last > present + max(_STEPS_AROUND):
        last = None
    for around in _STEPS_AROUND:
        at = now + timedelta(seconds=around * _STEP)
        is_new = last is None or present + around > last
        if pyotp.utils.strings_equal(totp.at(at), code) and is_new:
            return present + around
    return None


def _opened(work: Work, row: Row[Any]) -> str:
    return work.vault.open(
        row.second_factor_secret, place=_SEALED_AT, clinic=row.clinic_id, row=row.id
    )
