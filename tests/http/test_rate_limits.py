"""Too many requests are refused with when to come back; what may carry a risk is not."""

from dataclasses import replace
from uuid import uuid4

import pytest

from api.auth import EXTENSION
from api.limits import Limits
from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.test_bad_input import JSON, SILENT

pytestmark = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
CHECK_IN = "/v1/check-ins/{}"
PATIENTS = "/v1/patients"


@pytest.fixture(autouse=True)
def _narrow(api: Api) -> None:
    """A phone has 6 requests a minute, a session 30, an address 300."""
    front = api.app.extensions[EXTENSION]
    is_alert = front.limits.is_alert
    api.app.extensions[EXTENSION] = replace(front, limits=Limits(0.05, is_alert))


def refused(answer: Response) -> None:
    assert (answer.status, answer.code) == (429, "rate-limited"), answer
    assert 1 <= int(answer.headers["Retry-After"]) <= 10


def use_up(api: Api) -> None:
    """Send as much as this session may, and more."""
    for _ in range(40):
        api.get(PATIENTS)
    refused(api.get(PATIENTS))


def test_a_phone_that_asks_too_often(cast: Cast, clock: SimulatedClock) -> None:
    alice = cast.alice
    first = alice.api.get("/v1/me")
    assert first.headers["RateLimit-Policy"] == '"address";q=300;w=60, "phone";q=6;w=60'
    assert first.headers["RateLimit"] == '"address";r=299;t=1, "phone";r=5;t=10'
    for _ in range(5):
        assert alice.api.get("/v1/me").status == 200
    answer = alice.api.get("/v1/me")
    refused(answer)
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["RateLimit"].endswith('"phone";r=0;t=60')
    assert answer.json["crisis"]["emergency_numbers"] == ["112"]
    # What says nothing of suicidality waits.
    silent = alice.check_in_body()
    silent["answers"] = {k: v for k, v in silent["answers"].items() if k not in SILENT}
    refused(alice.api.put(CHECK_IN.format(uuid4()), silent))
    assert cast.bob.api.get(PATIENTS).status == 200

    clock.advance(seconds=10)
    assert alice.api.get("/v1/me").status == 200
    refused(alice.api.get("/v1/me"))


def test_whatever_may_carry_a_risk_goes_through(cast: Cast) -> None:
    alice = cast.alice
    for _ in range(40):
        alice.api.get("/v1/me")
    refused(alice.api.get("/v1/me"))

    assert alice.check_in(si=5).status == 201
    assert alice.check_in(mood=11, si=4).status == 202
    assert alice.check_in().status == 201
    assert alice.ask_for_help().status == 201
    # Nobody can say what these hold.
    for body, headers in ((b"{", JSON), (b"{}", {}), (b'{"si": 5, "si": 0}', JSON), (None, JSON)):
        answer = alice.api.send("PUT", CHECK_IN.format(uuid4()), body, headers)
        assert answer.status in (400, 411, 415)
    assert alice.api.send("PUT", CHECK_IN.format(uuid4()), b"x" * 70_000, JSON).status == 413
    assert alice.api.send("PUT", CHECK_IN.format(uuid4()) + "?a=1", b"{}", JSON).status == 400
    for _ in range(4):
        answer = alice.api.send("PUT", CHECK_IN.format(uuid4()), b"{", JSON)
        assert answer.status == 400
    refused(alice.api.send("PUT", CHECK_IN.format(uuid4()), b"{", JSON))
    # Neither such bodies nor calls for help use up what check-ins have: ten a minute. Then this
    # phone waits as well, and the answer says whom to call.
    for _ in range(9):
        assert alice.ask_for_help().status == 201
    refused(alice.ask_for_help())
    for _ in range(7):
        assert alice.check_in(si=5).status == 201
    answer = alice.check_in(si=5)
    refused(answer)
    assert '"reserve";q=10;w=60' in answer.headers["RateLimit-Policy"]
    assert answer.json["crisis"]["emergency_numbers"] == ["112"]


def test_an_alert_is_answered_whatever_else_was_sent(cast: Cast) -> None:
    cast.alice.check_in(si=5)
    cast.enrol("Olga").check_in(si=5)
    first, second = cast.dana.alerts()
    use_up(cast.bob.api)
    refused(cast.bob.api.get(f"/v1/alerts/{first['id']}/deliveries"))
    for _ in range(10):
        assert cast.bob.acknowledge(first, generation=first["generation"]).status == 200
    refused(cast.bob.acknowledge(first, generation=first["generation"]))
    assert cast.bob.acknowledge(second, generation=second["generation"]).status == 200
    # An answer needs to be told what it answers, and what was heard is told to the next.
    for _ in range(10):
        assert cast.bob.alert(first)["alert"]["generation"] == first["generation"]
        assert len(cast.bob.alerts()) == 2
    refused(cast.bob.api.get(f"/v1/alerts/{first['id']}"))
    refused(cast.bob.api.get("/v1/alerts"))
    assert cast.bob.api.post(f"/v1/alerts/{first['id']}/notes", {"text": "Hi."}).status == 201


def test_an_alert_is_raised_by_hand_whatever_else_was_sent(cast: Cast) -> None:
    olga = cast.enrol("Olga")
    use_up(cast.bob.api)
    body = {"patient_id": str(olga.id), "severity": "critical", "note": "Her sister rang."}
    for _ in range(10):
        assert cast.bob.api.post("/v1/alerts", body).status == 201
    refused(cast.bob.api.post("/v1/alerts", body))


def test_alerts_that_are_made_up_are_answered_a_bounded_number_of_times(cast: Cast) -> None:
    cast.alice.check_in(si=5)
    cast.frank.check_in(si=5)
    (alert,), (theirs,) = cast.dana.alerts(), cast.charlie.alerts()
    use_up(cast.bob.api)
    answers = [cast.bob.acknowledge(str(uuid4()), generation=1).status for _ in range(130)]
    assert answers == [404] * 120 + [429] * 10
    refused(cast.bob.acknowledge(theirs, generation=1))
    assert cast.bob.acknowledge(alert, generation=alert["generation"]).status == 200
    assert cast.bob.alert(alert)["alert"]["status"] == "acknowledged"


def test_whoever_is_not_let_in_where_it_is_urgent_is_counted(cast: Cast, api: Api) -> None:
    """But told so, and not to wait: a token that is too old has to be renewed."""
    who = [api.get, cast.alice.api.get]
    for number in range(320):
        assert who[number % 2]("/v1/alerts").status == (401, 403)[number % 2]
    refused(api.get(PATIENTS))
    assert cast.alice.ask_for_help().status == 201


def test_what_cannot_be_a_link_has_no_reserve(api: Api) -> None:
    for _ in range(300):
        api.get(PATIENTS)
    for never in ("a" * 42, "a" * 44, "a" * 4_000, "a" * 42 + ".", "a" * 42 + "%0A"):
        for send in (api.get, api.post):
            refused(send(f"/a/{never}"))
    for _ in range(10):
        assert api.get(f"/a/{'a' * 43}").status == 404
    refused(api.get(f"/a/{'a' * 43}"))


def test_strangers_at_one_address_keep_nobody_there_silent(
    cast: Cast, api: Api, clock: SimulatedClock
) -> None:
    for _ in range(300):
        api.get(PATIENTS)
    refused(api.get(PATIENTS))
    refused(cast.bob.api.get(PATIENTS))
    assert cast.alice.check_in(si=5).status == 201
    assert cast.alice.ask_for_help().status == 201
    assert api.get(f"/a/{'a' * 43}").status == 404
    # A token that is too old is told of and renewed; nobody gets in anew.
    old = cast.alice.token
    clock.advance(minutes=10, seconds=31)
    for _ in range(301):
        api.get(PATIENTS)
    assert api.as_(old).put(CHECK_IN.format(uuid4()), {}).status == 401
    refused(api.as_(old).get("/v1/me"))
    form = {"grant_type": "refresh_token", "refresh_token": cast.alice.grant.refresh_token or ""}
    assert api.form("/oauth/token", **form).status == 200
    refused(api.form("/oauth/token", **(form | {"grant_type": "client_credentials"})))
    assert api.get("/health/live").status == 200


def test_getting_in_has_a_limit_of_its_own(cast: Cast, api: Api) -> None:
    body = {"code": "nobody's"}
    answers = [api.post("/v1/devices", body) for _ in range(16)]
    assert [answer.status for answer in answers] == [401] * 15 + [429]
    assert answers[0].headers["RateLimit"] == '"address";r=299;t=1, "sign-in";r=14;t=4'
    refused(api.form("/oauth/token", grant_type="client_credentials"))
    assert cast.bob.api.get(PATIENTS).status == 200
