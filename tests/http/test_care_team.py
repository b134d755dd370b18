"""Who cares for whom, and what of that an open alert sets aside."""

from uuid import uuid4

import pytest

from diary.access.permissions import Role
from tests.cast import Cast, Member
from tests.clock import SimulatedClock
from tests.http.test_access import invite


@pytest.fixture
def judy(cast: Cast) -> Member:
    """A clinician of the clinic, on nobody's care team."""
    return cast.join("Judy", Role.CLINICIAN)


def team(cast: Cast) -> str:
    return f"/v1/patients/{cast.alice.id}/care-team"


def ids(response: object) -> list[str]:
    return [member["id"] for member in response.json["members"]]  # type: ignore[attr-defined]


def test_whoever_enters_a_patient_is_on_the_care_team(cast: Cast, judy: Member) -> None:
    draft = {"name": "Peter", "time_zone": "Europe/Madrid"}
    path = f"/v1/patients/{judy.api.post('/v1/patients', draft).json['id']}"
    (member,) = judy.api.get(f"{path}/care-team").json["members"]
    assert (member["id"], member["name"]) == (str(judy.id), "Judy")
    assert cast.bob.api.get(path).status == 404
    # A care manager is on no team, and sees everyone.
    path = f"/v1/patients/{cast.dana.api.post('/v1/patients', draft).json['id']}"
    assert cast.dana.api.get(f"{path}/care-team").json["members"] == []
    assert judy.api.get(path).status == 404


def test_a_patient_is_handed_over(cast: Cast, judy: Member) -> None:
    record = f"/v1/patients/{cast.alice.id}"
    assert judy.api.get(record).body == judy.api.get(f"/v1/patients/{uuid4()}").body
    assert judy.api.put(f"{team(cast)}/{judy.id}").status == 404

    both = cast.bob.api.put(f"{team(cast)}/{judy.id}")
    assert ids(both) == ids(cast.bob.api.put(f"{team(cast)}/{judy.id}"))
    assert set(ids(both)) == {str(cast.bob.id), str(judy.id)}
    assert judy.api.get(record).status == 200
    assert [one["id"] for one in judy.api.get("/v1/patients").json["items"]] == [str(cast.alice.id)]
    assert ids(cast.bob.api.delete(f"{team(cast)}/{cast.bob.id}")) == [str(judy.id)]
    assert cast.bob.api.get(record).status == 404
    assert cast.bob.api.get("/v1/patients").json["items"] == []
    # The last one may leave, and the answer says so.
    assert ids(judy.api.delete(f"{team(cast)}/{judy.id}")) == []
    assert judy.api.get(record).status == 404
    assert ids(cast.dana.api.put(f"{team(cast)}/{judy.id}")) == [str(judy.id)]
    assert judy.api.delete(f"{team(cast)}/{cast.bob.id}").status == 404


def test_only_active_clinicians_of_the_clinic_join(cast: Cast) -> None:
    invited = invite(cast.erin)["member"]["id"]
    for nobody in (uuid4(), cast.charlie.id, cast.dana.id, cast.erin.id, invited):
        assert cast.dana.api.put(f"{team(cast)}/{nobody}").status == 404, nobody
    assert ids(cast.dana.api.get(team(cast))) == [str(cast.bob.id)]


def test_an_open_alert_is_the_whole_clinics(cast: Cast, judy: Member) -> None:
    check_in = cast.alice.check_in(si=4).json["id"]
    (alert,) = judy.alerts()
    diary = f"/v1/patients/{cast.alice.id}/check-ins"
    assert judy.alert(alert)["findings"]
    assert judy.api.get(f"/v1/alerts/{alert['id']}/deliveries").status == 200
    assert judy.api.get(diary).status == 404

    # Whoever holds it reads the record, and changes nothing in it.
    assert judy.acknowledge(alert).status == 200
    assert judy.api.get(f"{diary}/{check_in}").status == 200
    refused = judy.api.post(f"/v1/patients/{cast.alice.id}/enrolments")
    assert (refused.status, refused.code) == (403, "only-reading")
    assert judy.api.put(f"{team(cast)}/{judy.id}").code == "only-reading"
    assert judy.hand_over(alert, cast.bob).status == 200
    assert judy.api.get(diary).status == 404
    assert judy.hand_over(alert, judy).status == 200
    assert judy.release(alert).status == 200
    assert judy.api.get(diary).status == 404


def test_a_closed_alert_belongs_to_the_record(cast: Cast, judy: Member) -> None:
    cast.alice.check_in(si=4)
    (alert,) = judy.alerts()
    judy.acknowledge(alert)
    closing = judy.resolve(alert)
    # Whoever closes it is told how it stands, and does not see it any more.
    assert (closing.status, closing.json["alert"]["status"]) == (200, "resolved")
    assert judy.alerts() == []
    path = f"/v1/alerts/{alert['id']}"
    absent = judy.api.get(f"/v1/alerts/{uuid4()}")
    for verb, body in (
        ("notes", {"text": "Called."}),
        ("acknowledge", {"generation": 1}),
        ("resolve", {"sequence": 9, "outcome": "contacted-safe"}),
        ("escalate", None),
    ):
        refused = judy.api.post(f"{path}/{verb}", body)
        assert (refused.status, refused.body) == (404, absent.body)
    assert cast.bob.api.post(f"{path}/notes", {"text": "Called."}).status == 201
    assert len(cast.bob.alerts()) == len(cast.dana.alerts()) == 1


def test_an_acknowledgement_that_ran_out_reads_nothing(
    cast: Cast, judy: Member, clock: SimulatedClock, engine: object
) -> None:
    cast.alice.check_in(si=5)
    (alert,) = judy.alerts()
    judy.acknowledge(alert)
    record = f"/v1/patients/{cast.alice.id}"
    assert judy.api.get(record).status == 200
    clock.advance(minutes=16)
    engine.run_until_idle()  # type: ignore[attr-defined]
    assert judy.api.get(record).status == 404
    assert judy.alert(alert)["alert"]["status"] == "triggered"


def test_a_clinician_may_raise_an_alert_about_anybody_of_the_clinic(
    cast: Cast, judy: Member
) -> None:
    raised = {"patient_id": str(cast.alice.id), "severity": "high", "note": "She called."}
    assert cast.charlie.api.post("/v1/alerts", raised).status == 404
    assert judy.api.get(f"/v1/patients/{cast.alice.id}").status == 404
    assert judy.api.post("/v1/alerts", raised).status == 201
    assert len(cast.dana.alerts()) == 1


def test_whoever_sees_an_open_alert_may_make_it_worse(cast: Cast, judy: Member) -> None:
    cast.alice.check_in(si=3)
    (alert,) = judy.alerts()
    worse = {"patient_id": alert["patient_id"], "severity": "critical", "note": "She called."}
    raised = judy.api.post("/v1/alerts", worse)
    assert (raised.status, raised.json["alert"]["severity"]) == (201, "critical")


def test_the_drill_patient_is_everybodys(cast: Cast, judy: Member) -> None:
    cast.dana.api.post("/v1/drills", {"severity": "high"})
    (drill,) = judy.alerts()
    assert judy.resolve(drill, "drill").status == 200
    assert judy.alert(drill)["alert"]["status"] == "resolved"
