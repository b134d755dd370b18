"""Which rule set judges a clinic's check-ins: the last one published, or the one that ships.

A published version never changes, so a process keeps the ones it has read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select, update

from diary.errors import Conflict, FieldFault, Invalid, NotFound
from diary.instruments.measures import FLOORS, group_of
from diary.logs import logger
from diary.rules.conditions import measures_of
from diary.rules.default import DEFAULT
from diary.rules.lookback import LookBack, look_back
from diary.rules.model import rule_sets, silences
from diary.rules.publishing.compare import Differences, Shifts, differences, shifts
from diary.rules.publishing.publication import Gap, check
from diary.rules.ruleset import RuleSet, RuleSetFaults
from diary.rules.waiting import Waits, waits
from diary.rules.writing import parse, to_document
from diary.work import Work

_log = logger("rules")

SHIPPED = 0
_KEPT = 256


class RuleSetHasGap(Conflict):
    """A worse answer would weigh less, or an answer at the floor would be silent."""

    code = "rule-set-gap"
    title = "This rule set would miss a risk answer"


@dataclass(frozen=True, slots=True)
class InForce:
    """A version's number and its rules, what they must know of the past, and how long they wait."""

    version: int
    rules: RuleSet
    look_back: LookBack
    waits: Waits
    unheard: frozenset[str]

    @classmethod
    def of(cls, version: int, rules: RuleSet) -> Self:
        """A version, ready to judge by. unheard: the instruments of whose measures on suicidality
        one is named by no rule on it: the set was published before the product knew of them."""
        named = {
            name for rule in rules.rules if rule.suicidality for name in measures_of(rule.when)
        }
        unheard = frozenset(group_of(name) for name in FLOORS if name not in named)
        return cls(version, rules, look_back(rules), waits(rules), unheard)


_SHIPPED = InForce.of(SHIPPED, DEFAULT)
_known: dict[UUID, InForce] = {}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a version changes against another. suicidality: None where either can no longer be
    read, and so judges nothing."""

    version: int
    compared_with: int
    differences: Differences
    suicidality: Shifts | None


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it is shown. Version 0 ships with the product."""

    version: int
    document: Mapping[str, Any]
    reason: str
    published_at: datetime | None
    published_by: UUID | None


def in_force(clinic_id: ColumnElement[UUID]) -> ScalarSelect[UUID | None]:
    """The id of the newest version, for use inside a query; NULL while none was published."""
    return (
        select(rule_sets.c.id)
        .where(rule_sets.c.clinic_id == clinic_id)
        .order_by(rule_sets.c.version.desc())
        .limit(1)
        .correlate_except(rule_sets)
        .scalar_subquery()
    )


def load(work: Work, clinic_id: UUID, id: UUID | None) -> InForce:
    """A version, ready to judge by; id: as `in_force` gave it.

    One that can no longer be read must not lose a check-in: the shipped rules judge instead.
    """
    if id is None:
        return _SHIPPED
    # By its id: after a restore from a backup the same number may be given to another.
    known = _known.get(id)
    if known is None:
        row = work.row(
            select(rule_sets.c.version, rule_sets.c.document).where(
                rule_sets.c.clinic_id == clinic_id, rule_sets.c.id == id
            )
        )
        assert row is not None
        try:
            known = InForce.of(row.version, parse(row.document))
            if known.unheard:
                _log.warning(
                    "rules.instruments-unheard",
                    clinic_id=str(clinic_id),
                    version=row.version,
                    instruments=sorted(known.unheard),
                )
        except RuleSetFaults as faults:
            _log.error(
                "rules.unreadable",
                clinic_id=str(clinic_id),
                version=row.version,
                faults=sorted({fault.code for fault in faults.faults}),
            )
            known = _SHIPPED
        if len(_known) >= _KEPT:
            _known.clear()
        _known[id] = known
    return known


def current(work: Work) -> InForce:
    """What judges in the caller's clinic now."""
    row = work.row(
        visible(work)
        .with_only_columns(rule_sets.c.id)
        .order_by(rule_sets.c.version.desc())
        .limit(1)
    )
    return load(work, work.caller.clinic, None if row is None else row.id)


def examined(document: object) -> tuple[RuleSet, Gap | None]:
    """A rule set, and the first gap that keeps it from going live; raises Invalid.

    It may take seconds, so it wants no transaction open.
    """
    try:
        ruleset = parse(document)
        return ruleset, check(ruleset)
    except RuleSetFaults as faults:
        raise Invalid(
            errors=[FieldFault(f"/document{f[0]}", f[1], f[2]) for f in faults.faults]
        ) from None


def checked(document: object) -> RuleSet:
    """A rule set that may go live, as `examined`; raises RuleSetHasGap with the counter-example."""
    ruleset, gap = examined(document)
    if gap is not None:
        raise RuleSetHasGap(
            gap.sentence,
            extra={"counter_example": {"lighter": gap.lighter, "heavier": gap.heavier}},
        )
    return ruleset


def publish(work: Work, ruleset: RuleSet, *, reason: str) -> Published:
    """Put a checked rule set in force as the clinic's next version."""
    last = work.row(
        select(func.max(rule_sets.c.version).label("version")).where(
            rule_sets.c.clinic_id == work.caller.clinic
        )
    )
    version = ((last and last.version) or SHIPPED) + 1
    published = Published(version, to_document(ruleset), reason, work.now, work.caller.id)
    rule_set_id = work.new_id()
    work.add(
        rule_sets,
        clinic_id=work.caller.clinic,
        id=rule_set_id,
        version=version,
        document=published.document,
        reason=reason,
        published_at=work.now,
        published_by=work.caller.id,
    )
    # Each patient's silence is looked at once now, and waits by these rules from then on.
    work.execute(
        update(silences).where(silences.c.clinic_id == work.caller.clinic).values(due_at=work.now)
    )
    work.audit("rule-set.published", "rule_set", rule_set_id, version=version)
    return published


def get(work: Work, version: int | None = None) -> Published:
    """A version of the caller's clinic, the one in force by default; raises NotFound."""
    query = visible(work).order_by(rule_sets.c.version.desc()).limit(1)
    if version is not None:
        query = query.where(rule_sets.c.version == version)
    row = None if version == SHIPPED else work.row(query)
    if row is not None:
        return Published(row.version, row.document, row.reason, row.published_at, row.published_by)
    if version in (None, SHIPPED):
        return Published(SHIPPED, to_document(DEFAULT), "ships with the product", None, None)
    raise NotFound


def comparison(work: Work, version: int, compared_with: int | None) -> Comparison:
    """What a version changes against another, the one before it by default; raises NotFound."""
    if compared_with is None:
        compared_with = max(version - 1, SHIPPED)
    before, after = get(work, compared_with).document, get(work, version).document
    try:
        suicidality = shifts(parse(before), parse(after))
    except RuleSetFaults:
        suicidality = None
    return Comparison(version, compared_with, differences(before, after), suicidality)


def visible(work: Work) -> Select[Any]:
    """The versions that the caller's clinic published."""
    return select(rule_sets).where(rule_sets.c.clinic_id == work.caller.clinic)
