"""Phrases of a clinic's list, found in a note however it is written."""

from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.rules import writing
from diary.rules.default import DEFAULT
from diary.rules.default_suicidality import PHRASES
from diary.rules.phrases import MAX_PHRASES, found
from diary.rules.ruleset import RuleSet, RuleSetFaults

LISTED = {"en": ("end my life", "don't want to live"), "es": ("no quiero vivir", "mejor sin mí")}


@pytest.mark.parametrize(
    ("note", "holds"),
    [
        ("I want to end my life.", ["end my life"]),
        ("END MY LIFE", ["end my life"]),
        ("Should I end…my\n\n life?!", ["end my life"]),
        ("end my\u00a0life", ["end my life"]),
        ("en\u00add my li\u200bfe", ["end my life"]),
        ("énd mỳ lïfe", ["end my life"]),
        ("e\u0301nd my life", ["end my life"]),
        ("ｅｎｄ ｍｙ ｌｉｆｅ", ["end my life"]),
        ("“end my life”", ["end my life"]),
        ("'end my life'", ["end my life"]),
        ("I don't want to live", ["don't want to live"]),
        ("I don’t want to live", ["don't want to live"]),
        ("I dont want to live", ["don't want to live"]),
        ("I don t want to live", ["don't want to live"]),
        ("No quiero vivir. End my life", ["end my life", "no quiero vivir"]),
        ("mejor sin mi", ["mejor sin mí"]),
        ("end my lifetime", []),
        ("bend my life", []),
        ("end my own life", []),
        ("end my", []),
        ("endmylife", []),
        ("", []),
        ("...", []),
    ],
)
def test_a_phrase_is_found_however_it_is_written(note: str, holds: list[str]) -> None:
    assert list(found(note, LISTED)) == holds


def test_an_apostrophe_parts_words_or_joins_them() -> None:
    assert found("pense à l’aube", {"fr": ("aube",)}) == ("aube",)
    assert found("pense à laube", {"fr": ("l'aube",)}) == ("l'aube",)


def test_without_a_list_nothing_is_found() -> None:
    assert found("end my life", {}) == ()


def test_the_same_phrase_in_two_lists_is_found_once() -> None:
    assert found("no way out", {"en": ("no way out",), "es": ("no way out",)}) == ("no way out",)


@pytest.mark.parametrize(
    ("locale", "phrase"),
    [(loc, each) for loc, listed in DEFAULT.phrases.items() for each in listed],
)
def test_every_phrase_that_ships_is_found(locale: str, phrase: str) -> None:
    assert phrase in found(f"Today: {phrase.upper()}, again.", DEFAULT.phrases)


def test_a_plain_day_holds_no_phrase_that_ships() -> None:
    note = "Walked the dog; a lively, life-like film to end my day. Quiero vivir en la costa."
    assert found(note, PHRASES) == ()


words = st.text("abcdeñéü", min_size=1, max_size=6)
gaps = st.text(' \t\n.,;:!?—"“”()-_\u00a0', min_size=1, max_size=4)


@given(st.lists(words, min_size=1, max_size=5), st.data())
def test_gaps_case_and_what_stands_around_do_not_matter(
    phrase: list[str], data: st.DataObject
) -> None:
    def written(word: str) -> str:
        return data.draw(st.sampled_from([word, word.upper(), word.title()]))

    inner = written(phrase[0]) + "".join(data.draw(gaps) + written(word) for word in phrase[1:])
    around = [data.draw(st.lists(words, max_size=3).map(" ".join)) for _ in range(2)]
    note = around[0] + data.draw(gaps) + inner + data.draw(gaps) + around[1]
    assert found(note, {"en": (" ".join(phrase),)}) == (" ".join(phrase),)


@given(st.text(), st.text(min_size=2, max_size=100))
def test_any_note_is_searched_for_any_phrase(note: str, phrase: str) -> None:
    assert found(note, {"en": (phrase,)}) in ((), (phrase,))


@pytest.mark.parametrize(
    "note",
    ["a " * 100_000, "a" * 200_000, "\u0301\u0323\u0327" * 70_000, "\ufdfa" * 20_000],
    ids=["words", "letters", "accents", "ligatures"],
)
def test_a_hostile_note_costs_what_its_length_does(note: str) -> None:
    phrases = {"en": ("a " * 40 + "b", "b" + " a" * 40, "a" * 99 + "b")}
    assert found(note, phrases) == ()

    def cost(text: str) -> float:
        began = perf_counter()
        found(text, phrases)
        return perf_counter() - began

    shorter = min(cost(note[: len(note) // 16]) for _ in range(3))
    # Sixteen times the length; anything quadratic would take two hundred times as long.
    assert min(cost(note) for _ in range(2)) < 80 * shorter


RULES = writing.to_document(RuleSet(DEFAULT.rules))["rules"]


def test_phrases_come_back_from_their_document_and_may_be_left_out() -> None:
    assert writing.parse(writing.to_document(DEFAULT)).phrases == PHRASES
    without = {"rules": [rule for rule in RULES if rule["code"] != "R17"]}
    assert writing.parse(without).phrases == {}
    assert "phrases" not in writing.to_document(writing.parse(without))


@pytest.mark.parametrize(
    ("phrases", "pointer", "code"),
    [
        (None, "/phrases", "malformed"),
        (["end it"], "/phrases", "malformed"),
        ({"English": ["end it"]}, "/phrases", "malformed"),
        ({f"a{chr(97 + i)}": ["end it"] for i in range(21)}, "/phrases", "malformed"),
        ({"en": []}, "/phrases/en", "wrong_length"),
        ({"en": ["end it"] * (MAX_PHRASES + 1)}, "/phrases/en", "wrong_length"),
        ({"en": "end it"}, "/phrases/en", "wrong_length"),
        ({"en": ["end it", "a"]}, "/phrases/en/1", "malformed"),
        ({"en": ["a1"]}, "/phrases/en/0", "malformed"),
        ({"en": ["?!"]}, "/phrases/en/0", "malformed"),
        ({"en": ["a" * 101]}, "/phrases/en/0", "malformed"),
        ({"en": [7]}, "/phrases/en/0", "malformed"),
        ({}, "/phrases", "empty"),
    ],
)
def test_lists_that_are_none(phrases: Any, pointer: str, code: str) -> None:
    with pytest.raises(RuleSetFaults) as refused:
        writing.parse({"rules": RULES, "phrases": phrases})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(pointer, code)]


@pytest.mark.parametrize(
    "phrases", [{"en": ["ab"]}, {"pt-BR": ["a" * 100] * MAX_PHRASES}, {"es": ["¡a b!"]}]
)
def test_lists_at_their_limits(phrases: Any) -> None:
    assert writing.parse({"rules": RULES, "phrases": phrases}).phrases == {
        locale: tuple(listed) for locale, listed in phrases.items()
    }


def test_a_rule_that_looks_for_phrases_without_any_listed_is_refused() -> None:
    with pytest.raises(RuleSetFaults) as refused:
        writing.parse({"rules": RULES})
    assert [(f.pointer, f.code) for f in refused.value.faults] == [("/phrases", "empty")]
