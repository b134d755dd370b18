"""Where a storm takes place: clinics with patients, and the endpoints that they are paged at."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from bench.stand import caller_of, enrol, found_clinic, newly_opened
from diary.access.keys import KeyRing, SigningKey
from diary.access.sessions import Grant
from diary.access.tokens import Tokens
from diary.alerts import policies
from diary.patients.model import patients
from diary.schedule import plans
from diary.schedule.plan import Plan
from diary.webhooks import endpoints
from diary.work import House
from tests.receiver import Receiver

CLINICS: Final = 4
# Good for ten minutes; a phone fetches the next one before that.
_TOKEN_KEPT: Final = 300.0


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's phone, and the name that pages carry."""

    clinic: int
    reference: str
    phone: Grant


@dataclass(frozen=True, slots=True)
class Stage:
    """The house and who is in it. doors: the receiver's endpoints, by clinic."""

    house: House
    clinicians: list[Grant]
    patients: list[Patient]
    doors: list[tuple[str, ...]]
    spare: str
    _tokens: Tokens
    _key: SigningKey
    _kept: dict[object, tuple[str, float]] = field(default_factory=dict)

    def token(self, grant: Grant, wrong: float) -> str:
        """An access token. wrong: the seconds by which the server's clock is."""
        now = self.house.clock.now() + timedelta(seconds=wrong)
        name, at = (grant.session_id, wrong), now.timestamp()
        kept = self._kept.get(name)
        if kept is None or at - kept[1] > _TOKEN_KEPT:
            kept = self._kept[name] = (self._tokens.sign(grant, now, self._key)[0], at)
        return kept[0]


def set_stage(url: str, receiver: Receiver, *, count: int, owner: str | None = None) -> Stage:
    """People an empty database. count: how many patients in all. owner: whoever migrates it.

    An alert pages `team`, a minute later again, and after another minute `call`; then it is
    exhausted and pages everyone. The first clinic's `team` has a spare beside it.
    """
    house = newly_opened(url, owner)
    keys = KeyRing(house)
    doors: list[tuple[str, ...]] = [(f"team-{n}", f"call-{n}") for n in range(CLINICS)]
    spare = "spare"
    doors[0] = (*doors[0], spare)
    clinicians: list[Grant] = []
    people: list[Patient] = []
    for number in range(CLINICS):
        admin, clinician = found_clinic(house)
        clinicians.append(clinician)
        _listen(house, admin, receiver, doors[number])
        _ask_nothing(house, clinician)
        phones = enrol(house, caller_of(house, clinician), -(-count // CLINICS))
        names = _references(house, clinician)
        people += [Patient(number, names[phone.patient_id], phone) for phone in phones]
    tokens = Tokens(keys, house.settings.issuer, house.new_id)
    return Stage(house, clinicians, people, doors, spare, tokens, keys.active())


def _ask_nothing(house: House, clinician: Grant) -> None:
    """When the clocks are put forward by days, each would bring reminders and missed check-ins."""
    with house.work(caller_of(house, clinician)) as work:
        plans.publish(work, Plan(0, ()), reason="Nobody is asked during a storm.")


def _listen(house: House, admin: Grant, receiver: Receiver, names: tuple[str, ...]) -> None:
    with house.work(caller_of(house, admin)) as work:
        made = {
            name: endpoints.create(work, url=receiver.endpoint(name).url, description=name)
            for name in names
        }
        team, call, *spares = [{"type": "endpoint", "id": each.id} for each in made.values()]
        steps = [
            {"delay_minutes": 1, "rounds": 2, "targets": [team, *spares]},
            {"delay_minutes": 1, "rounds": 1, "targets": [call]},
        ]
        policies.save(work, policies.DEFAULT, steps)
    for name, endpoint in made.items():
        receiver.endpoint(name).trust(endpoint.secret)


def _references(house: House, clinician: Grant) -> dict[object, str]:
    query = select(patients.c.id, patients.c.reference)
    with house.work(caller_of(house, clinician), write=False) as work:
        return {
            row.id: row.reference
            for row in work.rows(query.where(patients.c.clinic_id == clinician.clinic_id))
        }
