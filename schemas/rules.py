"""Rule sets on the wire."""

from schemas.base import Body, Query, View
from schemas.fields import Free, Id, Instant, Int, Items, Part, SeverityWord, Text, TextInt


class RuleSetDraft(Body):
    """A rule set to put in force, once it was run over every combination of suicidality items."""

    document = Free(required=True, metadata={"description": '`{"rules": [...]}`; docs/rules.md.'})
    reason = Text(required=True, min=1, max=1_000)


class RuleSetView(View):
    """A version; 0 ships with the product."""

    version = Int(min=0)
    document = Free()
    reason = Text(max=1_000)
    published_at = Instant(allow_none=True)
    published_by = Id(allow_none=True)


class ComparisonQuery(Query):
    """With which version; with the one before it, if it is left out."""

    with_ = TextInt(data_key="with", attribute="with", min=0, load_default=None)


class ChangedRuleView(View):
    """A rule that both have, and every place where it differs."""

    code = Text()
    changes = Items(
        Free(), metadata={"description": "Each with `pointer`, `before` and `after`: any JSON."}
    )


class DifferencesView(View):
    """Rules as documents, pointers into the newer one, and phrases by locale."""

    rules_added = Items(Free())
    rules_removed = Items(Free())
    rules_changed = Items(Part(ChangedRuleView))
    phrases_added = Free()
    phrases_removed = Free()


class SeverityShiftView(View):
    """Combinations that weigh something else, and the plainest of them."""

    count = Int(min=0)
    example = Free(allow_none=True)
    before = SeverityWord(allow_none=True)
    after = SeverityWord(allow_none=True)


class SeverityShiftsView(View):
    """The daily suicidality items in every combination, with every prior severity."""

    combinations = Int(min=0)
    graver = Part(SeverityShiftView)
    milder = Part(SeverityShiftView)


class ComparisonView(View):
    """What a version changes; `suicidality` is null where one of the two can no longer be read."""

    version = Int(min=0)
    compared_with = Int(min=0)
    differences = Part(DifferencesView)
    suicidality = Part(SeverityShiftsView, allow_none=True)
