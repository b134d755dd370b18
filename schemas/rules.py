"""Rule sets on the wire."""

from schemas.base import Body, View
from schemas.fields import Free, Id, Instant, Int, Text


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
