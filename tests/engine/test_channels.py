"""People are reached: a real process sends, and is killed when its time is over."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from diary.alerts.texts import Text
from diary.callers import OPERATOR
from diary.settings import Settings
from diary.webhooks.model import attempts, deliveries
from diary.webhooks.queue import Claimed
from diary.work import House
from engine.channels import ROOM, Channels
from engine.loop import Engine
from engine.sender import Outcome
from tests.cast import Cast
from tests.client import Api
from tests.clock import START
from tests.contacts import add_contact, add_last_resort, owe_newest, path_in
from tests.receiver import Receiver

TEXT = Text("Interlude: critical alert", "The Harbour Clinic. Nobody has it yet.")


def address(receiver: Receiver, name: str = "phone") -> str:
    """An Apprise address that leads to the receiver."""
    return receiver.endpoint(name).url.replace("http://", "json://")


def sms(receiver: Receiver, name: str = "phone") -> list[Text]:
    """What arrived on a phone."""
    bodies = [json.loads(each.body) for each in receiver.received(name)]
    return [Text(each["title"], each["message"]) for each in bodies]


def last_attempt(house: House, delivery: Any) -> Any:
    with house.work(OPERATOR, write=False) as work:
        return work.rows(
            select(attempts, deliveries.c.state)
            .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
            .where(attempts.c.delivery_id == delivery)
            .order_by(attempts.c.started_at, attempts.c.id)
        )[-1]


def test_a_member_is_paged_and_acknowledges_from_the_phone(
    cast: Cast, receiver: Receiver, house: House, engine: Engine, api: Api
) -> None:
    cast.alice.check_in(si=4, note="I cannot go on")
    delivery = owe_newest(house, cast.clinic, add_contact(house, cast.bob, address(receiver)))
    engine.run_until_idle()

    (text,) = sms(receiver)
    assert text.title == "Interlude: critical alert"
    assert text.body.startswith(f"The Harbour Clinic, {cast.alice.reference}. Nobody has it yet.")
    assert cast.alice.name not in str(text)
    tried = last_attempt(house, delivery)
    assert (tried.state, tried.status, tried.error) == ("delivered", None, None)
    assert "10:15" in api.post(path_in(house, text)).body.decode()
    engine.run_until_idle()
    assert cast.bob.alerts()[0]["status"] == "acknowledged"
    receiver.expect("alert.acknowledged", "team")


def test_a_retry_carries_the_same_link(
    cast: Cast, receiver: Receiver, house: House, engine: Engine, clock: Any
) -> None:
    cast.alice.check_in(si=4)
    contact = add_contact(house, cast.bob, address(receiver))
    delivery = owe_newest(house, cast.clinic, contact)
    receiver.behave("status", "phone", code=500, times=1)
    engine.run_until_idle()
    assert last_attempt(house, delivery).error == "channel-refused"
    clock.advance(seconds=1)
    engine.run_until_idle()

    first, again = sms(receiver)
    assert first == again
    assert last_attempt(house, delivery).state == "delivered"


def test_what_became_of_it_is_told_without_a_link(
    cast: Cast, receiver: Receiver, house: House, engine: Engine
) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    cast.dana.acknowledge(cast.dana.alerts()[0])
    contact = add_contact(house, cast.bob, address(receiver))
    owe_newest(house, cast.clinic, contact, is_page=False)
    engine.run_until_idle()

    (text,) = sms(receiver)
    assert text.title == "Interlude: critical alert acknowledged"
    assert "/a/" not in text.body


@pytest.fixture
def settings(settings: Settings, receiver: Receiver) -> Settings:
    """The operator's last resort has two addresses, the first of which is dead."""
    dead, live = address(receiver, "dead"), address(receiver, "operator")
    receiver.behave("refuse", "dead")
    return settings.model_copy(update={"last_resort": SecretStr(f"{dead} {live}")})


def test_the_last_resort_is_reached_if_one_of_its_addresses_is(
    cast: Cast, receiver: Receiver, house: House, engine: Engine
) -> None:
    cast.alice.check_in(si=4)
    delivery = owe_newest(house, cast.clinic, add_last_resort(house, cast.clinic))
    engine.run_until_idle()

    (text,) = sms(receiver, "operator")
    assert "/a/" not in text.body
    assert cast.dana.alerts()[0]["id"] in text.body
    assert last_attempt(house, delivery).state == "delivered"


# --- one attempt, without a database -------------------------------------------------------------

SETTINGS = Settings(
    database_url="sqlite:///unused.db",
    master_key=SecretStr("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    public_url="https://diary.example",
    webhook_allowed_networks="127.0.0.0/8",
)


def claimed(kind: str, secret: str | None) -> Claimed:
    some = next(_ids())
    return Claimed(
        clinic_id=some,
        id=some,
        message_id=some,
        endpoint_id=some,
        alert_id=None,
        is_page=True,
        attempts=0,
        lease_token=some,
        kind=kind,
        url=None,
        secrets=(secret,) if secret else (),
        failures=0,
        body=b"{}",
        owed_at=START,
    )


def _ids() -> Iterator[Any]:
    from diary.ids import new_id

    yield new_id()


def attempt(channels: Channels, *to: Claimed) -> list[Outcome]:
    """Each of them at once."""

    async def write() -> Text | None:
        return TEXT

    async def all_of_them() -> list[Outcome]:
        return await asyncio.gather(*(channels.send(each, write) for each in to))

    return asyncio.run(all_of_them())


def descendants() -> set[int]:
    """The processes of engine.notify that this test's process has, or had and did not end."""
    found = set()
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            line = (directory / "cmdline").read_bytes()
            parent = (directory / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"engine.notify" in line and int(parent) in (os.getpid(), 1):
            found.add(int(directory.name))
    return found


def test_a_server_that_hangs_is_cut_off_and_nothing_of_it_stays(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.behave("hang", "phone")
    channels = Channels(SETTINGS, deadline=3)
    seen: dict[str, bytes] = {}

    def watch() -> None:
        receiver.expect("warning", "phone", timeout=3)
        (process,) = descendants()
        for name in ("cmdline", "environ"):
            seen[name] = Path(f"/proc/{process}/{name}").read_bytes()

    monkeypatch.setenv("INTERLUDE_MASTER_KEY", "a secret of ours")
    watching = threading.Thread(target=watch)
    watching.start()
    (outcome,) = attempt(channels, claimed("contact", address(receiver) + "?secret=of-bob"))
    watching.join()

    assert (outcome.delivered, outcome.error) == (False, "timeout")
    assert descendants() == set()
    # Nobody on the machine reads an address, or a key of ours, off the process.
    assert b"engine.notify" in seen["cmdline"]
    for part in (b"json://", b"of-bob", b"INTERLUDE", b"secret"):
        assert part not in seen["cmdline"] + seen["environ"]


def test_only_so_many_are_sent_at_once_and_who_waits_has_the_same_deadline() -> None:
    channels = Channels(SETTINGS, deadline=0.3)
    inside: list[int] = []
    peak = 0

    async def write() -> Text | None:
        nonlocal peak
        inside.append(1)
        peak = max(peak, len(inside))
        try:
            await asyncio.Event().wait()
        finally:
            inside.pop()
        return None

    async def all_of_them() -> list[Outcome]:
        to = claimed("contact", "json://127.0.0.1")
        return await asyncio.gather(*(channels.send(to, write) for _ in range(3 * ROOM)))

    outcomes = asyncio.run(all_of_them())
    assert peak == ROOM
    assert {each.error for each in outcomes} <= {"timeout", "channel-busy"}


def test_without_apprise_the_attempt_fails_and_says_so(receiver: Receiver) -> None:
    # -S: no site-packages, as where the optional requirements were not installed.
    channels = Channels(SETTINGS, deadline=10, python=(sys.executable, "-S"))
    (outcome,) = attempt(channels, claimed("contact", address(receiver)))
    assert (outcome.delivered, outcome.error) == (False, "channel-unavailable")


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("json://127.0.0.1:{port}/phone", "forbidden_address"),
        ("json://localhost:{port}/phone", "forbidden_address"),
        ("nothing at all", "channel-address"),
        ("unheard-of://127.0.0.1", "channel-address"),
        ("", "channel-unset"),
    ],
)
def test_an_address_that_leads_to_where_it_must_not(
    receiver: Receiver, where: str, code: str
) -> None:
    port = receiver.endpoint("phone").url.split(":")[2].partition("/")[0]
    closed = SETTINGS.model_copy(update={"webhook_allowed_networks": ()})
    (outcome,) = attempt(Channels(closed, deadline=10), claimed("contact", where.format(port=port)))
    assert outcome.error == code
    receiver.expect_none(name="phone")


def test_the_operators_own_address_may_lead_anywhere(receiver: Receiver) -> None:
    settings = SETTINGS.model_copy(
        update={"webhook_allowed_networks": (), "last_resort": SecretStr(address(receiver))}
    )
    (outcome,) = attempt(Channels(settings, deadline=10), claimed("last-resort", None))
    assert outcome.delivered


def test_a_last_resort_that_nobody_set(receiver: Receiver) -> None:
    (outcome,) = attempt(Channels(SETTINGS, deadline=10), claimed("last-resort", None))
    assert outcome.error == "channel-unset"


def test_of_two_last_resorts_one_that_hangs_does_not_hide_the_other(receiver: Receiver) -> None:
    # A drip keeps any reader's own time-out from coming.
    receiver.behave("drip", "dead")
    both = SecretStr(f"{address(receiver, 'dead')} {address(receiver, 'operator')}")
    channels = Channels(SETTINGS.model_copy(update={"last_resort": both}), deadline=6)
    (outcome,) = attempt(channels, claimed("last-resort", None))
    assert outcome.delivered
    assert len(sms(receiver, "operator")) == 1


def test_an_engine_beside_the_api_sends_from_its_own_thread(receiver: Receiver) -> None:
    with ThreadPoolExecutor(1) as beside:
        sent = beside.submit(
            attempt, Channels(SETTINGS, deadline=10), claimed("contact", address(receiver))
        )
    assert sent.result()[0].delivered


@pytest.mark.parametrize("asked", ["", "?redirect=yes"])
def test_no_redirect_is_followed(receiver: Receiver, asked: str) -> None:
    receiver.behave("redirect", "phone", to=receiver.endpoint("elsewhere").url)
    (outcome,) = attempt(
        Channels(SETTINGS, deadline=10), claimed("contact", address(receiver) + asked)
    )
    assert outcome.error == "channel-refused"
    receiver.expect_none(name="elsewhere")


def test_an_engine_survives_a_contact_without_apprise(
    cast: Cast, receiver: Receiver, house: House, engine: Engine
) -> None:
    """One that cannot be used at all must let the alert climb past it."""
    cast.alice.check_in(si=4)
    blank = replace(house, settings=house.settings.model_copy(update={"last_resort": None}))
    delivery = owe_newest(house, cast.clinic, add_last_resort(house, cast.clinic))
    Engine(blank).run_until_idle()
    assert last_attempt(house, delivery).error == "channel-unset"
    receiver.expect("alert.triggered", "team")
