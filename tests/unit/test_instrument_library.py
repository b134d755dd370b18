"""The library: what was published stays as it was, and says everything in every locale."""

import hashlib
from collections.abc import Iterator

import pytest

from diary.instruments.library import FOLDER, Instrument, closest, find, localised, published
from diary.instruments.measures import GROUPS, Choices, Scale

# A change of wording is a new version in a new file with a line of its own here, never a new
# digest for an old one: people's answers are pinned to the words that they read.
DIGESTS = {
    "daily-check-in.1.0.0.json": "8ebca2b05b6a964b999c05368d9670f60eac8d69a021e3dff624e6d5058cb500",
    "weekly-check-in.1.0.0.json": (
        "79d4f0f93345cc5a2fb78eaf6d0f386d54d3f63cd4336289cf1c43cbce2299b3"
    ),
}
ORDER = (
    *("mood", "anxiety"),
    *("dissociation_surroundings", "dissociation_body"),
    *("dissociation_time", "dissociation_memory"),
    *("nausea", "headache", "bladder_discomfort", "craving"),
    *("drove_before_next_morning", "used_ketamine_elsewhere"),
    *("si_gate", "si", "si_act", "safe_now"),
)


@pytest.fixture
def daily() -> Instrument:
    instrument = find("daily-check-in", "1.0.0")
    assert instrument is not None
    return instrument


@pytest.fixture
def weekly() -> Instrument:
    instrument = find("weekly-check-in", "1.0.0")
    assert instrument is not None
    return instrument


every_instrument = pytest.mark.parametrize(
    "instrument", published(), ids=lambda one: f"{one.slug} {one.version}"
)


def texts(part: object) -> Iterator[dict[str, str]]:
    """Every text of a document: a mapping that holds English."""
    if isinstance(part, list):
        for each in part:
            yield from texts(each)
    elif isinstance(part, dict):
        if "en" in part:
            yield part
        else:
            yield from texts(list(part.values()))


def test_a_published_file_never_changes() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir()}
    assert found == DIGESTS


def test_a_file_is_named_after_its_slug_and_version() -> None:
    assert {f"{one.slug}.{one.version}.json" for one in published()} == set(DIGESTS)


@every_instrument
def test_every_text_is_there_in_every_locale(instrument: Instrument) -> None:
    found = list(texts(dict(instrument.document)))
    assert len(found) > len(instrument.items)
    for text in found:
        assert set(text) == set(instrument.locales)
        assert all(said == said.strip() and said for said in text.values())


def test_the_items_come_in_their_order_and_suicidality_last(daily: Instrument) -> None:
    assert tuple(item.id for item in daily.items) == ORDER
    assert [item.id for item in daily.items if item.measure == "suicidality"] == list(ORDER[-4:])


def test_only_the_after_effects_and_the_ladder_may_be_left_out(daily: Instrument) -> None:
    optional = {item.id for item in daily.items if not item.required}
    after_effects = {item.id for item in daily.items if item.measure == "after_effects"}
    assert optional == after_effects | {"si"}
    assert {item.within_hours_of_infusion for item in daily.items if item.id in after_effects} == {
        48
    }


def test_the_ladder_climbs_from_no_thought_to_a_plan_with_intent(daily: Instrument) -> None:
    ladder = next(item for item in daily.items if item.id == "si")
    assert list(ladder.labels) == [0, 1, 2, 3, 4, 5]
    assert (ladder.minimum, ladder.maximum) == (0, 5)
    words = ["did not", "better to be dead", "ending", "a way", "meant to", "a plan"]
    for said, expected in zip(ladder.labels.values(), words, strict=True):
        assert expected in said["en"]


def test_the_ladder_is_asked_after_a_positive_gate_only(daily: Instrument) -> None:
    conditions = {item.id: item.asked_when for item in daily.items if item.asked_when}
    assert set(conditions) == {"si"}
    assert (conditions["si"].item, conditions["si"].code) == ("si_gate", "yes")


@every_instrument
def test_the_words_beside_a_scale_lie_on_it_and_its_ends_have_some(instrument: Instrument) -> None:
    for item in instrument.items:
        if item.kind == "choice":
            assert item.codes == tuple(item.labels)
            continue
        assert item.minimum is not None
        assert item.maximum is not None
        assert {item.minimum, item.maximum} <= set(item.labels)
        assert set(item.labels) <= set(range(item.minimum, item.maximum + 1))


def test_the_codes_are_those_that_the_rules_read(daily: Instrument) -> None:
    codes = {item.id: item.codes for item in daily.items if item.measure == "suicidality"}
    expected = {"si_gate": ("no", "yes"), "si_act": ("no", "yes")}
    assert codes == expected | {"si": (), "safe_now": ("yes", "unsure", "no")}


def test_the_weekly_check_in_asks_for_each_of_its_measures_once(weekly: Instrument) -> None:
    assert [item.id for item in weekly.items] == list(GROUPS["weekly-check-in"])
    for item in weekly.items:
        assert item.measure == item.id
        measure = GROUPS["weekly-check-in"][item.measure]
        if isinstance(measure, Scale):
            assert (item.minimum, item.maximum) == (measure.low, measure.high)
            assert list(item.labels) == [0, 1, 2, 3, 4]
        else:
            assert isinstance(measure, Choices)
            assert item.codes == measure.options


def test_a_weekly_question_is_about_seven_days_and_has_to_be_answered_or_declined(
    weekly: Instrument,
) -> None:
    assert weekly.recall_hours == 7 * 24
    for item in weekly.items:
        assert item.required
        assert item.text["en"].startswith("In the last 7 days, ")
        assert item.text["es"].startswith("En los últimos 7 días, ")


@every_instrument
def test_the_notice_says_what_it_is_not_and_what_to_do_in_danger(instrument: Instrument) -> None:
    assert "not a validated screening tool" in instrument.notice["en"]
    assert "not all the time" in instrument.notice["en"]
    assert "do not wait" in instrument.notice["en"]
    assert "112" in instrument.notice["es"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [("es", "es"), ("es-MX", "es"), ("ES_es", "es"), ("en-GB", "en"), ("fr-FR", "en"), ("", "en")],
)
def test_a_phone_gets_the_closest_locale(daily: Instrument, asked: str, given: str) -> None:
    assert localised(daily, asked)["locale"] == given


@pytest.mark.parametrize(
    ("offered", "asked", "given"),
    [
        (("en", "de-AT"), "de-DE", "de-AT"),
        (("en", "de-AT", "de"), "de-DE", "de"),
        (("en", "de-AT", "de-DE"), "de_de", "de-DE"),
        (("en", "de-AT"), "de", "de-AT"),
        (("zh-Hans", "zh-Hant"), "zh-Hant-TW", "zh-Hant"),
        (("zh-Hans", "zh-Hant-HK"), "zh-Hant", "zh-Hant-HK"),
        (("es", "en-GB"), "fr", "en-GB"),
        (("es", "pt"), "fr", "es"),
        (("dee", "en"), "de", "en"),
    ],
)
def test_any_tag_of_the_same_language_comes_before_another_language(
    offered: tuple[str, ...], asked: str, given: str
) -> None:
    assert closest(offered, asked) == given


def test_what_a_phone_shows_has_one_language(daily: Instrument) -> None:
    shown = localised(daily, "es")
    assert shown["title"] == daily.title["es"]
    assert shown["declined"] == {"code": "declined", "text": daily.declined_text["es"]}
    assert not list(texts(shown))
    assert shown["items"][13]["asked_when"] == {"item": "si_gate", "is": "yes"}
    assert shown["items"][13]["options"][0] == {"value": 0, "text": "No tuve pensamientos así"}


def test_a_version_that_was_never_published_is_not_found() -> None:
    assert find("daily-check-in", "0.9.0") is None
    assert find("sleep-diary", "1.0.0") is None
