"""A check-in that answers an instrument which the clinic brought.

Answers stand under the document's linkIds: an option's code, a number where the item takes one,
true or false, or `declined`. Whatever is left is missing, which the scoring knows how to treat;
where it could have told of something graver, that is as good as declined. What a patient writes in
their own words is kept as a note is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from diary.checkins.answers import DECLINED, escaped
from diary.checkins.scoring import Scored
from diary.errors import FieldFault
from diary.instruments.matching import Match
from diary.instruments.measures import FLOORS, GROUPS
from diary.instruments.profiles import Profile, Score, ScoredItem
from diary.instruments.scoring import PROFILES
from diary.instruments.service import Edition, Imported
from diary.rules.facts import Facts

_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Brought:
    """One version of an instrument that a clinic imported, in the language that was shown: an
    answer in words is another word in another language."""

    imported: Imported
    edition: Edition

    @classmethod
    def of(cls, imported: Imported, locale: str) -> Self:
        """The version in the closest language of those that a patient is offered."""
        return cls(imported, (imported.offered or imported).in_locale(locale)[0])

    @property
    def group(self) -> str | None:
        """Its profile; None for one that is kept unscored."""
        return self.imported.profile

    @property
    def chained_to(self) -> str:
        """Its version: another may ask something else."""
        return self.imported.version

    def faults(self, answers: Mapping[str, Any]) -> list[FieldFault]:
        """See `Form`. Nothing is required but that something is answered."""
        if not answers:
            return [FieldFault("/answers", "required", "nothing is answered")]
        offered = {item.link_id for item in self.edition.questionnaire.items}
        faults = []
        for link_id, answer in answers.items():
            fault = None
            if link_id not in offered:
                fault = ("unknown_field", "is no item of this instrument")
            elif link_id in self._match.items and answer != DECLINED:
                if self._value(link_id, answer) is None:
                    fault = ("invalid_choice", f"must be one of its answers, or {DECLINED}")
            elif not _is_plain(answer):
                fault = ("wrong_type", "must be text, a number, true or false")
            if fault is not None:
                faults.append(FieldFault(f"/answers/{escaped(link_id)}", *fault))
        return faults

    def score(self, answers: Mapping[str, Any]) -> Scored:
        """See `Form`."""
        profile = self._profile
        if profile is None:
            return Scored({})
        values = {key: self._value(link_id, answers.get(link_id)) for link_id, key in self._items}
        score = profile.score(values)
        return Scored(score.measures, _withheld(profile, values, score), score.total, score.band)

    def open_and_words(self, answers: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
        """What may stand in the open, and what the patient wrote, which is a note's."""
        written = {
            link_id: answer
            for link_id, answer in answers.items()
            if isinstance(answer, str) and answer != DECLINED and not self._offers(link_id, answer)
        }
        kept = {link_id: answer for link_id, answer in answers.items() if link_id not in written}
        said = "\n".join(f"{link_id}: {answer}" for link_id, answer in written.items())
        return kept, said or None

    def suicidality(self, body: object) -> Facts | None:
        """See `Form`. None where the instrument asks nothing of it, too."""
        profile = self._profile
        answers = body.get("answers") if isinstance(body, Mapping) else None
        if profile is None or not profile.risk_items or not isinstance(answers, Mapping):
            return None
        items = {item.key: item for item in profile.items}
        values: dict[str, int | None] = {}
        unreadable = said = False
        for link_id, key in self._items:
            answer = answers.get(link_id)
            values[key] = self._worst(link_id, items[key], answer)
            if answer is not None and key in profile.risk_items:
                said = True
                unreadable |= values[key] is None and answer != DECLINED
        if not said:
            return None
        score = profile.score(values)
        measures = {name: value for name, value in score.measures.items() if name in FLOORS}
        withheld = _withheld(profile, values, score)
        # Where one item cannot be read, whatever its measure would be may be worse.
        return Facts(
            measures,
            frozenset() if unreadable else withheld,
            _risks(profile) if unreadable else frozenset(),
        )

    def _offers(self, link_id: str, answer: str) -> bool:
        """Whether the answer is one of those that the item offers."""
        return (link_id, answer) in self._match.answers or any(
            option.code == answer
            for item in self.edition.questionnaire.items
            if item.link_id == link_id
            for option in item.options
        )

    @property
    def _match(self) -> Match:
        return self.edition.match

    @property
    def _items(self) -> list[tuple[str, str]]:
        return list(self._match.items.items())

    @property
    def _profile(self) -> Profile | None:
        return None if self.imported.profile is None else PROFILES[self.imported.profile]

    def _value(self, link_id: str, answer: object) -> int | None:
        match answer:
            case bool():
                answer = "true" if answer else "false"
            case int():
                answer = str(answer)
        return self._match.answers.get((link_id, answer)) if isinstance(answer, str) else None

    def _worst(self, link_id: str, item: ScoredItem, answer: object) -> int | None:
        """The value, or where it is none a number towards the worse end."""
        known = self._value(link_id, answer.strip() if isinstance(answer, str) else answer)
        if known is not None or isinstance(answer, bool) or answer == DECLINED:
            return known
        try:
            number = float(answer) if isinstance(answer, int | float | str) else math.nan
        except (ValueError, OverflowError):
            return None
        if not math.isfinite(number) or number < item.low:
            return None
        whole = math.floor(number) if item.high_is_better else math.ceil(number)
        return max(item.low, min(item.high, whole))


def _risks(profile: Profile) -> frozenset[str]:
    return frozenset(name for name in GROUPS[profile.slug] if name in FLOORS)


def _withheld(profile: Profile, values: Mapping[str, int | None], score: Score) -> frozenset[str]:
    """The measures on suicidality that are not told, or would be graver had everything been."""
    absent = frozenset(name for name in _risks(profile) if name not in score.measures)
    if not score.missing:
        return absent
    worst = {
        item.key: (item.low if item.high_is_better else item.high)
        if values.get(item.key) is None and item.key in profile.risk_items
        else values.get(item.key)
        for item in profile.items
        if item.key in values
    }
    could_be = profile.score(worst).measures
    return absent | {
        name for name in _risks(profile) - absent if could_be.get(name) != score.measures[name]
    }


def _is_plain(answer: object) -> bool:
    if isinstance(answer, str):
        # PostgreSQL keeps no NUL.
        return len(answer) <= _LONGEST and "\0" not in answer
    return isinstance(answer, bool | int | float)
