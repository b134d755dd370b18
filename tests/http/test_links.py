"""Acknowledge from a phone: the page behind a link, and what its button does."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from diary.access import clinics
from diary.access.model import staff
from diary.alerts.model import acknowledgement_links, alert_entries
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.isolation import EVERYTHING
from diary.tables import metadata
from diary.webhooks import endpoints
from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.contacts import ENGINE, add_contact, claim, owe_newest, page, path_in, write

SPANISH = {"Accept-Language": "es-ES,es;q=0.9,en;q=0.5"}


@pytest.fixture
def alert(cast: Cast) -> dict[str, Any]:
    """Alice's alert, critical."""
    assert cast.alice.check_in(si=4).status == 201
    (found,) = cast.dana.alerts()
    return found


def words(response: Response) -> str:
    """What a page says, without its markup."""
    body = response.body.decode().partition("<body>")[2]
    return " ".join(unescape(re.sub("<[^>]+>", " ", body)).split())


def heading(response: Response) -> str:
    (found,) = re.findall("<h1>(.*?)</h1>", response.body.decode())
    return unescape(found)


def everything(house: House) -> dict[str, Any]:
    """Every row there is."""
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


def change_clinic(house: House, cast: Cast, **values: str) -> None:
    with house.work(cast.erin.caller) as work:
        clinics.change(work, **values)


def test_opening_a_link_changes_nothing(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    before = everything(house)
    shown = api.get(link)
    assert api.app.test_client().head(link).status_code == 200

    assert shown.status == 200
    assert heading(shown) == "Someone must look at this alert"
    assert "Critical" in words(shown)
    # Nine in UTC is ten at the clinic, in Madrid; a critical alert is held for 15 minutes.
    assert "Opened 10:00" in words(shown)
    assert "paging stops until 10:15" in words(shown)
    assert b'<form method="post">' in shown.body
    assert everything(house) == before


def test_the_page_names_no_patient(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    for shown in (api.get(link), api.post(link)):
        for word in (cast.alice.name, cast.alice.reference, str(cast.alice.id), alert["id"]):
            assert word not in shown.body.decode()


def test_the_button_acknowledges_in_the_members_name(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    shown = api.form(page(house, cast.bob))

    assert (shown.status, heading(shown)) == (200, "You have it until 10:15")
    assert b"<form" not in shown.body
    now = cast.dana.alert(alert)
    assert now["alert"]["status"] == "acknowledged"
    assert now["acknowledged_by"] == {"id": str(cast.bob.id), "name": "Bob"}
    entry = now["entries"][-1]
    assert (entry["kind"], entry["actor"]["name"]) == ("acknowledged", "Bob")
    with house.work(OPERATOR, write=False) as work:
        used = work.row(select(acknowledgement_links.c.used_at))
        traces = work.rows(
            select(audit_events.c.action).where(audit_events.c.actor_id == cast.bob.id)
        )
    assert used is not None
    assert used.used_at == clock.now()
    assert {"alert.acknowledged", "acknowledgement-link.used"} <= {each.action for each in traces}


def test_pressing_again_changes_nothing(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    first = api.post(link)
    clock.advance(minutes=5)
    before = everything(house)

    assert heading(api.post(link)) == heading(api.get(link)) == heading(first)
    assert everything(house) == before


def test_pressing_twice_at_once_acknowledges_once(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    barrier = Barrier(4)

    def press(_: int) -> Response:
        barrier.wait()
        return api.post(link)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))
    assert {heading(each) for each in answers} == {"You have it until 10:15"}
    with house.work(OPERATOR, write=False) as work:
        kinds = [each.kind for each in work.rows(select(alert_entries.c.kind))]
    assert kinds.count("acknowledged") == 1


def test_what_got_worse_must_be_looked_at_again(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    old = page(house, cast.bob)
    cast.alice.check_in(si=5)
    for shown in (api.get(old), api.post(old)):
        assert heading(shown) == "It got worse: look again"
        assert b"<form" not in shown.body
    assert cast.bob.alert(alert)["alert"]["status"] == "triggered"

    new = page(house, cast.bob)
    assert heading(api.post(new)) == "You have it until 10:15"


def test_someone_else_has_it(cast: Cast, house: House, api: Api, alert: dict[str, Any]) -> None:
    bobs, danas = page(house, cast.bob), page(house, cast.dana)
    api.post(bobs)
    for shown in (api.get(danas), api.post(danas)):
        assert heading(shown) == "Bob has it already"
        assert "Bob has it until 10:15" in words(shown)
        assert b"<form" not in shown.body
    assert cast.dana.alert(alert)["acknowledged_by"]["name"] == "Bob"


def test_it_is_resolved(cast: Cast, house: House, api: Api, alert: dict[str, Any]) -> None:
    link = page(house, cast.bob)
    cast.dana.resolve(alert)
    for shown in (api.get(link), api.post(link)):
        assert heading(shown) == "Already resolved"
        assert b"<form" not in shown.body


def test_a_used_link_does_not_take_it_again(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    from engine.loop import Engine

    link = page(house, cast.bob)
    api.post(link)
    clock.advance(minutes=15)
    Engine(house).run_until_idle()

    assert heading(api.post(link)) == "It is open again: look again"
    assert cast.bob.alert(alert)["alert"]["status"] == "triggered"


def test_a_link_that_was_not_used_outlives_another_that_was(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    """The alert came back as it was, so what was sent about it still holds."""
    from engine.loop import Engine

    link = page(house, cast.bob)
    cast.dana.acknowledge(alert)
    clock.advance(minutes=15)
    Engine(house).run_until_idle()

    assert heading(api.post(link)) == "You have it until 10:30"


def gone(api: Api, link: str) -> None:
    """Nothing tells such a link from one that never was."""
    for method in ("GET", "POST"):
        shown = api.send(method, link)
        never = api.send(method, "/a/" + "n" * 43)
        assert (shown.status, shown.body) == (404, never.body)
        assert heading(shown) == "This link does not work"


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%ff", quote("é"), "a" * 4_000])
def test_a_token_that_never_was(cast: Cast, house: House, api: Api, token: str) -> None:
    before = everything(house)
    gone(api, f"/a/{token}")
    assert everything(house) == before


def test_a_link_lives_seven_days(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    clock.advance(days=7, seconds=-1)
    assert api.get(link).status == 200
    clock.advance(seconds=1)
    gone(api, link)


def test_a_member_who_left_acknowledges_nothing(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    with house.work(OPERATOR) as work:
        work.execute(update(staff).where(staff.c.id == cast.bob.id).values(password_hash=None))
    gone(api, link)
    assert cast.dana.alert(alert)["alert"]["status"] == "triggered"


def test_a_member_who_may_not_answer_alerts_acknowledges_nothing(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    with house.work(OPERATOR) as work:
        work.execute(update(staff).where(staff.c.id == cast.bob.id).values(role="auditor"))
    gone(api, link)


def test_a_contact_that_was_removed_acknowledges_nothing(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    contact = add_contact(house, cast.bob)
    link = page(house, cast.bob, contact)
    with house.work(cast.erin.caller) as work:
        endpoints.disable(work, contact)
    gone(api, link)


def test_a_link_is_about_its_own_alert(cast: Cast, house: House, api: Api) -> None:
    cast.frank.check_in(si=5)
    strangers = page(house, cast.charlie)
    cast.alice.check_in(si=5)
    api.post(strangers)

    assert cast.bob.alerts()[0]["status"] == "triggered"
    assert cast.charlie.alerts()[0]["status"] == "acknowledged"


def test_every_try_carries_the_same_link_and_the_rows_hold_none(
    cast: Cast, house: House, alert: dict[str, Any]
) -> None:
    contact = add_contact(house, cast.bob)
    owe_newest(house, cast.clinic, contact)
    claimed = claim(house, cast.clinic, contact)
    first, again = write(house, claimed), write(house, claimed)

    assert first is not None
    assert again == first
    token = path_in(house, first).removeprefix("/a/")
    assert re.fullmatch("[A-Za-z0-9_-]{43}", token)
    assert token not in str(everything(house))
    if house.database.file is not None:
        for file in Path(house.database.file).parent.glob("diary.db*"):
            assert token.encode() not in file.read_bytes()


def test_two_contacts_have_two_links(cast: Cast, house: House, alert: dict[str, Any]) -> None:
    assert len({page(house, who) for who in (cast.bob, cast.bob, cast.dana)}) == 3


def test_what_is_not_wanted_any_more_is_not_written(
    cast: Cast, house: House, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    contact = add_contact(house, cast.bob)
    owe_newest(house, cast.clinic, contact)
    claimed = claim(house, cast.clinic, contact)
    cast.dana.acknowledge(alert)

    assert write(house, claimed) is None


def test_what_another_engine_took_over_is_not_written(
    cast: Cast, house: House, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    from diary.webhooks import queue

    contact = add_contact(house, cast.bob)
    owe_newest(house, cast.clinic, contact)
    lost = claim(house, cast.clinic, contact)
    clock.advance(seconds=15)
    with house.work(ENGINE) as work:
        queue.release_lost(work)
    taken = claim(house, cast.clinic, contact)

    assert write(house, lost) is None
    assert write(house, taken) is not None


def test_the_page_speaks_the_browsers_language_or_the_clinics(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    spanish = api.send("GET", link, headers=SPANISH)
    assert b'<html lang="es">' in spanish.body
    assert heading(spanish) == "Alguien tiene que mirar esta alerta"
    german = api.send("GET", link, headers={"Accept-Language": "de"})
    assert b'<html lang="en">' in german.body
    change_clinic(house, cast, locale="es")
    assert b'<html lang="es">' in api.get(link).body
    english = api.send("GET", link, headers={"Accept-Language": "en-GB"})
    assert b'<html lang="en">' in english.body


def test_a_moment_of_another_day_has_its_day(
    cast: Cast, house: House, api: Api, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    clock.advance(days=1)
    assert "Opened Mon 2 Mar, 10:00" in words(api.get(link))
    assert "lun 2 mar, 10:00" in words(api.send("GET", link, headers=SPANISH))


def test_a_clinics_name_is_text(cast: Cast, house: House, api: Api, alert: dict[str, Any]) -> None:
    link = page(house, cast.bob)
    change_clinic(house, cast, name='<b onclick="x">Clinic</b> {severity}')
    shown = api.get(link)
    assert b"<b" not in shown.body.replace(b"<body>", b"").replace(b"<button", b"")
    assert '<b onclick="x">Clinic</b> {severity}' in unescape(shown.body.decode())


def test_the_page_is_shut_in(cast: Cast, house: House, api: Api, alert: dict[str, Any]) -> None:
    link = page(house, cast.bob)
    for shown in (api.get(link), api.post(link), api.get("/a/nothing")):
        headers = shown.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<script" not in shown.body


def test_parameters_that_were_appended_on_the_way_do_no_harm(
    cast: Cast, house: House, api: Api, alert: dict[str, Any]
) -> None:
    link = page(house, cast.bob)
    assert api.get(link, utm_source="mail").status == 200
    assert api.form(f"{link}?fbclid=1", anything="else").status == 200


def test_a_drill_says_so(cast: Cast, house: House, api: Api, alert: dict[str, Any]) -> None:
    from diary.alerts.model import alerts

    link = page(house, cast.bob)
    assert "DRILL" not in words(api.get(link))
    with house.work(OPERATOR) as work:
        work.execute(update(alerts).values(drill=True))
    assert words(api.get(link)).startswith("DRILL")


def test_a_high_alert_is_held_for_an_hour(cast: Cast, house: House, api: Api) -> None:
    cast.alice.check_in(si=3)
    shown = api.post(page(house, cast.bob))
    assert heading(shown) == "You have it until 11:00"
    held = cast.bob.alerts()[0]
    assert held["next_action_at"].startswith(
        (house.clock.now() + timedelta(hours=1)).isoformat()[:19]
    )
