"""Whom to call: every country that is listed, and everybody else."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from diary.crisis import contacts as module
from diary.crisis.contacts import CountryContacts, contacts_for

LISTED: tuple[str, ...] = tuple(
    json.loads(Path(module.__file__).with_name("contacts.json").read_text("utf-8"))["countries"]
)


def lines(found: CountryContacts) -> dict[str, tuple[str | None, str | None]]:
    return {contact.name: (contact.call, contact.text) for contact in found.contacts}


@pytest.mark.parametrize(
    ("country", "emergency", "call", "text"),
    [
        ("US", ("911",), "988", "988"),
        ("CA", ("911",), "988", "988"),
        ("GB", ("999",), "116 123", None),
        ("IE", ("112", "999"), "116 123", None),
        ("FR", ("112", "15"), "3114", None),
        ("NL", ("112",), "113", None),
        ("AU", ("000",), "13 11 14", "0477 13 11 14"),
        ("NZ", ("111",), "1737", "1737"),
        ("DE", ("112",), "0800 1110111", None),
        ("ES", ("112",), "024", None),
        ("IT", ("112",), "02 2327 2327", None),
    ],
)
def test_a_country_has_its_emergency_number_and_its_first_line(
    country: str, emergency: tuple[str, ...], call: str, text: str | None
) -> None:
    found = contacts_for(country)
    assert found.emergency_numbers == emergency
    assert (found.contacts[0].call, found.contacts[0].text) == (call, text)


def test_a_text_line_says_what_to_write() -> None:
    shout, fifty = contacts_for("GB").contacts[1], contacts_for("IE").contacts[1]
    assert (shout.text, shout.text_word, shout.call) == ("85258", "SHOUT", None)
    assert (fifty.text, fifty.text_word) == ("50808", "HELLO")


def test_the_netherlands_has_a_second_number() -> None:
    assert [contact.call for contact in contacts_for("NL").contacts] == ["113", "0800 0113"]


def test_a_country_of_the_union_without_lines_of_its_own_still_has_112() -> None:
    found = contacts_for("PT")
    assert (found.country, found.listed_as, found.emergency_numbers) == ("PT", "EU", ("112",))
    assert found.contacts[0].web == "https://findahelpline.com"


def test_each_member_of_the_union_has_112() -> None:
    members = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK"
    codes = {members[at : at + 2] for at in range(0, len(members), 2)}
    assert len(codes) == 27
    assert all("112" in contacts_for(code).emergency_numbers for code in codes)


@pytest.mark.parametrize("country", ["BR", "ZZ", "QQ"])
def test_elsewhere_no_number_is_guessed(country: str) -> None:
    found = contacts_for(country)
    assert (found.country, found.listed_as, found.emergency_numbers) == (country, "ZZ", ())
    assert found.contacts[0].web == "https://findahelpline.com"


@pytest.mark.parametrize("country", [None, "", "  ", "U", "USA", "1&x", "ßß", "é?", "\x00\x00"])
def test_what_is_no_country_at_all_is_answered_too(country: str | None) -> None:
    assert contacts_for(country).country == "ZZ"
    assert contacts_for(country).contacts


@pytest.mark.parametrize(("asked", "listed_as"), [("us", "US"), (" nz ", "NZ"), ("UK", "GB")])
def test_a_country_is_known_however_it_is_written(asked: str, listed_as: str) -> None:
    assert contacts_for(asked).listed_as == listed_as


@pytest.mark.parametrize("country", LISTED)
def test_every_entry_can_be_dialled_and_traced(country: str) -> None:
    found = contacts_for(country)
    assert date.fromisoformat(found.verified_on) == date(2026, 11, 23)
    assert found.source.startswith(("https://", "http://"))
    assert all(re.fullmatch(r"\d{2,3}", number) for number in found.emergency_numbers)
    assert found.contacts
    for contact in found.contacts:
        assert contact.call or contact.text or contact.web
        for number in filter(None, (contact.call, contact.text)):
            assert re.fullmatch(r"\d+( \d+)*", number)
        for address in filter(None, (contact.chat, contact.web)):
            assert address.startswith("https://")
        assert contact.source.startswith(("https://", "http://"))
        assert contact.hours is None or re.fullmatch(r"24/7|\d\d:\d\d–\d\d:\d\d", contact.hours)


def test_a_line_that_closes_at_night_says_so() -> None:
    assert contacts_for("IT").contacts[0].hours == "09:00–24:00"
    assert lines(contacts_for("IT")) == {"Telefono Amico Italia": ("02 2327 2327", None)}
