"""The description of the API is valid, current and complete, and so are its webhooks."""

import re
from datetime import timedelta
from inspect import getsource
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from sqlalchemy import select

from api import openapi
from api.problems import MEDIA_TYPE
from diary.access.permissions import Role
from diary.alerts import carry, decide, unreachable
from diary.callers import Caller, CallerKind
from diary.checkins import needs_review
from diary.isolation import EVERYTHING
from diary.schedule import reminders
from diary.webhooks import break_glass, by_hand, consenting, escorts, needs_pairing, states
from diary.webhooks.model import messages
from diary.work import House
from engine.loop import Engine
from schemas.events import EVENTS
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.consents import answer, outside, publish
from tests.steps import put_out

DOCUMENT = openapi.document()
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
]
ROOT = "urn:interlude:openapi"


def test_the_description_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_committed_description_is_current() -> None:
    assert openapi.FILE.read_bytes() == openapi.rendered(), "run `make openapi`, read the diff"


def test_every_declared_operation_is_described() -> None:
    described = {operation["operationId"] for _, operation in OPERATIONS}
    assert described == {declared.name for *_, declared in openapi.operations()}


@pytest.mark.parametrize(
    "operation", [each for _, each in OPERATIONS], ids=[n for n, _ in OPERATIONS]
)
def test_an_operation_is_described_in_full(operation: dict[str, Any]) -> None:
    assert operation["summary"].strip()
    assert not operation["summary"].endswith(".")
    # A sentence that runs over the first line is torn in two.
    assert not operation.get("description", "")[:1].islower(), operation
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert set(operation["tags"]) <= tags
    assert len(operation["tags"]) == 1
    expected = {"400", "500", "503"}
    if operation["security"]:
        expected |= {"401", "403"}
    if operation.get("requestBody", {}).get("required"):
        expected |= {"411", "413", "415", "422"}
    assert expected <= operation["responses"].keys()
    for status, response in operation["responses"].items():
        if status >= "400":
            name = response["$ref"].removeprefix("#/components/responses/")
            assert MEDIA_TYPE in DOCUMENT["components"]["responses"][name]["content"]
        else:
            assert response["description"].strip()


def test_the_description_is_served(api: Api) -> None:
    served = api.get("/openapi.json")
    assert served.body == openapi.rendered()


def test_the_pages_of_the_description_load_nothing_from_elsewhere(api: Api) -> None:
    page = api.get("/docs/")
    assert page.status == 200
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)""", page.body.decode())
    assert any(source.endswith(".js") for source in sources)
    assert not [source for source in sources if "//" in source]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for source in sources:
        assert api.get(f"/docs/{source.removeprefix('./').removeprefix('/docs/')}").status == 200


# --- webhooks ------------------------------------------------------------------------------------


def _sent_by_the_diary() -> set[str]:
    """Every message type that the code names where it decides and where it sends."""
    sources = (getsource(module) for module in (decide, carry))
    named = {name for source in sources for name in re.findall(r'"(alert\.[a-z_.-]+)"', source)}
    steps = (unreachable, by_hand, break_glass, consenting)
    modules = (*steps, needs_pairing, states, needs_review, reminders, escorts)
    sources = (getsource(module) for module in modules)
    return named | {n for source in sources for n in re.findall(r'type="([a-z_.-]+)"', source)}


def test_every_event_is_documented() -> None:
    assert _sent_by_the_diary() == EVENTS.keys() == DOCUMENT["webhooks"].keys()
    for name, hook in DOCUMENT["webhooks"].items():
        schema = hook["post"]["requestBody"]["content"]["application/json"]["schema"]
        described = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert described["properties"]["type"]["enum"] == [name]
        assert described["required"] == ["data", "timestamp", "type"]
        assert hook["post"]["summary"]


def _faults(body: dict[str, Any]) -> list[str]:
    registry: Registry[Any] = Registry().with_resource(ROOT, DRAFT202012.create_resource(DOCUMENT))
    place = f"/webhooks/{body['type']}/post/requestBody/content/application~1json/schema"
    validator = Draft202012Validator(
        {"$ref": f"{ROOT}#{place}"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [error.message for error in validator.iter_errors(body)]


def test_a_whole_life_of_an_alert_is_as_documented(
    cast: Cast, house: House, clock: SimulatedClock, engine: Engine
) -> None:
    outside(cast)
    publish(cast, "disclosure")
    answer(cast.alice, "disclosure", given=True)
    cast.alice.check_in(si=3)
    (alert,) = cast.dana.alerts()
    cast.alice.check_in(si=1)
    cast.alice.check_in(si=5)
    cast.alice.check_in(mood=11)
    for _ in range(4):
        clock.advance(minutes=5, seconds=1)
        engine.run_until_idle()
    cast.bob.acknowledge(cast.bob.alert(alert))
    clock.advance(minutes=16)
    engine.run_until_idle()
    cast.bob.escalate(alert)
    cast.dana.acknowledge(cast.dana.alert(alert))
    cast.dana.resolve(alert)
    cast.erin.api.post(f"/v1/webhook-endpoints/{cast.team.id}/ping")
    judy = cast.join("Judy", Role.CLINICIAN)
    judy.api.post(f"/v1/patients/{cast.alice.id}/break-glass", {"reason": "She called the ward."})
    publish(cast, "treatment-diary")
    answer(cast.alice, "treatment-diary", given=False)
    put_out(cast.alice)
    cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge")
    with house.work(Caller(CallerKind.ENGINE, clinic_id=cast.clinic)) as work:
        unreachable.endpoint_gone(work, cast.clinic, cast.on_call.id)
    tomorrow = (clock.now() + timedelta(hours=30)).isoformat()
    path = f"/v1/patients/{cast.frank.id}/infusions"
    assert cast.charlie.api.post(path, {"planned_at": tomorrow}).status == 201
    clock.advance(hours=8)
    engine.run_until_idle()

    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        stored = connection.execute(select(messages.c.type, messages.c.body)).all()
    bodies = [orjson.loads(each.body) for each in stored]
    assert {body["type"] for body in bodies} == EVENTS.keys()
    for kind, body in zip(stored, bodies, strict=True):
        assert kind.type == body["type"]
        assert not _faults(body), body
        assert body.keys() <= {"type", "timestamp", "data", "disclosure"}
        # Thin: nothing that names or describes a person.
        assert body["data"].keys() <= DATA
        assert cast.alice.name not in str(body)
    reasons = {body["data"].get("reason") for body in bodies}
    assert {"opened", "worsened", "acknowledgement-expired"} <= reasons


DATA = {
    *("alert_id", "patient", "status", "severity", "generation"),
    *("sequence", "step", "drill", "link", "reason", "acknowledged_by", "endpoint_id", "device_id"),
    *("break_glass_id", "staff_id", "until"),
    *(
        "purpose",
        "state",
        "alert_open",
        "awaited",
        "quarantine_id",
        "kind",
        "windows",
        "infusion_id",
        "planned_at",
        "missing",
        "since",
    ),
}
