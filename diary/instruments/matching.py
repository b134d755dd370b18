"""Which scoring profile a questionnaire has: claimed by its codes, confirmed by its items. Pure.

Published files call themselves what they are not; the codes of the items decide. What does not fit
is refused, for a score that is wrong is worse than none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diary.errors import FieldFault, Invalid
from diary.instruments.assigning import assigned_items
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import Item, Questionnaire, Remark
from diary.instruments.fhir.parts import Findings
from diary.instruments.profiles import Profile
from diary.instruments.recognising import Profiles, Signs
from diary.instruments.values import values_of


@dataclass(frozen=True, slots=True)
class Match:
    """How a questionnaire's answers become those of a profile.

    profile: None where the product scores nothing of it. items: linkId to the profile's key.
    answers: linkId and the code, number or text of an answer to its value. unscored: the linkIds
    that no score looks at; totals: those among them that state a total.
    """

    profile: str | None
    items: Mapping[str, str]
    answers: Mapping[tuple[str, str], int]
    unscored: tuple[str, ...]
    totals: tuple[str, ...]
    remarks: tuple[Remark, ...]

    def to_document(self) -> dict[str, Any]:
        """All but the remarks, as plain JSON values."""
        answers: dict[str, dict[str, int]] = defaultdict(dict)
        for (link_id, code), value in self.answers.items():
            answers[link_id][code] = value
        return {
            "items": dict(self.items),
            "answers": dict(answers),
            "unscored": list(self.unscored),
            "totals": list(self.totals),
        }


def from_document(
    profile: str | None, document: Mapping[str, Any], remarks: Iterable[Remark] = ()
) -> Match:
    """The match that `to_document` wrote."""
    return Match(
        profile,
        document["items"],
        {
            (link_id, code): value
            for link_id, values in document["answers"].items()
            for code, value in values.items()
        },
        tuple(document["unscored"]),
        tuple(document["totals"]),
        tuple(remarks),
    )


def match(
    questionnaire: Questionnaire,
    profiles: Profiles,
    *,
    profile: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Match:
    """How it is scored.

    profile: the one that the clinic names, for one without codes. mapping: linkId to item key;
    by the items' codes otherwise, or by their order where they have none.
    Raises Refusal for what does not fit, and Invalid for an unfit profile or mapping.
    """
    findings = Findings()
    signs = Signs(findings, questionnaire, profiles)
    if profile is None and mapping is not None:
        raise _unfit("required", "a mapping needs the profile that it leads to")
    if profile is not None and profile not in profiles:
        raise _unfit("unknown", "there is no such profile")
    chosen = signs.found() if profile is None else profiles[profile]
    if findings.faults:
        raise Refusal(*findings.faults)
    if chosen is None:
        return _unscored(findings, questionnaire)
    assigned = assigned_items(signs, chosen, mapping, named=profile is not None)
    _look_at_the_rest(signs, chosen, assigned, named=profile is not None)
    answers = _answers(signs, chosen, assigned)
    if findings.faults:
        raise Refusal(*findings.faults)
    keys = {item.link_id: key for key, item in assigned.items()}
    rest = [item for item in questionnaire.asking if item.link_id not in keys]
    totals = [item for item in rest if signs.codes[item.link_id] & chosen.total_codes]
    if rest:
        findings.remark(rest[0].pointer, "never_scored", "items beside the score; they are kept")
    return Match(
        chosen.slug,
        keys,
        answers,
        tuple(item.link_id for item in rest),
        tuple(item.link_id for item in totals),
        findings.remarks,
    )


def report(questionnaire: Questionnaire, found: Match) -> list[Remark]:
    """All that is worth telling; what somebody has to know of stands at the top."""
    told = (*questionnaire.remarks, *found.remarks)
    return sorted(told, key=lambda remark: not remark.warning)


def _unscored(findings: Findings, questionnaire: Questionnaire) -> Match:
    findings.remark(
        "",
        "unscored",
        "no scoring profile fits: it gives no scores, and no safety rules will look at it",
        warning=True,
    )
    asking = tuple(item.link_id for item in questionnaire.asking)
    return Match(None, {}, {}, asking, (), findings.remarks)


def _look_at_the_rest(
    signs: Signs, chosen: Profile, assigned: Mapping[str, Item], *, named: bool
) -> None:
    """Refuse to leave a known item out, or tell of it where the clinic named what it wants."""
    taken = {item.link_id for item in assigned.values()}
    rest = [item for item in signs.questionnaire.items if item.link_id not in taken]
    watched = (scored.codes for scored in chosen.items if scored.key in assigned)
    signs.refuse_unwatched(rest, frozenset().union(*watched))
    asking = [item for item in rest if item.asks]
    unknown = signs.unknown(asking)
    _look_at_its_name(signs, chosen, unknown)
    other = [
        item
        for item in asking
        if signs.codes[item.link_id] & (signs.scored_codes - signs.risk_codes)
    ]
    for item in other:
        if named:
            signs.findings.remark(
                item.pointer,
                "left_over",
                "items of another instrument; nothing scores them",
                warning=True,
            )
        else:
            signs.findings.fault(
                item.pointer, "left_over", "an item of another instrument, which is not whole"
            )
    for item in unknown:
        # What is left of a larger instrument may be its item on suicidality, with a slip in it.
        if named or not signs.is_part(chosen):
            signs.findings.remark(
                item.pointer,
                "unrecognised",
                "items that no profile knows; nobody looks at their answers",
                warning=True,
            )
        else:
            signs.findings.fault(
                item.pointer,
                "unrecognised",
                f"no profile knows it; if it is to stand beside the {chosen.title}, name that",
            )


def _look_at_its_name(signs: Signs, chosen: Profile, unknown: list[Item]) -> None:
    """Tell of a wrong name; refuse one whose item on suicidality may be there unrecognised."""
    claims = signs.claims()
    if claims and chosen not in claims:
        signs.findings.remark(
            "/code",
            "mislabelled",
            f"it calls itself {claims[0].title}; its items are those of {chosen.title}",
            warning=True,
        )
    for claimed in claims:
        places = signs.places(claimed)
        # A name that fits none of the items, all of which are known, is a slip itself.
        if claimed is chosen or not (unknown or any(places.values())):
            continue
        for key in sorted(claimed.risk_items):
            if not places[key]:
                signs.findings.fault(
                    "/item", "item_missing", f"it calls itself {claimed.title}, without {key}"
                )


def _answers(
    signs: Signs, chosen: Profile, assigned: Mapping[str, Item]
) -> dict[tuple[str, str], int]:
    findings = signs.findings
    unasked = {item.link_id for item in signs.questionnaire.items if not item.askable}
    answers: dict[tuple[str, str], int] = {}
    for scored in chosen.items:
        item = assigned.get(scored.key)
        if item is None:  # not of the short form
            continue
        for code, value in values_of(findings, item, scored).items():
            answers[item.link_id, code] = value
        if item.gates:
            findings.remark(
                item.pointer, "asked_conditionally", "a scored item that is not always asked"
            )
        if any(each.item in unasked for gate in item.gates for each in gate.conditions):
            findings.fault(
                item.pointer, "not_askable", "a scored item waits for one that is not asked"
            )
    return answers


def _unfit(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault("/profile", code, detail)])
