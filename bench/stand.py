"""What is measured: a clinic in a database of its own, and the real server before it."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import HttpUrl, SecretStr
from sqlalchemy import select, update

import migrations
from bench.server import serving
from diary.access import clinics, staff
from diary.access.keys import KeyRing
from diary.access.permissions import Role
from diary.access.sessions import Grant, find_caller
from diary.access.tokens import Tokens
from diary.alerts import policies, readiness
from diary.alerts.model import alerts
from diary.audit import audit_events
from diary.callers import ANONYMOUS, OPERATOR, Caller
from diary.house import open_house
from diary.infusions import service as infusions
from diary.patients import devices
from diary.patients import service as patients
from diary.settings import Settings
from diary.webhooks import endpoints
from diary.work import House, Work
from tests.cast import signed_in

ZONE: Final = "Europe/Madrid"
_KEPT_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Stand:
    """A database with one clinic, and the grants of its patients' phones.

    raw_url: for whoever writes rows by hand, held to no clinic.
    """

    house: House
    raw_url: str
    keys: KeyRing
    tokens: Tokens
    clinician: Caller
    admin: Caller
    phones: list[Grant]
    _kept: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def clinic_id(self) -> UUID:
        """The clinic."""
        return self.clinician.clinic

    def token(self, phone: Grant) -> str:
        """An access token; it is good for ten minutes, and kept for as long as a phone would."""
        now = self.house.clock.now()
        kept = self._kept.get(phone.session_id)
        if kept is None or now - kept[1] > _KEPT_FOR:
            kept = self._kept[phone.session_id] = (
                self.tokens.sign(phone, now, self.keys.active())[0],
                now,
            )
        return kept[0]

    def resolve_alerts(self) -> None:
        """Close every alert at once, so that the next risk answer opens one again."""
        with self.house.work(OPERATOR) as work:
            values = {"outcome": "contacted-safe", "resolved_by": self.clinician.id}
            still_open = update(alerts).where(alerts.c.status != "resolved")
            work.execute(
                still_open.values(
                    status="resolved", next_action_at=None, resolved_at=work.now, **values
                )
            )

    def wait_until_sealed(self) -> None:
        """Wait until nothing of the audit trail waits for the engine of whoever is served."""
        unsealed = select(audit_events.c.id).where(
            audit_events.c.clinic_id == self.clinic_id, audit_events.c.sequence.is_(None)
        )
        while True:
            with self.house.work(OPERATOR, write=False) as work:
                if not work.rows(unsealed.limit(1)):
                    return
            time.sleep(0.2)

    @contextmanager
    def served(self, app: str = "wsgi:app") -> Iterator[int]:
        """Serve it for as long as the block lasts; the port."""
        with serving(self.house.settings, app=app) as port:
            yield port


def prepare(url: str, *, hook: str, count: int, owner: str | None = None) -> Stand:
    """Bring an empty database to the newest schema and people it through the product's services.

    owner: whoever migrates it, where that is not who connects. hook: where the clinic's pages go.
    count: how many patients with a phone.
    """
    house = newly_opened(url, owner)
    keys = KeyRing(house)
    tokens = Tokens(keys, house.settings.issuer, house.new_id)
    admin, clinician = (caller_of(house, grant) for grant in found_clinic(house))
    with house.work(admin) as work:
        endpoint = endpoints.create(work, url=hook, description="team")
        target = {"type": "endpoint", "id": endpoint.id}
        # Longer than any run: what is measured is the first page, not the next rung.
        steps = [{"delay_minutes": 60, "rounds": 1, "targets": [target]}]
        policies.save(work, policies.DEFAULT, steps)
    return Stand(
        house, owner or url, keys, tokens, clinician, admin, enrol(house, clinician, count)
    )


def newly_opened(url: str, owner: str | None = None) -> House:
    """The house of an empty database, which is brought to the newest schema by its owner."""
    migrations.upgrade(owner or url, serving=url)
    return open_house(
        Settings(
            database_url=url,
            master_key=SecretStr(base64.b64encode(bytes(range(32))).decode()),
            public_url=HttpUrl("http://127.0.0.1"),
            pool_size=16,
            rate_factor=0,
            webhook_allow_http=True,
            webhook_allowed_networks="127.0.0.0/8",
        )
    )


def found_clinic(house: House) -> tuple[Grant, Grant]:
    """A clinic with its administrator and a clinician."""
    hours = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 6)]
    with house.work(OPERATOR) as work:
        clinic = clinics.create(
            work,
            name="The Harbour Clinic",
            country="ES",
            time_zone=ZONE,
            phone="+34910000000",
            staffed_hours=hours,
        )
        admin = _member(work, clinic, "erin", Role.CLINIC_ADMIN)
        return admin, _member(work, clinic, "bob", Role.CLINICIAN)


def caller_of(house: House, grant: Grant) -> Caller:
    """Whoever was granted a session, as the house knows them."""
    with house.work(ANONYMOUS, write=False) as work:
        return find_caller(work, grant.clinic_id, grant.session_id)


def enrol(house: House, clinician: Caller, count: int) -> list[Grant]:
    """Patients with a phone, and what each phone was granted."""
    phones: list[Grant] = []
    while len(phones) < count:
        phones += _enrol(house, clinician, min(50, count - len(phones)))
    return phones


def _member(work: Work, clinic_id: UUID, name: str, role: Role) -> Grant:
    email = f"{name}@{clinic_id}.example"
    invitation = staff.invite(work, clinic_id, name=role.value, email=email, role=role)
    # Nobody signs in with a password here, and Argon2 is slow on purpose.
    staff.activate(work, code=invitation.code, password_hash="unusable")
    return signed_in(work, email)


def _enrol(house: House, clinician: Caller, count: int) -> list[Grant]:
    with house.work(clinician) as work:
        made = [
            patients.create(work, name="A patient", locale="en", time_zone=ZONE)
            for _ in range(count)
        ]
        for patient in made:
            _infuse(work, patient)
        codes = [readiness.enrol(work, patient.id).code for patient in made]
    with house.work(ANONYMOUS) as work:
        return [devices.pair(work, code=c, name="phone", platform="android") for c in codes]


def _infuse(work: Work, patient: patients.Patient) -> None:
    """One infusion three days ago, so that every daily question is asked."""
    ended = work.now - timedelta(days=3)
    began = ended - timedelta(minutes=40)
    made = infusions.plan(
        work,
        patient.id,
        planned_at=began,
        dose_mg_per_kg=0.5,
        route="iv",
        confirm=["planned_at"],
    )
    infusions.start(work, patient.id, made.id, started_at=began, confirm=["course"])
    infusions.end(work, patient.id, made.id, ended_at=ended, dose_mg_per_kg=None)
