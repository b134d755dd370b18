"""The people of the tests, brought in through the product's own services.

Bob is Alice's clinician, Dana the care manager and Erin the administrator of their clinic. Charlie
is a stranger: a clinician of another clinic, where Frank is the patient.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher

from diary.access import clinics, staff
from diary.access.keys import KeyRing
from diary.access.permissions import Role
from diary.access.sessions import STAFF_SESSION, Grant, find_caller, open_session
from diary.access.tokens import Tokens
from diary.alerts import policies, readiness
from diary.callers import ANONYMOUS, OPERATOR, Caller, CallerKind
from diary.infusions import service as infusions
from diary.patients import devices
from diary.patients import service as patients
from diary.webhooks import endpoints
from diary.webhooks.endpoints import NewEndpoint
from diary.work import House, Work
from tests.client import Api, Response
from tests.receiver import Receiver

PASSWORD = "a long walk by the river"
# Every question that is asked of someone three days after an infusion, on a calm day.
CALM: Mapping[str, object] = {
    "mood": 7,
    "anxiety": 2,
    "dissociation_surroundings": 0,
    "dissociation_body": 0,
    "dissociation_time": 0,
    "dissociation_memory": 0,
    "si_gate": "no",
    "si_act": "no",
    "safe_now": "yes",
}
ZONE = "Europe/Madrid"
# Nobody listens at the discard port of a test machine.
NOBODY = "http://127.0.0.1:9/hook"
_WEEKDAYS = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 6)]


@cache
def password_hash() -> str:
    """Argon2 is slow on purpose; its parameters stand in the hash, and these make it quick."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class _Stage:
    house: House
    api: Api | None
    keys: KeyRing
    tokens: Tokens

    @property
    def now(self) -> datetime:
        return self.house.clock.now()


class Actor:
    """Someone with a session. What they do goes through the API, as it would outside."""

    def __init__(self, stage: _Stage, name: str, grant: Grant) -> None:
        self._stage = stage
        self.name = name
        self.grant = grant

    @property
    def token(self) -> str:
        """An access token that is fresh now, however far the clock has moved."""
        stage = self._stage
        return stage.tokens.sign(self.grant, stage.now, stage.keys.active())[0]

    @property
    def api(self) -> Api:
        """The API as this person calls it."""
        if self._stage.api is None:
            raise RuntimeError("this cast was made without the API")
        return self._stage.api.as_(self.token)

    @property
    def caller(self) -> Caller:
        """This person as the house knows them, for calling services directly."""
        with self._stage.house.work(ANONYMOUS, write=False) as work:
            return find_caller(work, self.grant.clinic_id, self.grant.session_id)


class Member(Actor):
    """A member of a care team. For an alert its id, its view or the data of a page serve."""

    def __init__(self, stage: _Stage, name: str, email: str, grant: Grant) -> None:
        super().__init__(stage, name, grant)
        self.id = grant.subject_id
        self.email = email
        self._signed_in_at = stage.now

    @property
    def token(self) -> str:
        """A fresh access token; after the twelve hours of a session, of a new one."""
        if self._stage.now >= self._signed_in_at + STAFF_SESSION:
            with self._stage.house.work(ANONYMOUS) as work:
                self.grant = signed_in(work, self.email)
            self._signed_in_at = self._stage.now
        return super().token

    def alerts(self, **query: object) -> list[dict[str, Any]]:
        """The clinic's alerts."""
        response = self.api.get("/v1/alerts", **query)
        assert response.status == 200, response
        items: list[dict[str, Any]] = response.json["items"]
        return items

    def alert(self, alert: "Alert") -> dict[str, Any]:
        """An alert as it is now: `alert`, `findings`, `entries` and who has it."""
        response = self.api.get(f"/v1/alerts/{alert_id(alert)}")
        assert response.status == 200, response
        found: dict[str, Any] = response.json
        return found

    def acknowledge(self, alert: "Alert", **body: Any) -> Response:
        """ "I have it", for the generation that the given view or page shows."""
        if "generation" not in body:
            shown = alert if isinstance(alert, Mapping) else self.alert(alert)
            body["generation"] = shown.get("alert", shown)["generation"]
        return self.api.post(f"/v1/alerts/{alert_id(alert)}/acknowledge", body)

    def hand_over(self, alert: "Alert", to: "Member", **body: Any) -> Response:
        """Give the alert, as it is now, to a colleague; to oneself is to take it over."""
        return self._of_the_present(alert, "hand-over", {"to": str(to.id)} | body)

    def release(self, alert: "Alert", **body: Any) -> Response:
        """ "I do not have it any more"."""
        return self._of_the_present(alert, "release", body)

    def _of_the_present(self, alert: "Alert", verb: str, body: dict[str, Any]) -> Response:
        if "generation" not in body:
            body["generation"] = self.alert(alert)["alert"]["generation"]
        return self.api.post(f"/v1/alerts/{alert_id(alert)}/{verb}", body)

    def resolve(self, alert: "Alert", outcome: str = "contacted-safe", **body: Any) -> Response:
        """Look at the alert as it is now, and close it; `sequence=` is for one who did not look."""
        if "sequence" not in body:
            body["sequence"] = self.alert(alert)["alert"]["sequence"]
        return self.api.post(f"/v1/alerts/{alert_id(alert)}/resolve", {"outcome": outcome} | body)

    def escalate(self, alert: "Alert") -> Response:
        """Page the next step now."""
        return self.api.post(f"/v1/alerts/{alert_id(alert)}/escalate")


class Patient(Actor):
    """A patient with a paired phone."""

    def __init__(self, stage: _Stage, patient: patients.Patient, grant: Grant) -> None:
        super().__init__(stage, patient.name, grant)
        self.id = patient.id
        self.reference = patient.reference
        self.device_id = grant.subject_id
        self.time_zone = patient.time_zone

    def check_in(
        self,
        id: UUID | str | None = None,
        *,
        recorded_at: datetime | None = None,
        envelope: Mapping[str, object] | None = None,
        **answers: object,
    ) -> Response:
        """Send a check-in: a calm one but for these answers; None leaves a question unanswered.

        envelope: members of the body to replace. An answer to `si` opens its gate.
        """
        body = self.check_in_body(recorded_at=recorded_at, **answers) | dict(envelope or {})
        return self.api.put(f"/v1/check-ins/{id or uuid4()}", body)

    def check_in_body(
        self, *, recorded_at: datetime | None = None, **answers: object
    ) -> dict[str, Any]:
        """The body that `check_in` sends."""
        gate = {"si_gate": "yes"} if answers.get("si") is not None else {}
        given = {**CALM, **gate, **answers}
        now = self._stage.now.astimezone(ZoneInfo(self.time_zone))
        return {
            "instrument": "daily-check-in",
            "version": "1.0.0",
            "locale": "en",
            "recorded_at": (recorded_at or now).isoformat(),
            "sent_at": now.isoformat(),
            "time_zone": self.time_zone,
            "answers": {item: value for item, value in given.items() if value is not None},
        }

    def ask_for_help(self) -> Response:
        """Press "I need help now"."""
        return self.api.post("/v1/me/help")


Alert = UUID | str | Mapping[str, Any]


def alert_id(alert: Alert) -> str:
    """The id of an alert, from any of its views or from what a page says of it."""
    if not isinstance(alert, Mapping):
        return str(alert)
    shown = alert.get("alert", alert)
    return str(shown["alert_id"] if "alert_id" in shown else shown["id"])


class Cast:
    """Everyone. The endpoints lead to the receiver's of the same names, where there is one.

    An alert pages `team`; after 5 minutes `on-call`, and after 5 more `on-call` again. The other
    clinic pages `elsewhere` alone.
    """

    def __init__(
        self, house: House, api: Api | None = None, receiver: Receiver | None = None
    ) -> None:
        self._stage = _Stage(house, api, *_token_service(house, api))
        self._receiver = receiver
        team = {"bob": Role.CLINICIAN, "dana": Role.CARE_MANAGER, "erin": Role.CLINIC_ADMIN}
        self.clinic, members = self._found("The Harbour Clinic", team)
        self.bob, self.dana, self.erin = (members[name] for name in team)
        self.team, self.on_call = self._listen(self.erin, "team", "on-call")
        self.policy = self._set_policy(self.erin, (self.team, 1), (self.on_call, 2))
        self.alice = self._enrol(self.bob, "Alice", infusions_had=4)
        others = {"charlie": Role.CLINICIAN, "grace": Role.CLINIC_ADMIN}
        self.other_clinic, strangers = self._found("The Hill Clinic", others)
        self.charlie, self.grace = (strangers[name] for name in others)
        (self.elsewhere,) = self._listen(self.grace, "elsewhere")
        self._set_policy(self.grace, (self.elsewhere, 1))
        self.frank = self._enrol(self.charlie, "Frank", infusions_had=1)

    def moved_to(self, house: House, api: Api) -> "Cast":
        """The same people in another house, whose database holds what theirs held."""
        stage = _Stage(house, api, *_token_service(house, api))
        return deepcopy(self, {id(self._stage): stage})

    @cached_property
    def everyone(self) -> tuple[Actor, ...]:
        """Each of them, the strangers last."""
        return (
            self.alice,
            self.bob,
            self.dana,
            self.erin,
            self.charlie,
            self.grace,
            self.frank,
        )

    def join(self, name: str, role: Role, *, clinic: UUID | None = None) -> Member:
        """One more member of Alice's clinic, or of another; on no patient's care team."""
        with self._stage.house.work(OPERATOR) as work:
            return self._joined(work, clinic or self.clinic, name, role)

    def enrol(self, name: str, *, by: Member | None = None) -> Patient:
        """One more patient of Bob's, or of somebody else's, who has had no infusion yet."""
        return self._enrol(by or self.bob, name, infusions_had=0)

    def holder(self, name: str, grant: Grant) -> Actor:
        """Whoever holds a session that was opened otherwise."""
        return Actor(self._stage, name, grant)

    def _found(self, name: str, team: Mapping[str, Role]) -> tuple[UUID, dict[str, Member]]:
        with self._stage.house.work(OPERATOR) as work:
            clinic = clinics.create(
                work,
                name=name,
                country="ES",
                time_zone=ZONE,
                phone="+34910000000",
                staffed_hours=_WEEKDAYS,
            )
            return clinic, {
                who: self._joined(work, clinic, who.capitalize(), role)
                for who, role in team.items()
            }

    def _joined(self, work: Work, clinic: UUID, name: str, role: Role) -> Member:
        email = f"{name.lower()}@{clinic}.example"
        invitation = staff.invite(work, clinic, name=name, email=email, role=role)
        staff.activate(work, code=invitation.code, password_hash=password_hash())
        return Member(self._stage, name, email, signed_in(work, email))

    def _listen(self, admin: Member, *names: str) -> tuple[NewEndpoint, ...]:
        caller = admin.caller
        urls = [self._receiver.endpoint(n).url if self._receiver else NOBODY for n in names]
        with self._stage.house.work(caller) as work:
            made = tuple(
                endpoints.create(work, url=url, description=name)
                for name, url in zip(names, urls, strict=True)
            )
        for name, endpoint in zip(names, made, strict=True):
            if self._receiver:
                self._receiver.endpoint(name).trust(endpoint.secret)
        return made

    def _set_policy(self, admin: Member, *steps: tuple[NewEndpoint, int]) -> policies.SavedPolicy:
        with self._stage.house.work(admin.caller) as work:
            return policies.save(
                work,
                policies.DEFAULT,
                [
                    {
                        "delay_minutes": 5,
                        "rounds": rounds,
                        "targets": [{"type": "endpoint", "id": endpoint.id}],
                    }
                    for endpoint, rounds in steps
                ],
            )

    def _enrol(self, clinician: Member, name: str, *, infusions_had: int) -> Patient:
        house = self._stage.house
        with house.work(clinician.caller) as work:
            patient = patients.create(work, name=name, locale="en", time_zone=ZONE)
            for before in reversed(range(infusions_had)):
                _infuse(work, patient.id, ended_at=work.now - timedelta(days=3 + 4 * before))
            code = readiness.enrol(work, patient.id).code
        with house.work(ANONYMOUS) as work:
            grant = devices.pair(work, code=code, name=f"{name}'s phone", platform="android")
        return Patient(self._stage, patient, grant)


def _token_service(house: House, api: Api | None) -> tuple[KeyRing, Tokens]:
    if api is None:
        keys = KeyRing(house)
        return keys, Tokens(keys, house.settings.issuer, house.new_id)
    from api.auth import EXTENSION, Front

    front: Front = api.app.extensions[EXTENSION]
    return front.keys, front.tokens


def signed_in(work: Work, email: str) -> Grant:
    """A member's session, without a look at a password and a code: that alone costs tens of ms."""
    member = staff.find_for_sign_in(work, email)
    assert member is not None
    work.enter(member.clinic_id)
    return open_session(
        work,
        clinic_id=member.clinic_id,
        kind=CallerKind.STAFF,
        subject_id=member.id,
        role=Role(member.role),
    )


def _infuse(work: Work, patient_id: UUID, *, ended_at: datetime) -> None:
    started_at = ended_at - timedelta(minutes=40)
    infusion = infusions.plan(
        work,
        patient_id,
        planned_at=started_at,
        dose_mg_per_kg=0.5,
        route="iv",
        confirm=["planned_at"],
    )
    infusions.start(work, patient_id, infusion.id, started_at=started_at, confirm=["course"])
    infusions.end(work, patient_id, infusion.id, ended_at=ended_at, dose_mg_per_kg=None)
