"""The acknowledgement page in a real browser, at the width of a phone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from diary.work import House
from tests.browser.conftest import phone
from tests.cast import Cast
from tests.contacts import page as sent_link

pytestmark = pytest.mark.browser

PHONES = [(320, 640), (390, 844)]
SCHEMES = ["light", "dark"]
# Every text, with the colours that it is really drawn in.
_COLOURS = """() => [...document.querySelectorAll('p, h1, dt, dd, button')].map(found => {
  let under = found, back = 'rgba(0, 0, 0, 0)'
  while (under && back === 'rgba(0, 0, 0, 0)') {
    back = getComputedStyle(under).backgroundColor
    under = under.parentElement
  }
  const numbers = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
  return [found.textContent.trim(), numbers(getComputedStyle(found).color), numbers(back)]
})"""


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures are kept, if someone wants to look at them: `--shots FOLDER`."""
    wanted = request.config.getoption("--shots")
    return Path(wanted) if wanted else None


def luminance(colour: list[float]) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[float], other: list[float]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check_accessible(page: Page, language: str) -> None:
    """What a screen reader, a narrow screen and weak eyes need."""
    assert page.evaluate("document.documentElement.lang") == language
    assert page.title()
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.evaluate("document.scripts.length") == 0
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= seen, "the page scrolls sideways"
    for text, colour, back in page.evaluate(_COLOURS):
        assert contrast(colour, back) >= 4.5, f"{text!r} is hard to read: {colour} on {back}"
    # The style is let in by its hash: without it the page would be bare.
    assert page.evaluate("getComputedStyle(document.querySelector('main')).paddingTop") != "0px"


def keep(page: Page, shots: Path | None, name: str) -> None:
    if shots is not None:
        page.screenshot(path=shots / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "height"), PHONES)
def test_a_member_takes_an_alert_from_the_phone(
    browser: Browser,
    served: str,
    cast: Cast,
    house: House,
    shots: Path | None,
    width: int,
    height: int,
    scheme: str,
) -> None:
    cast.alice.check_in(si=4)
    link = served + sent_link(house, cast.bob)
    with phone(browser, width, height, color_scheme=scheme, locale="en-GB") as page:
        page.goto(link)
        check_accessible(page, "en")
        button = page.get_by_role("button", name="I have it", exact=True)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= height, "the button is below the fold"
        keep(page, shots, f"open-{width}-{scheme}")

        # By the keyboard alone: the button is the one thing there is to reach.
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.locator("h1").inner_text() == "You have it until 10:15"
        assert page.get_by_role("button").count() == 0
        check_accessible(page, "en")
        keep(page, shots, f"yours-{width}-{scheme}")
        page.reload()
        assert page.locator("h1").inner_text() == "You have it until 10:15"
    assert cast.dana.alerts()[0]["status"] == "acknowledged"


def _held(cast: Cast) -> None:
    cast.dana.acknowledge(cast.dana.alerts()[0])


def _worse(cast: Cast) -> None:
    cast.alice.check_in(si=5)


def _resolved(cast: Cast) -> None:
    cast.dana.resolve(cast.dana.alerts()[0])


ENDS: Mapping[str, Any] = {"held": _held, "worse": _worse, "resolved": _resolved}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("end", ENDS)
def test_who_comes_too_late_is_told_so(
    browser: Browser,
    served: str,
    cast: Cast,
    house: House,
    shots: Path | None,
    end: str,
    scheme: str,
) -> None:
    cast.alice.check_in(si=4)
    link = served + sent_link(house, cast.bob)
    with phone(browser, 320, 640, color_scheme=scheme, locale="es-ES") as page:
        page.goto(link)
        ENDS[end](cast)
        with page.expect_navigation():
            page.get_by_role("button", name="Me encargo yo").click()
        assert page.locator("main").get_attribute("class") == end
        assert page.get_by_role("button").count() == 0
        check_accessible(page, "es")
        keep(page, shots, f"{end}-{scheme}")


def test_a_link_that_is_none(browser: Browser, served: str, cast: Cast, shots: Path | None) -> None:
    with phone(browser, 320, 640, locale="en-GB") as page:
        answer = page.goto(f"{served}/a/nothing")
        assert answer is not None
        assert answer.status == 404
        check_accessible(page, "en")
        keep(page, shots, "absent")


def test_long_names_and_large_text_still_fit(
    browser: Browser, served: str, cast: Cast, house: House, shots: Path | None
) -> None:
    from diary.access import clinics

    with house.work(cast.erin.caller) as work:
        clinics.change(work, name="Krankenhausverwaltungsgesellschaft" * 3)
    cast.alice.check_in(si=4)
    link = served + sent_link(house, cast.bob)
    with phone(browser, 320, 640, locale="es-ES") as page:
        page.goto(link)
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        wide, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen
        keep(page, shots, "long-and-large")
