"""Rule sets as plain JSON, read strictly: every fault is named with a pointer to its place.

As a document, where SEVERITY is a word, {"prior": {"at_least": a word}} or {"raised": ...}, and
phrases may be left out:

    {"rules": [{"code": "R7", "title": "suicidality_withheld", "when": CONDITION,
                "severity": SEVERITY, "suicidality": true}],
     "phrases": {"en": ["a phrase to look for in notes"]}}
"""

import re
from typing import Any

from diary.rules import documents, phrases
from diary.rules.conditions import Phrase, nodes
from diary.rules.documents import Fault
from diary.rules.ruleset import (
    HELP_CODE,
    UNREADABLE_CODE,
    Prior,
    Raised,
    Rule,
    RuleSet,
    RuleSetFaults,
)
from diary.severity import Severity

MAX_RULES = 100
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_TITLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MEMBERS = ("code", "title", "when", "severity", "suicidality")


def to_document(ruleset: RuleSet) -> dict[str, Any]:
    """The rule set as plain JSON values."""
    document: dict[str, Any] = {
        "rules": [
            {
                "code": rule.code,
                "title": rule.title,
                "when": documents.to_document(rule.when),
                "severity": _written(rule.severity),
                "suicidality": rule.suicidality,
            }
            for rule in ruleset.rules
        ]
    }
    if ruleset.phrases:
        document["phrases"] = {locale: list(each) for locale, each in ruleset.phrases.items()}
    return document


def parse(document: object) -> RuleSet:
    """The rule set a document describes; RuleSetFaults where it describes none."""
    if not isinstance(document, dict) or document.keys() | {"phrases"} != {"rules", "phrases"}:
        detail = "A rule set is an object with: rules; and phrases, where it looks for any."
        raise RuleSetFaults([Fault("", "wrong_members", detail)])
    listed = document["rules"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_RULES:
        detail = f"A rule set lists 1 to {MAX_RULES} rules."
        raise RuleSetFaults([Fault("/rules", "wrong_length", detail)])
    taken = {HELP_CODE, UNREADABLE_CODE}
    looked_for, faults = phrases.parse(document.get("phrases", {}), "/phrases")
    rules = [_rule(rule, f"/rules/{i}", taken, faults) for i, rule in enumerate(listed)]
    read = tuple(rule for rule in rules if rule is not None)
    parts = (part for rule in read for part in nodes(rule.when))
    if not faults and not looked_for and any(isinstance(part, Phrase) for part in parts):
        faults.append(Fault("/phrases", "empty", "A rule looks for phrases and none are listed."))
    if faults:
        raise RuleSetFaults(faults)
    return RuleSet(read, looked_for)


def _rule(document: object, pointer: str, taken: set[str], faults: list[Fault]) -> Rule | None:
    if not isinstance(document, dict) or document.keys() != set(_MEMBERS):
        detail = f"A rule is an object with exactly: {', '.join(_MEMBERS)}."
        faults.append(Fault(pointer, "wrong_members", detail))
        return None
    known = len(faults)
    code, title, suicidality = document["code"], document["title"], document["suicidality"]
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        faults.append(Fault(f"{pointer}/code", "malformed", "Capitals, digits, _; such as R1."))
    elif code in taken:
        detail = f"{code} is another rule's, or the product's own."
        faults.append(Fault(f"{pointer}/code", "code_taken", detail))
    else:
        taken.add(code)
    if not isinstance(title, str) or not _TITLE.fullmatch(title):
        detail = "Small letters, digits, _; such as mood_low."
        faults.append(Fault(f"{pointer}/title", "malformed", detail))
    severity = _severity(document["severity"])
    if severity is None:
        words = ", ".join(level.word for level in Severity)
        detail = f"One of {words}, or {{'prior' or 'raised': {{'at_least': one of them}}}}."
        faults.append(Fault(f"{pointer}/severity", "unknown_severity", detail))
    when, wrong = documents.parse(document["when"], f"{pointer}/when")
    faults.extend(wrong)
    if not isinstance(suicidality, bool):
        faults.append(Fault(f"{pointer}/suicidality", "malformed", "true or false."))
    if len(faults) > known or when is None or severity is None:
        return None
    rule = Rule(code, title, when, severity, suicidality)
    if rule.names_suicidality and not suicidality:
        detail = "A rule that looks at a suicidality item says so: true."
        faults.append(Fault(f"{pointer}/suicidality", "not_flagged", detail))
    return rule


def _written(severity: Severity | Prior | Raised) -> object:
    match severity:
        case Prior(at_least):
            return {"prior": {"at_least": at_least.word}}
        case Raised(at_least):
            return {"raised": {"at_least": at_least.word}}
    return severity.word


def _severity(document: object) -> Severity | Prior | Raised | None:
    match document:
        case {"raised": {"at_least": str(word), **rest}, **others} if not rest and not others:
            level = _level(word)
            return None if level is None else Raised(level)
        case {"prior": {"at_least": str(word), **rest}, **others} if not rest and not others:
            level = _level(word)
            return None if level is None else Prior(level)
        case str(word):
            return _level(word)
    return None


def _level(word: str) -> Severity | None:
    return next((level for level in Severity if level.word == word), None)
