"""Whoever is on call then is paged, and by severity: at once, in staffed hours, never.

The clock starts on Monday, 2026-03-02 at 10:00 in Madrid; the clinic reads answers on weekdays
from 8:00 to 18:00. What leaves is looked at in the deliveries that are owed, not on a network.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from diary.access.model import staff as members
from diary.access.permissions import Role
from diary.alerts.findings import Finding
from diary.alerts.model import alerts
from diary.alerts.service import Subjected, act_when_due, raise_alert
from diary.callers import OPERATOR, Caller, CallerKind
from diary.settings import Settings
from diary.severity import Severity
from diary.webhooks.model import deliveries, endpoints, messages
from diary.work import House
from tests.cast import Cast, Member
from tests.clock import SimulatedClock

ENGINE = Caller(CallerKind.ENGINE)
WEEK = range(1, 8)
_NEXT = (
    select(alerts.c.clinic_id, alerts.c.id, alerts.c.next_action_at)
    .where(alerts.c.status != "resolved")
    .order_by(alerts.c.next_action_at)
    .limit(1)
)


@pytest.fixture
def people(house: House, cast: Cast, clock: SimulatedClock) -> "People":
    return People(house, cast, clock)


class People:
    """Contacts of Bob and Dana, a rota, and what alerts owed them."""

    def __init__(self, house: House, cast: Cast, clock: SimulatedClock) -> None:
        self.house, self.cast, self.clock = house, cast, clock
        self.bob, self.dana = (self.contact(member) for member in (cast.bob, cast.dana))
        self.names = {
            self.bob: "Bob",
            self.dana: "Dana",
            str(cast.team.id): "team",
            str(cast.on_call.id): "on-call",
        }
        self.seen: set[UUID] = set()

    def contact(self, member: Member) -> str:
        body = {"address": f"mailtos://pager:word@mail.example?to={member.email}"}
        return str(member.api.post(f"/v1/staff/{member.id}/contacts", body).json["id"])

    def rota(self, *shifts: tuple[Member, Any, str, str], **more: Any) -> str:
        """shifts: who, on which weekdays, from when to when."""
        body = {
            "name": "Nights",
            "time_zone": "Europe/Madrid",
            "shifts": [
                {"weekday": day, "opens": opens, "closes": closes, "staff": [str(member.id)]}
                for member, days, opens, closes in shifts
                for day in days
            ],
            **more,
        }
        response = self.cast.dana.api.post("/v1/rotas", body)
        assert response.status == 201, response
        return str(response.json["id"])

    def policy(self, severity: str, *steps: list[tuple[str, Any]], minutes: int = 5) -> Any:
        body = {
            "steps": [
                {
                    "delay_minutes": minutes,
                    "targets": [
                        {"type": type} | ({"id": str(id)} if id else {}) for type, id in targets
                    ],
                }
                for targets in steps
            ]
        }
        url = f"/v1/policies/{severity}"
        there = self.cast.dana.api.get(url).headers.get("ETag")
        response = self.cast.dana.api.put(url, body, if_match=there)
        assert response.status in (200, 422), response
        return response

    def pass_time(self, **time: float) -> list[str]:
        """Let it pass, do what falls due at its own time, and tell who was newly owed a message."""
        end = self.clock.now() + timedelta(**time)
        heard = self.heard()
        while True:
            with self.house.work(ENGINE) as work:
                waiting = work.row(_NEXT)
            if waiting is None or waiting.next_action_at > end:
                break
            self.clock.set(max(self.clock.now(), waiting.next_action_at))
            with self.house.work(ENGINE.within(waiting.clinic_id)) as work:
                act_when_due(work, waiting.clinic_id, waiting.id)
            heard += self.heard()
        self.clock.set(end)
        return heard

    def heard(self) -> list[str]:
        """Who was owed a message since the last look: `Bob: opened`, in order."""
        query = (
            select(deliveries, endpoints.c.kind, messages.c.body, messages.c.type)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .join(messages, messages.c.id == deliveries.c.message_id)
            .where(deliveries.c.clinic_id == self.cast.clinic)
            .order_by(deliveries.c.id)
        )
        with self.house.work(OPERATOR, write=False) as work:
            rows = [row for row in work.rows(query) if row.id not in self.seen]
        self.seen |= {row.id for row in rows}
        found = []
        for row in rows:
            name = self.names.get(str(row.endpoint_id), row.kind)
            found.append(f"{name}: {_reason(row)}")
        return found


def _reason(row: Any) -> str:
    data = orjson.loads(row.body)["data"]
    return str(data.get("reason", row.type))


def test_a_night_escalation_finds_whoever_is_on_call_then(people: People, cast: Cast) -> None:
    nights = people.rota((cast.bob, WEEK, "20:00", "08:00"), (cast.dana, WEEK, "08:00", "20:00"))
    people.policy("critical", [("endpoint", cast.team.id)], [("rota", nights)])
    people.pass_time(hours=13)
    cast.alice.check_in(si=4)

    assert people.pass_time(minutes=4) == ["team: opened"]
    assert people.pass_time(minutes=1) == ["Bob: escalated"]
    with people.house.work(OPERATOR, write=False) as work:
        kinds = work.rows(select(endpoints.c.kind).where(endpoints.c.id == UUID(people.bob)))
    assert [row.kind for row in kinds] == ["contact"]


def test_the_one_on_call_is_looked_up_when_the_step_comes(people: People, cast: Cast) -> None:
    rota = people.rota((cast.bob, [1], "09:00", "10:03"), (cast.dana, [1], "10:03", "12:00"))
    people.policy("high", [("rota", rota)], [("rota", rota)])
    cast.alice.check_in(si=3)

    assert people.pass_time(minutes=5) == ["Bob: opened", "Dana: escalated"]


def test_a_step_with_nobody_on_call_is_skipped_at_once(people: People, cast: Cast) -> None:
    fridays = people.rota((cast.bob, [5], "09:00", "17:00"))
    people.policy("critical", [("rota", fridays)], [("contact", people.dana)])
    cast.alice.check_in(si=4)

    assert people.pass_time(minutes=0) == ["Dana: unreachable"]


def test_a_used_up_policy_reaches_all_of_its_own_people_and_the_last_resort(
    people: People, cast: Cast, house: House
) -> None:
    """Bob is on the rota although not on call; Ivan's contact is no part of the policy."""
    people.contact(cast.join("Ivan", Role.CLINICIAN))
    fridays = people.rota((cast.bob, [5], "09:00", "17:00"))
    people.policy("critical", [("rota", fridays)], [("contact", people.dana)])
    cast.alice.check_in(si=4)
    people.pass_time(minutes=4)

    heard = people.pass_time(minutes=1)
    everyone = ["Bob", "Dana", "team", "on-call"]
    assert sorted(heard) == sorted(f"{name}: exhausted" for name in everyone)
    assert sorted(people.pass_time(minutes=5)) == sorted(f"{name}: repeated" for name in everyone)


def test_what_people_were_paged_for_they_hear_the_end_of(people: People, cast: Cast) -> None:
    people.policy("critical", [("contact", people.bob)])
    cast.alice.check_in(si=4)
    assert people.heard() == ["Bob: opened"]
    (alert,) = cast.dana.alerts()
    assert cast.dana.acknowledge(alert).status == 200
    assert people.heard() == ["Bob: alert.acknowledged"]


def test_the_contacts_of_a_member_who_is_out_are_not_paged(people: People, cast: Cast) -> None:
    people.policy("critical", [("contact", people.bob)], [("endpoint", cast.team.id)])
    with people.house.work(OPERATOR) as work:
        work.execute(members.update().where(members.c.id == cast.bob.id).values(password_hash=None))
    cast.alice.check_in(si=4)
    assert people.heard() == ["team: unreachable"]


# --- severity ------------------------------------------------------------------------------------


@pytest.fixture
def team_and_bob(people: People, cast: Cast) -> None:
    people.policy("default", [("endpoint", cast.team.id), ("contact", people.bob)], minutes=30)


@pytest.mark.usefixtures("team_and_bob")
def test_a_moderate_alert_in_staffed_hours_pages_people_at_once(people: People, cast: Cast) -> None:
    cast.alice.check_in(si=1)
    assert sorted(people.heard()) == ["Bob: opened", "team: opened"]


@pytest.mark.usefixtures("team_and_bob")
def test_a_moderate_alert_at_night_waits_for_the_morning_with_people_alone(
    people: People, cast: Cast
) -> None:
    people.pass_time(hours=12)
    cast.alice.check_in(si=1)
    assert people.heard() == ["team: opened"]
    # 22:00 in Madrid: exhausted after half an hour, and the webhooks know of it.
    assert sorted(people.pass_time(hours=9, minutes=59)) == [
        "on-call: exhausted",
        "team: exhausted",
    ]
    assert sorted(people.pass_time(minutes=1)) == ["Bob: repeated", "team: repeated"]
    assert "Bob: exhausted" in people.pass_time(minutes=30)
    # And then once on each staffed day.
    assert "Bob: repeated" not in people.pass_time(hours=23, minutes=29)
    assert people.pass_time(minutes=1).count("Bob: repeated") == 1


@pytest.mark.usefixtures("team_and_bob")
def test_a_friday_evening_does_not_become_monday(people: People, cast: Cast) -> None:
    people.pass_time(days=4, hours=10)
    cast.alice.check_in(si=1)
    assert not [each for each in people.pass_time(hours=23, minutes=59) if "Bob" in each]
    # Saturday, 20:00.
    assert "Bob: repeated" in people.pass_time(minutes=1)
    people.pass_time(hours=1)
    # Sunday is no staffed day: the webhooks hear of it again, Bob on Monday at 8:00.
    sunday = people.pass_time(hours=27)
    assert "team: repeated" in sunday
    assert not [each for each in sunday if "Bob" in each]
    assert "Bob: repeated" in people.pass_time(hours=8)


@pytest.mark.usefixtures("team_and_bob")
def test_a_worse_answer_at_night_waits_for_nobody(people: People, cast: Cast) -> None:
    people.pass_time(hours=12)
    cast.alice.check_in(si=1)
    people.pass_time(minutes=1)
    cast.alice.check_in(si=3)
    assert sorted(people.heard()) == ["Bob: worsened", "team: worsened"]


@pytest.mark.usefixtures("team_and_bob")
def test_who_asks_for_more_hands_at_night_gets_them(people: People, cast: Cast) -> None:
    people.pass_time(hours=12)
    cast.alice.check_in(si=1)
    people.heard()
    (alert,) = cast.dana.alerts()
    assert cast.dana.escalate(alert).status == 200
    assert "Bob: exhausted" in people.heard()


@pytest.mark.usefixtures("team_and_bob")
def test_the_rota_that_patients_are_told_of_decides_what_is_staffed(
    people: People, cast: Cast
) -> None:
    people.rota((cast.dana, [1], "12:00", "13:00"), told_to_patients=True)
    cast.alice.check_in(si=1)
    assert people.heard() == ["team: opened"]
    people.pass_time(hours=1, minutes=59)
    assert "Bob: repeated" in people.pass_time(minutes=1)


def low_alert(cast: Cast, house: House) -> None:
    with house.work(cast.alice.caller) as work:
        patient = Subjected(cast.clinic, cast.alice.id, cast.alice.reference)
        found = Finding("L1", "a_mild_sign", Severity.LOW, None, {})
        raise_alert(work, patient, [found], source="help", source_id=work.new_id())


@pytest.mark.usefixtures("team_and_bob")
def test_no_person_is_paged_for_a_low_alert(people: People, cast: Cast, house: House) -> None:
    low_alert(cast, house)
    assert people.heard() == ["team: opened"]
    heard = people.pass_time(days=7)
    assert "team: repeated" in heard
    assert not [each for each in heard if "Bob" in each]


# --- the last resort -----------------------------------------------------------------------------


def test_an_operator_without_a_last_resort_cannot_be_paged(people: People) -> None:
    refused = people.policy("critical", [("last-resort", None)])
    assert refused.status == 422
    assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [
        ("/steps/0/targets/0/type", "unreachable")
    ]


class TestWithALastResort:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"last_resort": SecretStr("mailto://a:b@c.example")})

    def test_it_is_told_when_a_policy_is_used_up(self, people: People, cast: Cast) -> None:
        people.policy("high", [("contact", people.bob)])
        cast.alice.check_in(si=3)
        assert people.heard() == ["Bob: opened"]
        heard = people.pass_time(minutes=5)
        assert "last-resort: exhausted" in heard
        assert "last-resort: repeated" in people.pass_time(minutes=5)
        with people.house.work(OPERATOR, write=False) as work:
            rows = work.rows(select(endpoints).where(endpoints.c.kind == "last-resort"))
        assert [(row.clinic_id, row.url, row.secret) for row in rows] == [(cast.clinic, None, None)]

    def test_not_for_a_moderate_alert(self, people: People, cast: Cast) -> None:
        cast.alice.check_in(si=1)
        assert "last-resort" not in " ".join(people.pass_time(days=2))

    def test_it_can_be_a_target(self, people: People, cast: Cast) -> None:
        assert people.policy("critical", [("last-resort", None)]).status == 200
        cast.alice.check_in(si=4)
        assert people.heard() == ["last-resort: opened"]


# --- readiness -----------------------------------------------------------------------------------


def missing(cast: Cast) -> list[str]:
    found: list[str] = cast.erin.api.get("/v1/clinic/readiness").json["missing"]
    return found


def test_a_rota_with_gaps_is_not_enough_for_a_grave_alert(people: People, cast: Cast) -> None:
    office = people.rota((cast.bob, range(1, 6), "09:00", "17:00"))
    people.policy("default", [("rota", office)])
    # Nobody is paged in person for a low one; a moderate one waits.
    assert missing(cast) == ["policy:low", "policy:high", "policy:critical"]
    people.policy("low", [("endpoint", cast.team.id)])
    always = people.rota((cast.bob, WEEK, "08:00", "20:00"), (cast.dana, WEEK, "20:00", "08:00"))
    people.policy("high", [("rota", office)], [("rota", always)])
    people.policy("critical", [("rota", office), ("contact", people.dana)])
    assert missing(cast) == []
    closed = {
        "starts_at": "2026-03-04T03:00:00Z",
        "ends_at": "2026-03-04T04:00:00Z",
        "staff": [],
    }
    assert cast.dana.api.post(f"/v1/rotas/{always}/overrides", closed).status == 201
    assert missing(cast) == ["policy:high"]
