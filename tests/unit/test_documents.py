"""The documents say what the code does: every code, event and package, and examples that run."""

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
from marshmallow import Schema, fields

import api
import diary
from api.problems import status_of
from diary.checkins.answers import faults_in
from diary.errors import Fault
from diary.instruments import library
from diary.instruments.measures import MEASURES
from diary.rules import ruleset, writing
from diary.rules.conditions import KINDS
from diary.rules.default import DEFAULT
from diary.rules.documents import parse as parse_condition
from diary.rules.publishing import publication
from diary.webhooks.signing import headers, message_name
from schemas.amendments import AmendmentDraft
from schemas.base import View
from schemas.checkins import CheckInDraft
from schemas.events import EVENTS, PageData

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    + list((ROOT / "docs").rglob("*.md"))
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REQUIREMENTS = ("requirements.txt", "requirements-channels.txt", "requirements-dev.txt")
BODY = '{"type":"alert.triggered","data":{"note":"é"}}'.encode()
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, as they stand."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _import_all(package: ModuleType) -> None:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _below(kind: type[Fault]) -> Iterator[type[Fault]]:
    for each in kind.__subclasses__():
        # Other tests may define refusals of their own.
        if each.__module__.split(".")[0] in ("api", "diary"):
            yield each
            yield from _below(each)


def _faults() -> list[type[Fault]]:
    for package in (diary, api):
        _import_all(package)
    return sorted(set(_below(Fault)), key=lambda kind: kind.code)


def _direct(file: str) -> list[str]:
    """The packages that a requirements file names for their own sake."""
    named, _, _ = (ROOT / file).read_text("utf-8").partition("# what those need")
    lines = [line for line in named.splitlines() if line and not line.startswith(("#", "-"))]
    found = [_REQUIREMENT.match(line) for line in lines]
    return [match.group().lower() for match in found if match is not None]


def _data_of(event: str) -> Schema:
    field = EVENTS[event]().fields["data"]
    assert isinstance(field, fields.Nested)
    schema: Schema = field.schema
    return schema


@pytest.mark.parametrize("kind", _faults(), ids=lambda kind: kind.code)
def test_every_refusal_is_documented_with_its_status(kind: type[Fault]) -> None:
    assert f"| `{kind.code}` | {status_of(kind)} |" in document("errors.md")


def test_no_refusal_is_documented_that_is_not_there() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", document("errors.md"), re.MULTILINE)

    assert sorted(rows) == [kind.code for kind in _faults()]


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_documented_as_page_or_state(name: str) -> None:
    kind = "page" if isinstance(_data_of(name), PageData) else "state"

    assert f"| `{name}` | {kind} |" in document("events.md")


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_every_direct_dependency_is_documented(file: str) -> None:
    told = document("dependencies.md")
    packages = _direct(file)

    assert packages
    assert [package for package in packages if f"| `{package}` |" not in told] == []


def test_no_dependency_is_documented_that_is_not_there() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", document("dependencies.md"), re.MULTILINE)

    assert sorted(rows) == sorted(name for file in REQUIREMENTS for name in _direct(file))


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    targets = _LINK.findall(_FENCE.sub("", file.read_text("utf-8")))
    inside = [each for each in targets if not each.startswith(("https://", "http://", "mailto:"))]

    lost = []
    for target in inside:
        path, _, heading = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or (heading and heading not in _headings(there)):
            lost.append(target)
    assert lost == []


def _headings(file: Path) -> set[str]:
    """The anchors of a document's headings, as they are made on the usual sites."""
    text = _FENCE.sub("", file.read_text("utf-8"))
    titles = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_verification_by_hand_takes_a_genuine_message_and_no_other() -> None:
    (snippet,) = blocks(document("events.md"), "python")
    names: dict[str, object] = {}
    exec(snippet, names)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    name = message_name(UUID("018f2f6e-1111-7222-8333-444455556666"))
    now = int(time.time())
    sent = headers([SECRET], name, now, BODY)
    other = "whsec_" + "QUJD" * 8

    assert is_genuine(SECRET, sent, BODY)
    assert is_genuine(SECRET, headers([other, SECRET], name, now, BODY), BODY)
    assert not is_genuine(other, sent, BODY)
    assert not is_genuine(SECRET, sent, BODY + b" ")
    assert not is_genuine(SECRET, sent | {"webhook-id": name + "0"}, BODY)
    assert not is_genuine(SECRET, headers([SECRET], name, now - 301, BODY), BODY)
    assert not is_genuine(SECRET, sent | {"webhook-timestamp": "yesterday"}, BODY)
    assert not is_genuine(SECRET, sent | {"webhook-signature": "v1,é"}, BODY)


def test_the_event_in_the_documents_has_the_shape_of_one() -> None:
    (example,) = [json.loads(block) for block in blocks(document("events.md"), "json")]
    shape = EVENTS[example["type"]]()

    # What only a disclosure has stands in a section of its own.
    assert isinstance(shape, View)
    assert example.keys() == shape.fields.keys() - shape.omit_when_none
    assert example["data"].keys() == _data_of(example["type"]).fields.keys()
    assert shape.load(example)


def test_the_check_in_in_the_documents_is_taken_as_it_is() -> None:
    example, amendment = (json.loads(block) for block in blocks(document("check-ins.md"), "json"))
    draft = CheckInDraft().load(example)
    instrument = library.find(draft["instrument"], draft["version"])

    assert instrument is not None
    assert faults_in(instrument, draft["answers"]) == []
    assert faults_in(instrument, AmendmentDraft().load(amendment)["answers"]) == []


def test_the_rule_set_in_the_documents_may_go_live() -> None:
    (example,) = [json.loads(block) for block in blocks(document("rules.md"), "json")]
    parsed = writing.parse(example)

    assert parsed.rules[: len(DEFAULT.rules)] == DEFAULT.rules
    assert publication.check(parsed) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_condition_is_documented_with_an_example(kind: str) -> None:
    row = re.search(rf"^\| `{kind}` \| `([^`]+)` \|", document("rules.md"), re.MULTILINE)
    assert row is not None
    inner = '{"kind": "at_least", "measure": "si", "value": 1}'
    example = json.loads(row[1].replace(", …", "").replace("CONDITION", inner))

    condition, faults = parse_condition(example)

    assert faults == []
    assert type(condition) is KINDS[kind]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_documented(measure: str) -> None:
    assert f"`{measure}`" in document("rules.md")


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.code)
def test_every_default_rule_is_documented(rule: ruleset.Rule) -> None:
    assert re.search(rf"^\| `{rule.code}` \|", document("rules.md"), re.MULTILINE)
