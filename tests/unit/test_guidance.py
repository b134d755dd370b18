"""What a person reads right after an answer, and what their phone keeps for a time without one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from string import Formatter

import pytest

from diary.crisis.coverage import coverage, texts
from diary.crisis.guidance import Guidance, GuidanceLevel, crisis_pack, guidance
from diary.severity import Severity

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVERY = (None, *Severity)
COUNTRIES = ("US", "GB", "ES", "IT", "PT", "BR", None)


def told(
    severity: Severity | None,
    country: str | None = "US",
    locale: str = "en",
    phone: str | None = "+1 555 0100",
    name: str = "North Clinic",
    looking: bool = False,
) -> Guidance:
    return guidance(
        severity,
        country=country,
        locale=locale,
        clinic_name=name,
        clinic_phone=phone,
        coverage=coverage(None, NOW, locale),
        looking=looking,
    )


def sentences(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        assert isinstance(part, dict | list)
        for each in part.values() if isinstance(part, dict) else part:
            yield from sentences(each)


def shape(part: object) -> object:
    """Names and placeholders without the words, to compare one locale with another."""
    if isinstance(part, str):
        return {name for _, name, _, _ in Formatter().parse(part) if name}
    if isinstance(part, list):
        return [shape(each) for each in part]
    assert isinstance(part, dict)
    return {name: shape(each) for name, each in part.items()}


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (None, "none"),
        (Severity.LOW, "support"),
        (Severity.MODERATE, "support"),
        (Severity.HIGH, "urgent"),
        (Severity.CRITICAL, "emergency"),
    ],
)
def test_the_level_follows_the_severity(severity: Severity | None, level: str) -> None:
    assert told(severity).level == level
    assert GuidanceLevel.of(severity) == level


@pytest.mark.parametrize("looking", [False, True])
@pytest.mark.parametrize("severity", EVERY)
@pytest.mark.parametrize("locale", ["en", "es"])
def test_every_text_names_a_line_the_clinic_and_the_emergency_number(
    severity: Severity | None, locale: str, looking: bool
) -> None:
    text = told(severity, locale=locale, looking=looking).text
    assert "988" in text
    assert "911" in text
    assert "North Clinic" in text
    assert "+1 555 0100" in text


@pytest.mark.parametrize("severity", EVERY)
@pytest.mark.parametrize("locale", ["en", "es", "fr"])
@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("phone", ["+1 555 0100", None])
def test_no_text_is_ever_half_filled(
    severity: Severity | None, locale: str, country: str | None, phone: str | None
) -> None:
    said = told(severity, country, locale, phone)
    looked = told(severity, country, locale, phone, looking=True)
    for text in (said.text, looked.text, *crisis_pack(country, locale).texts.values()):
        assert text.strip() == text
        assert text.endswith(".")
        assert not [part for part in ("{", "}", "None", "  ", "..") if part in text]


def test_a_calm_answer_hears_that_help_is_there_any_time() -> None:
    assert "Help is there at any time" in told(None).text
    assert "Hay ayuda en cualquier momento" in told(None, locale="es").text


def test_an_emergency_starts_with_the_emergency_number() -> None:
    text = told(Severity.CRITICAL).text
    assert text.index("Call 911") < text.index("988") < text.index("North Clinic")


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_who_is_in_danger_is_told_not_to_wait_for_the_team(severity: Severity) -> None:
    assert "may not have seen it yet. Please do not wait for them." in told(severity).text
    assert "puede que aún no lo haya visto" in told(severity, locale="es").text


@pytest.mark.parametrize("locale", ["en", "es"])
def test_nothing_says_that_all_is_well_or_that_somebody_is_watching(locale: str) -> None:
    said = " ".join(sentences(texts()[locale])).lower()
    for promise in (
        *("you are safe", "you're safe", "is watching", "are watching"),
        *("someone will", "don't worry"),
        *("estás a salvo", "te vigila", "alguien te", "alguien leerá", "no te preocupes"),
    ):
        assert promise not in said


def test_numbers_stand_in_the_contacts_and_nowhere_else() -> None:
    for sentence in sentences(texts()):
        digits = sentence.replace("las 24 horas", "")
        assert not any(letter.isdigit() for letter in digits)


def test_both_locales_say_the_same_things_with_the_same_numbers() -> None:
    assert shape(texts()["en"]) == shape(texts()["es"])


def test_a_line_that_is_not_open_at_all_hours_comes_with_its_hours() -> None:
    assert "02 2327 2327 (09:00–24:00)" in told(None, "IT").text


def test_without_a_known_country_no_number_is_guessed() -> None:
    found = told(Severity.CRITICAL, "BR")
    assert found.emergency_numbers == ()
    assert "Call your local emergency number" in found.text
    assert "https://findahelpline.com" in found.text


def test_a_clinic_without_a_phone_is_not_offered() -> None:
    assert "North Clinic" not in told(Severity.HIGH, phone=None).text


def test_what_a_clinic_calls_itself_is_only_a_name() -> None:
    assert "{crisis} {0.__class__}" in told(Severity.HIGH, name="{crisis} {0.__class__}").text


@pytest.mark.parametrize(("asked", "given"), [("es-MX", "es"), ("en_GB", "en"), ("fr", "en")])
def test_the_closest_locale_answers_and_is_named(asked: str, given: str) -> None:
    assert told(None, locale=asked).locale == given
    assert crisis_pack("US", asked).locale == given


def test_it_carries_what_the_phone_needs() -> None:
    found = told(Severity.LOW, "nl", "es-ES")
    assert found.emergency_numbers == ("112",)
    assert [contact.call for contact in found.contacts] == ["113", "0800 0113"]
    assert found.crisis_pack == "/v1/crisis-pack?country=NL&locale=es"
    assert found.contacts_verified_on == "2026-11-23"
    assert found.coverage.open_now is None


def test_a_made_up_country_never_reaches_the_link() -> None:
    assert told(None, "X&a=b").crisis_pack == "/v1/crisis-pack?country=ZZ&locale=en"


def test_the_pack_is_the_same_help_without_a_network() -> None:
    pack, online = crisis_pack("IE", "en"), told(Severity.CRITICAL, "IE")
    assert (pack.country, pack.locale) == ("IE", "en")
    assert pack.emergency_numbers == online.emergency_numbers == ("112", "999")
    assert pack.contacts == online.contacts
    assert "call 112 or 999 now" in pack.texts["danger"]
    assert "116 123" in pack.texts["crisis"]
    assert "without internet" in pack.texts["offline"]


def test_the_version_of_a_pack_is_its_content() -> None:
    versions = {
        crisis_pack(country, said).version for country in COUNTRIES for said in ("en", "es")
    }
    assert len(versions) == 2 * len(COUNTRIES)
    assert crisis_pack("IE", "en").version == crisis_pack("ie", "en-IE").version
