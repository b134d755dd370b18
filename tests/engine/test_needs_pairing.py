"""A phone that was put out by itself is silent: the care team hears of it, and who it is."""

from engine.loop import Engine
from tests.cast import Cast
from tests.engine.steps import heard
from tests.receiver import Receiver
from tests.steps import put_out


def test_every_endpoint_hears_that_a_phone_must_be_paired_anew(
    cast: Cast, receiver: Receiver, engine: Engine
) -> None:
    put_out(cast.alice)
    engine.run_until_idle()

    told = receiver.expect("device.needs_pairing", "team")
    assert told.data["patient"] == cast.alice.reference
    assert told.data.keys() == {"device_id", "patient", "link"}
    assert receiver.expect("device.needs_pairing", "on-call").data == told.data
    link = told.data["link"].removeprefix("https://diary.example")
    (device,) = cast.bob.api.get(link).json["items"]
    assert (device["id"], device["state"]) == (told.data["device_id"], "needs-pairing")
    receiver.expect_none(name="elsewhere")


def test_it_is_told_once(cast: Cast, receiver: Receiver, engine: Engine) -> None:
    put_out(cast.alice)
    first = cast.alice.grant.refresh_token or ""
    for _ in range(3):
        form = {"grant_type": "refresh_token", "refresh_token": first}
        assert cast.alice.api.form("/oauth/token", **form).status == 401
    engine.run_until_idle()
    assert heard(receiver, "team") == ["device.needs_pairing"]


def test_a_phone_that_is_given_up_is_told_of_too(
    cast: Cast, receiver: Receiver, engine: Engine
) -> None:
    cast.alice.api.form("/oauth/revoke", token=cast.alice.grant.refresh_token or "")
    engine.run_until_idle()
    told = receiver.expect("device.needs_pairing", "team")
    assert told.data["patient"] == cast.alice.reference


def test_a_phone_that_the_team_ends_is_no_news(
    cast: Cast, receiver: Receiver, engine: Engine
) -> None:
    path = f"/v1/patients/{cast.alice.id}/devices"
    (device,) = cast.bob.api.get(path).json["items"]
    assert cast.bob.api.delete(f"{path}/{device['id']}").status == 204
    engine.run_until_idle()
    assert heard(receiver, "team") == []
