"""A member's second factor, a program that signs, and a treatment."""

import pytest

from tests.cast import PASSWORD, Cast, Member
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.authenticator import App
from tests.http.treatment import Treatment
from tests.programs import Program

CURRENT = "/v1/sessions/current/second-factor"


def set_up(api: Api, member: Member, clock: SimulatedClock) -> tuple[App, Response, Response]:
    """The app, the session that set it up, and the answer with the recovery codes."""
    session = api.post("/v1/sessions", {"email": member.email, "password": PASSWORD})
    here = api.as_(session.json["access_token"])
    app = App(clock, here.post(CURRENT).json["secret"])
    confirmed = here.post(f"{CURRENT}/confirmations", {"code": app.code()})
    assert confirmed.status == 201, confirmed
    return app, session, confirmed


@pytest.fixture
def bobs_app(api: Api, cast: Cast, clock: SimulatedClock) -> App:
    """Bob's authenticator app, set up."""
    return set_up(api, cast.bob, clock)[0]


@pytest.fixture
def program(cast: Cast, api: Api, clock: SimulatedClock) -> Program:
    return Program(cast, api, clock)


@pytest.fixture
def treatment(cast: Cast) -> Treatment:
    """Of somebody who has had none yet."""
    return Treatment(cast, cast.enrol("Olga"))
