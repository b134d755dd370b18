"""What a person is written on a phone: short, clear, and without anything about the patient."""

from typing import Any

import pytest

from diary.alerts.situation import Reason
from diary.alerts.texts import LONGEST, text_of
from schemas.events import EVENTS

REFERENCE = "pt_mzxw6ytboi4dcmrt"
LINK = "https://interlude.a-rather-long-name.example/a/" + "x" * 43
LONG_NAME = "The Clinic of the Long and Winding Name by the River " * 3


def data(**more: Any) -> dict[str, Any]:
    return {"patient": REFERENCE, "severity": "critical", "link": "https://d.example/v1"} | more


def test_a_page() -> None:
    text = text_of(
        "alert.triggered", data(reason="opened"), clinic="The Harbour", locale="en", link=LINK
    )
    assert text.title == "Interlude: critical alert"
    assert text.body == (
        f"The Harbour, {REFERENCE}. Nobody has it yet. Look, and say that you have it: {LINK}"
    )


def test_a_page_in_spanish() -> None:
    text = text_of(
        "alert.exhausted", data(reason="exhausted"), clinic="El Río", locale="es-MX", link=LINK
    )
    assert text.title == "Interlude: alerta crítica"
    assert text.body.startswith(f"El Río, {REFERENCE}. Nadie ha respondido.")


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("severity", ["low", "moderate", "high", "critical"])
@pytest.mark.parametrize("reason", [*Reason, None])
@pytest.mark.parametrize("kind", EVENTS)
def test_every_message_fits_and_has_words(
    kind: str, reason: Reason | None, severity: str, locale: str
) -> None:
    told = data(reason=reason, severity=severity, drill=True)
    text = text_of(kind, told, clinic=LONG_NAME, locale=locale, link=LINK)
    assert len(text.title) + len(text.body) + 2 <= LONGEST
    assert text.title.startswith("DRILL" if locale == "en" else "SIMULACRO")
    assert LINK in text.body
    assert "{" not in text.title + text.body


def test_a_message_or_a_reason_without_words_of_its_own_is_still_told() -> None:
    page = text_of("alert.triggered", data(reason="moonrise"), clinic="C", locale="fr", link=LINK)
    other = text_of("ping", {}, clinic="C", locale="en", link=None)
    assert LINK in page.body
    assert (other.title, other.body) == ("Interlude: a message", "C.")


def test_nothing_of_what_a_message_may_carry_slips_in() -> None:
    told = data(reason="opened", note="SECRET", name="SECRET", answers={"si": "SECRET"})
    assert "SECRET" not in str(text_of("alert.triggered", told, clinic="C", locale="en", link=LINK))
