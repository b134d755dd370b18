"""The crisis pack of one patient: it is whole without a network, and changes when a word does."""

from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.http.test_bad_input import CLINIC
from tests.http.test_permissions import PLAN, ROTA

OWN = "/v1/me/crisis-pack"


def test_it_has_the_countrys_pack_the_clinic_and_the_plan(cast: Cast, api: Api) -> None:
    pack = cast.alice.api.get(OWN).json
    assert pack["country"] == api.get("/v1/crisis-pack", country="ES", locale="en").json
    assert (pack["clinic_name"], pack["clinic_phone"]) == ("The Harbour Clinic", "+34910000000")
    assert "Monday–Friday 8:00–18:00 (Europe/Madrid)" in pack["hours"]
    assert pack["plan"] is None
    # What the phone tells of the display, the patient knows of.
    assert pack["country"]["texts"]["offline"].endswith("Opening this page alerts nobody.")
    assert pack["seen"] == "Your care team can see later that you opened this page."
    assert pack["headings"]["coping"] == "What I can do on my own to feel a little better"

    plan = cast.bob.api.put(f"/v1/patients/{cast.alice.id}/safety-plan", PLAN).json
    packed = cast.alice.api.get(OWN).json["plan"]
    assert packed == {name: plan[name] for name in packed}
    assert cast.frank.api.get(OWN).json["plan"] is None


def test_its_version_changes_with_every_word_and_with_nothing_else(
    cast: Cast, clock: SimulatedClock
) -> None:
    def version() -> str:
        answer = cast.alice.api.get(OWN)
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
        assert answer.headers["Cache-Control"] == "no-store"
        found: str = answer.json["version"]
        return found

    seen = [version()]
    # Neither the hour nor an answer is a word of it; nor what becomes of somebody else.
    clock.advance(hours=13)
    cast.alice.check_in(si=4)
    cast.frank.api.put("/v1/me/safety-plan", PLAN)
    assert version() == seen[0]
    for tag in (f'"{seen[0]}"', f'W/"{seen[0]}"', f'"other", "{seen[0]}"', "*"):
        known = cast.alice.api.send("GET", OWN, headers={"If-None-Match": tag})
        assert (known.status, known.body) == (304, b""), tag
    garbled = cast.alice.api.send("GET", OWN, headers={"If-None-Match": seen[0] + '"'})
    assert garbled.status == 200

    assert cast.alice.api.put("/v1/me/safety-plan", PLAN).status == 200
    seen.append(version())
    assert cast.alice.api.put("/v1/me/safety-plan", PLAN, if_match="*").status == 200
    seen.append(version())
    for change in ({"phone": "+34910000001"}, {"staffed_hours": None}):
        assert cast.erin.api.put("/v1/clinic", CLINIC | change, if_match="*").status == 200
        seen.append(version())
    nights = {"weekday": 1, "opens": "22:00", "closes": "06:00", "staff": [str(cast.bob.id)]}
    rota = ROTA | {"shifts": [nights], "told_to_patients": True}
    assert cast.dana.api.post("/v1/rotas", rota).status == 201
    seen.append(version())
    assert len(set(seen)) == len(seen)
    assert "Monday" in cast.alice.api.get(OWN).json["hours"]
    stale = cast.alice.api.send("GET", OWN, headers={"If-None-Match": f'"{seen[0]}"'})
    assert stale.status == 200


def test_a_phone_that_was_put_out_has_the_public_one(cast: Cast, api: Api) -> None:
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge").status == 200
    refused = cast.alice.api.get(OWN)
    assert refused.status == 401
    assert api.get(refused.json["crisis"]["pack"]).status == 200


def test_nobody_else_has_it(cast: Cast, api: Api) -> None:
    assert cast.bob.api.get(OWN).status == 403
    assert api.get(OWN).status == 401
