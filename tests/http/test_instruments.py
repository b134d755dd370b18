"""The administrator brings a questionnaire; its words never change, and a licence comes first."""

from typing import Any

import pytest
from sqlalchemy import select

from diary.callers import OPERATOR
from diary.errors import Fault, Invalid
from diary.instruments import library, service
from diary.instruments.errors import AskedTooOften, LicenceNotAttested
from diary.instruments.fhir import writing
from diary.instruments.fhir.documents import LARGEST
from diary.instruments.fhir.reading import read
from diary.instruments.model import instruments
from diary.work import House
from tests.cast import Cast
from tests.client import Response
from tests.http.test_bad_input import faults, refused, stored
from tests.http.test_checkins import at_once
from tests.http.test_permissions import LICENCE
from tests.questionnaires import (
    DIFFICULTY,
    PHQ9,
    PHQ9_PANEL,
    TRANSLATION,
    gad7,
    item,
    phq9,
    questionnaire,
)

# The rule knows no database.
only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
URL = "/v1/instruments"
HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"


def bring(cast: Cast, document: dict[str, Any] | None = None, **more: Any) -> Response:
    """Erin imports a document: version 1 of it unless it says otherwise."""
    body = {"document": phq9(version="1") if document is None else document} | more
    return cast.erin.api.post(URL, body)


def codes(answer: Response) -> dict[str, bool]:
    return {line["code"]: line["warning"] for line in answer.json["report"]}


def listed(cast: Cast, who: str = "erin") -> dict[tuple[str, str], dict[str, Any]]:
    items = getattr(cast, who).api.get(URL).json["items"]
    return {(each["slug"], each["version"]): each for each in items if each["origin"] == "clinic"}


def schedule(cast: Cast, house: House, hours: int, slug: str = "phq-9", version: str = "1") -> None:
    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        service.schedulable(work, slug, version, hours_between=hours)


def unschedulable(cast: Cast, house: House, hours: int, **which: str) -> Fault:
    with pytest.raises(Fault) as fault:
        schedule(cast, house, hours, **which)
    return fault.value


# --- bringing one --------------------------------------------------------------------------------


def test_what_is_brought_is_matched_kept_and_listed(cast: Cast, house: House) -> None:
    answer = bring(cast, licence=LICENCE, source="The publisher's site")
    assert answer.status == 201, answer
    assert answer.json["profile"] == "phq-9"
    assert answer.json["items"] == [
        {"link_id": code, "item": f"item{number}"} for number, code in enumerate(PHQ9, 1)
    ]
    assert answer.json["licensed"] is True
    assert codes(answer) == {"never_scored": False}

    (shown,) = listed(cast).values()
    assert (shown["slug"], shown["version"], shown["locales"]) == ("phq-9", "1", ["en"])
    assert shown["shortest_interval_hours"] == 168
    assert shown["recall_hours"] == 336
    text = cast.alice.api.get(f"{URL}/phq-9/1").json
    assert [each["id"] for each in text["items"]][:9] == list(PHQ9)
    assert text["items"][8]["measure"] == "item9"
    assert text["items"][8]["options"][0]["code"] == "LA6568-5"
    assert text["declined"]["code"] == "declined"
    assert cast.bob.api.get(f"{URL}/phq-9/1/questionnaire").json == phq9(version="1")

    with house.work(OPERATOR.within(cast.clinic), write=False) as work:
        row = work.row(select(instruments).where(instruments.c.clinic_id == cast.clinic))
    assert row is not None
    assert (row.document, row.sha256) == (phq9(version="1"), answer.json["sha256"])
    assert (row.licence, row.attested_by) == (LICENCE["text"], cast.erin.id)
    assert (row.source, row.imported_by) == ("The publisher's site", cast.erin.id)


def test_a_stranger_sees_nothing_of_it(cast: Cast) -> None:
    bring(cast, licence=LICENCE)
    assert not [each for each in cast.charlie.api.get(URL).json["items"] if each["profile"]]
    for path in ("", "/questionnaire"):
        assert cast.frank.api.get(f"{URL}/phq-9/1{path}").code == "not-found"
    assert cast.grace.api.post(f"{URL}/phq-9/1/licence", LICENCE).code == "not-found"


def test_only_who_runs_the_clinic_brings_one(cast: Cast) -> None:
    body = {"document": phq9()}
    for who in (cast.alice, cast.bob, cast.dana):
        for path in (URL, f"{URL}/check"):
            assert who.api.post(path, body).code == "forbidden"


def test_a_check_keeps_nothing(cast: Cast, house: House) -> None:
    before = stored(house)
    answer = cast.erin.api.post(f"{URL}/check", {"document": gad7(panel=PHQ9_PANEL)})
    assert (answer.status, answer.json["profile"]) == (200, "gad-7")
    assert codes(answer)["mislabelled"] is True
    assert stored(house) == before


@only_sqlite
def test_what_nothing_scores_is_kept_and_said_loudly(cast: Cast, house: House) -> None:
    document = questionnaire([item(None, "a")])
    assert faults(bring(cast, document)) == {"/slug": "required"}
    answer = bring(cast, document, slug="sleep", licence=LICENCE)
    assert (answer.status, answer.json["profile"], answer.json["unscored"]) == (201, None, ["a"])
    assert answer.json["report"][0]["code"] == "unscored"
    assert answer.json["report"][0]["warning"] is True
    # Without a version of its own it is named by its digest.
    assert answer.json["version"] == answer.json["sha256"][:12]
    assert listed(cast)["sleep", answer.json["version"]]["recall_hours"] is None
    schedule(cast, house, 1, slug="sleep", version=answer.json["version"])


@only_sqlite
def test_the_clinic_names_a_profile_without_codes(cast: Cast) -> None:
    answers = [{"valueInteger": value} for value in range(7)]
    names = [f"q{number}" for number in range(1, 10)]
    document = questionnaire([item(None, name, answerOption=answers) for name in names])
    mapping = {name: f"item{10 - number}" for number, name in enumerate(names, 1)}
    answer = bring(cast, document, profile="madrs-s", mapping=mapping)
    assert {each["link_id"]: each["item"] for each in answer.json["items"]} == mapping
    for wrong, fault in (
        ({"profile": "madrs"}, {"/profile": "unknown"}),
        ({"profile": "madrs-s", "mapping": {"q1": 1}}, {"/mapping": "wrong_type"}),
        ({"profile": "madrs-s", "mapping": {"q1": "item1"}}, {"/mapping": "incomplete"}),
    ):
        assert faults(bring(cast, document, **wrong)) == fault


@only_sqlite
def test_a_phone_is_offered_what_recording_takes(cast: Cast) -> None:
    hidden = [{"url": HIDDEN, "valueBoolean": True}]
    document = phq9(version="1")
    document["item"][0]["type"] = "open-choice"
    document["item"] += [
        item(None, "why", type="open-choice"),
        item(None, "which", repeats=True),
        {
            "linkId": "office",
            "type": "group",
            "text": "For the office",
            "extension": hidden,
            "item": [item(None, "ward"), {"linkId": "note", "type": "display", "text": "A note"}],
        },
    ]
    answer = bring(cast, document, licence=LICENCE)
    assert codes(answer)["one_answer"] is False
    items = cast.alice.api.get(f"{URL}/phq-9/1").json["items"]
    # The total is read-only.
    assert [each["id"] for each in items] == [*PHQ9, DIFFICULTY, "why", "which"]
    assert not [each for each in items if "several" in each]
    assert [each["id"] for each in items if each.get("own_words")] == ["why"]

    def check_in(answers: dict[str, object]) -> int:
        envelope = {"instrument": "phq-9", "version": "1", "answers": answers}
        return cast.alice.check_in(envelope=envelope).status

    assert check_in({PHQ9[0]: "My own words"}) == 422
    assert check_in({"which": ["LA6568-5"]}) == 422
    assert check_in({"which": "LA6568-5", "why": "My own words"}) == 201


# --- a version never changes ---------------------------------------------------------------------


def test_the_same_document_again_is_the_one_that_is_there(cast: Cast, house: House) -> None:
    first = bring(cast)
    before = stored(house)
    again = bring(cast, dict(reversed(phq9(version="1").items())))
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert stored(house) == before
    licensed = bring(cast, licence=LICENCE)
    assert (licensed.status, licensed.json["licensed"]) == (200, True)


def test_a_change_of_wording_is_a_new_version(cast: Cast, house: House) -> None:
    bring(cast)
    before = stored(house)
    reworded = phq9(version="1", title="Another title")
    refused(bring(cast, reworded), 409, "instrument-version-taken")
    assert stored(house) == before
    assert bring(cast, reworded, version="2").status == 201
    assert set(listed(cast)) == {("phq-9", "1"), ("phq-9", "2")}


def test_of_imports_at_once_one_makes_the_version(cast: Cast) -> None:
    api = cast.erin.api
    answers = at_once(lambda: api.post(URL, {"document": phq9(version="1")}))
    assert sorted(answer.status for answer in answers).count(201) == 1
    assert {answer.status for answer in answers} == {200, 201}
    assert len({answer.json["id"] for answer in answers}) == 1


def in_spanish(**more: Any) -> dict[str, Any]:
    document = phq9(version="1", language="es", title="Un cuestionario")
    for each in document["item"]:
        each["text"] = f"Pregunta {each['linkId']}"
    return document | more


def test_a_translation_has_the_same_items_and_answers(cast: Cast, house: House) -> None:
    bring(cast, licence=LICENCE)
    dropped = in_spanish()
    dropped["item"] = dropped["item"][:-1]
    refused(bring(cast, dropped), 409, "instrument-locale-differs")
    assert bring(cast, in_spanish()).status == 201

    shown = listed(cast)["phq-9", "1"]
    assert shown["locales"] == ["en", "es"]
    for locale, word in (("es-MX", "Pregunta"), ("en", "Question"), ("fr", "Question")):
        text = cast.erin.api.get(f"{URL}/phq-9/1", locale=locale).json
        assert text["items"][0]["text"].startswith(word)
    es = cast.erin.api.get(f"{URL}/phq-9/1/questionnaire", locale="es").json
    assert es == in_spanish()


@pytest.mark.parametrize("licensed_first", [True, False])
def test_a_translation_without_a_licence_hides_no_version_that_has_one(
    cast: Cast, house: House, licensed_first: bool
) -> None:
    english, spanish = (phq9(version="1"), LICENCE), (in_spanish(), None)
    for document, licence in [english, spanish] if licensed_first else [spanish, english]:
        assert bring(cast, document, licence=licence).status == 201
    shown = listed(cast)["phq-9", "1"]
    assert (shown["licensed"], shown["licensed_locales"]) == (True, ["en"])
    assert set(shown["locales"]) == {"en", "es"}
    schedule(cast, house, 168)

    # Its own words need a licence of their own: until then a patient is shown the others.
    assert listed(cast, "alice")["phq-9", "1"]["locales"] == ["en"]
    for path in ("", "/questionnaire"):
        theirs = cast.alice.api.get(f"{URL}/phq-9/1{path}", locale="es")
        assert (theirs.status, b"Pregunta" in theirs.body) == (200, False)
        assert b"Pregunta" in cast.bob.api.get(f"{URL}/phq-9/1{path}", locale="es").body

    cast.erin.api.post(f"{URL}/phq-9/1/licence", LICENCE | {"locale": "es"})
    assert set(listed(cast, "alice")["phq-9", "1"]["locales"]) == {"en", "es"}
    assert b"Pregunta" in cast.alice.api.get(f"{URL}/phq-9/1", locale="es").body


@only_sqlite
def test_translations_within_a_document_are_languages_of_it(cast: Cast) -> None:
    said = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Cuánto?"}]
    document = phq9(version="1")
    translation = {"extension": [{"url": TRANSLATION, "extension": said}]}
    for each in document["item"]:
        each["_text"] = translation
        for option in each.get("answerOption", ()):
            option["valueCoding"]["_display"] = translation
    bring(cast, document, licence=LICENCE)
    assert listed(cast)["phq-9", "1"]["locales"] == ["en", "es"]
    text = cast.alice.api.get(f"{URL}/phq-9/1", locale="es").json
    assert (text["locale"], text["items"][0]["text"]) == ("es", "¿Cuánto?")


# --- a licence comes first -----------------------------------------------------------------------


def test_without_a_licence_nothing_is_put_before_a_patient(cast: Cast, house: House) -> None:
    assert bring(cast).json["licensed"] is False
    assert listed(cast, "alice") == {}
    assert cast.alice.api.get(f"{URL}/phq-9/1").code == "not-found"
    assert cast.bob.api.get(f"{URL}/phq-9/1").status == 200
    assert isinstance(unschedulable(cast, house, 168), LicenceNotAttested)

    attested = cast.erin.api.post(f"{URL}/phq-9/1/licence", LICENCE)
    assert (attested.status, attested.json["licensed"]) == (201, True)
    assert set(listed(cast, "alice")) == {("phq-9", "1")}
    schedule(cast, house, 168)
    before = stored(house)
    assert cast.erin.api.post(f"{URL}/phq-9/1/licence", LICENCE).status == 201
    assert stored(house) == before


@only_sqlite
@pytest.mark.parametrize(
    ("licence", "fault"),
    [
        ({"attested": False, "text": LICENCE["text"]}, {"/attested": "not_attested"}),
        ({"attested": True, "text": "short"}, {"/text": "too_short"}),
        ({"attested": True}, {"/text": "required"}),
        ({"text": LICENCE["text"]}, {"/attested": "required"}),
    ],
)
def test_a_licence_is_attested_in_words(
    cast: Cast, licence: dict[str, Any], fault: dict[str, str]
) -> None:
    bring(cast)
    assert faults(cast.erin.api.post(f"{URL}/phq-9/1/licence", licence)) == fault
    found = faults(bring(cast, licence=licence))
    assert found == {f"/licence{pointer}": code for pointer, code in fault.items()}


@only_sqlite
def test_it_is_asked_no_more_often_than_it_looks_back(cast: Cast, house: House) -> None:
    bring(cast, licence=LICENCE)
    assert isinstance(unschedulable(cast, house, 167), AskedTooOften)
    schedule(cast, house, 168)
    schedule(cast, house, 169)
    schedule(cast, house, 24, slug="daily-check-in", version="1.0.0")
    assert isinstance(unschedulable(cast, house, 168, version="2"), Invalid)


# --- what is refused -----------------------------------------------------------------------------


@only_sqlite
def test_what_does_not_fit_is_refused_by_its_place(cast: Cast, house: House) -> None:
    before = stored(house)
    missing, secret = phq9(version="1"), "Confidential wording"
    missing["item"][3]["answerOption"] = [{"valueString": secret}]
    for document, fault in (
        (missing, {"/document/item/3/answerOption/0": "unknown_answer"}),
        (
            phq9(PHQ9[:7], panel=None),
            {f"/document/item/{place}": "left_over" for place in range(2, 7)},
        ),
        ({"resourceType": secret}, {"/document/resourceType": "wrong_resource"}),
        (phq9(version="1 | 2"), {"/version": "invalid_format"}),
        (phq9(language="English"), {"/document/language": "invalid_format"}),
    ):
        answer = bring(cast, document)
        refused(answer, 422, "invalid")
        assert faults(answer) == fault
        assert secret.encode() not in answer.body
    assert faults(bring(cast, slug="daily-check-in")) == {"/slug": "reserved"}
    assert faults(bring(cast, locale="es")) == {"/locale": "language_differs"}
    assert stored(house) == before


@only_sqlite
def test_a_large_document_is_taken_and_one_too_large_is_not(cast: Cast) -> None:
    notes = [
        {"url": f"https://x.example/{each}", "valueString": "x" * 4_000} for each in range(999)
    ]
    assert bring(cast, phq9(version="1", extension=notes)).status == 201
    answer = bring(cast, phq9(version="2", description="x" * LARGEST))
    assert (answer.status, answer.code) == (422, "invalid")
    assert faults(answer) == {"/document": "too_large"}
    answer = bring(cast, phq9(version="2", description="x" * (LARGEST + 70_000)))
    assert (answer.status, answer.code) == (413, "too-large")


# --- the product's own in FHIR -------------------------------------------------------------------


@only_sqlite
@pytest.mark.parametrize("own", library.published(), ids=lambda each: each.slug)
def test_the_products_own_are_questionnaires_with_codes_of_their_own(
    cast: Cast, own: library.Instrument
) -> None:
    for locale in own.locales:
        answer = cast.alice.api.get(f"{URL}/{own.slug}/{own.version}/questionnaire", locale=locale)
        assert answer.json == writing.written(own, locale)
        assert b"loinc" not in answer.body.lower()
        assert b"snomed" not in answer.body.lower()
        found = read(answer.json)
        assert found.remarks == ()
        assert [each.link_id for each in found.items] == [each.id for each in own.items]
        assert set(found.locales) == set(own.locales)
        for each, item_ in zip(found.items, own.items, strict=True):
            assert each.text == item_.text
            assert each.codes[0].system == writing.CODES
            options = [option.code for option in each.options if not option.absent]
            if item_.kind == "choice":
                assert options == list(item_.codes)
            else:
                assert item_.minimum is not None
                assert item_.maximum is not None
                assert options == [str(n) for n in range(item_.minimum, item_.maximum + 1)]
