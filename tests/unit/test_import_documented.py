"""Every code that an import can answer or report stands in the documents."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Which argument of a call is its code.
FAULTS = {"fault": 1, "FieldFault": 1, "_refuse": 0, "_unfit": 0, "_beside": 1}
REMARKS = {"remark": 1}


def said(calls: dict[str, int]) -> Iterator[str]:
    """The codes that these calls are made with."""
    for path in (ROOT / "diary" / "instruments").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = calls.get(name)
                code = node.args[place] if place is not None and len(node.args) > place else None
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def written(document: str, beginning: str) -> set[str]:
    """The codes of the first column of each row after that heading, and of the text before."""
    page = (ROOT / "docs" / document).read_text("utf-8").partition(beginning)[2]
    page = page.partition("\n#")[0]
    cells = [line.split("|")[1] if line.startswith("|") else line for line in page.splitlines()]
    return set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", "\n".join(cells)))


def test_every_refusal_of_a_document_is_documented() -> None:
    own = written("errors.md", "## The codes of an import\n")
    # Where an administrator says the opposite of a licence, a schema refuses it.
    assert own - {"mapping", "not_attested"} == set(said(FAULTS))


def test_every_remark_is_documented() -> None:
    found = set(said(REMARKS))
    assert found <= written("instruments.md", "### Which profile\n")
    assert len(found) == 14
