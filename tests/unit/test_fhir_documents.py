"""Files before anything in them is understood; and whatever else is thrown at the reader."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.errors import Invalid
from diary.instruments.fhir import documents, reading
from diary.instruments.fhir.documents import DEEPEST, LARGEST, Refusal
from diary.instruments.fhir.reading import read
from diary.instruments.matching import match
from diary.instruments.scoring import PROFILES
from tests.questionnaires import item, phq9, questionnaire
from tests.unit.test_fhir_reading import COMPOSED, EXPANDED, in_group, refused, value_set, when


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    document, found = reading.read_bytes(b"\xef\xbb\xbf" + json.dumps(phq9()).encode())
    assert document == phq9()
    assert len(found.items) == 11


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b'{"resourceType": "Questionnaire",}', "not_json"),
        (b'\xff\xfe{\x00"\x00', "not_json"),
        (b'{"a": "\xe9"}', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'<?xml version="1.0"?><Questionnaire/>', "xml"),
        (b"\xef\xbb\xbf  <Questionnaire/>", "xml"),
        (b"[]", "wrong_type"),
        (b'{"item": 1, "item": 2}', "member_twice"),
        (b'{"item": [{"a": 1, "b": {"c": 1, "c": 1}}]}', "member_twice"),
        (b'{"a": "\\u0000"}', "invalid_text"),
        (b'{"\\u0000": 1}', "invalid_text"),
        (b'{"a": [' + b"1," * 500_000 + b"1]}", "too_many"),
        (b'{"a":' * DEEPEST + b"{}" + b"}" * DEEPEST, "too_deep"),
        (b'{"a":"' + b"x" * LARGEST + b'"}', "too_large"),
    ],
)
def test_a_file_that_is_not_read(raw: bytes, code: str) -> None:
    assert refused(raw) == {"": code}


def test_the_largest_and_the_deepest_file() -> None:
    frame = b'{"a":""}'
    assert documents.parsed(b'{"a":"' + b"x" * (LARGEST - len(frame)) + b'"}')
    deep = b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1)
    assert documents.parsed(deep)


def test_a_text_with_the_letters_of_an_escape_is_no_fault() -> None:
    assert documents.parsed(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}


def test_the_same_document_is_written_the_same() -> None:
    one, other = {"b": 1, "a": [{"d": "é", "c": None}]}, {"a": [{"c": None, "d": "é"}], "b": 1}
    assert documents.canonical(one) == documents.canonical(other)


# --- whatever comes ------------------------------------------------------------------------------

_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_JSON = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
_PLACES = st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=8)


def put(document: Any, places: list[int], value: object) -> None:
    """Replace some part of a document, wherever these places lead."""
    for place in places:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not keys:
            return
        key = keys[place % len(keys)]
        if not isinstance(document[key], dict | list) or place is places[-1]:
            document[key] = value
            return
        document = document[key]


def only_declared(document: object) -> None:
    with suppress(Refusal, Invalid):
        found = read(document)
        match(found, PROFILES)
        match(found, PROFILES, profile="madrs-s")


@settings(deadline=1_000)
@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_read_or_refused(raw: bytes) -> None:
    with suppress(Refusal):
        reading.read_bytes(raw)


@settings(deadline=1_000)
@given(_JSON)
def test_any_document_is_read_or_refused(document: object) -> None:
    only_declared(document)
    only_declared({"resourceType": "Questionnaire", "item": document})
    only_declared({"resourceType": "Questionnaire", "item": [document]})


@settings(deadline=1_000)
@given(st.lists(st.tuples(_PLACES, _JSON), min_size=1, max_size=3))
def test_a_questionnaire_with_anything_in_it_is_read_or_refused(
    changes: list[tuple[list[int], object]],
) -> None:
    document = questionnaire(
        [
            item("44250-9", enableWhen=[when("b")]),
            in_group(item(None, "c", answerValueSet="#often"), item(None, "b", type="boolean")),
        ],
        contained=[value_set(**COMPOSED), value_set(id="more", **EXPANDED)],
    )
    document = deepcopy(document)
    for places, value in changes:
        put(document, places, value)
    only_declared(document)
