"""The dry run of a rule set on the wire: lines, of which the last is the result."""

from schemas.base import Body, View
from schemas.fields import Free, Id, Instant, Int, Items, Part, SeverityWord, Text
from schemas.problems import ProblemView


class DryRunDraft(Body):
    """A rule set to try on the check-ins of the last days."""

    document = Free(required=True, metadata={"description": '`{"rules": [...]}`; docs/rules.md.'})
    days = Int(min=1, max=366, load_default=90)


class DryRunProgressView(View):
    """How many of the patients are done."""

    patients = Int(min=0)
    of = Int(min=0)


class RuleSetGapView(View):
    """What keeps a rule set from going live, with the combinations that show it."""

    detail = Text(attribute="sentence")
    lighter = Free()
    heavier = Free(allow_none=True)


class DryRunExampleView(View):
    """A check-in that something was found in. Of a rule its severity, otherwise the gravest."""

    check_in_id = Id()
    patient_id = Id()
    recorded_at = Instant()
    severity = SeverityWord(allow_none=True, metadata={"description": "Null: nothing would be."})
    severity_now = SeverityWord(
        allow_none=True, metadata={"description": "By the rule set in force; null: nothing is."}
    )
    explanation = Text(metadata={"description": "Why, in a sentence, with nobody's name."})


class DryRunTallyView(View):
    """In how many check-ins, of how many patients."""

    times = Int(min=0)
    patients = Int(min=0, attribute="patient_count")


class DryRunCountView(DryRunTallyView):
    """In how many check-ins, of how many patients, and the first few of them."""

    examples = Items(Part(DryRunExampleView))


class DryRunRuleView(View):
    """A rule, as it is and as it would be."""

    code = Text()
    title = Text()
    now = Part(DryRunTallyView)
    would = Part(DryRunCountView)
    newly = Part(DryRunCountView, metadata={"description": "It would fire, and does not now."})
    no_longer = Part(DryRunCountView, metadata={"description": "It fires now, and would not."})


class DryRunSeverityView(View):
    """The check-ins whose gravest finding is this grave: so grave an alert each raises."""

    severity = SeverityWord()
    now = Part(DryRunTallyView)
    would = Part(DryRunCountView)


class DryRunPatientsView(View):
    """Patients. All are counted, the first hundred are named."""

    count = Int(min=0)
    patient_ids = Items(Id())


class DryRunView(View):
    """What a rule set would have found, beside what the one in force finds in the same.

    Both judge again, with what was known when each check-in came. Amendments, and bodies that were
    kept apart, are judged as they were then and counted as check-ins are.
    """

    since = Instant(data_key="from")
    until = Instant(data_key="to")
    compared_with = Int(min=0, metadata={"description": "The version in force."})
    gap = Part(RuleSetGapView, allow_none=True, metadata={"description": "Null: it may go live."})
    not_replayed = Items(
        Text(),
        attribute="tally.not_replayed",
        metadata={"description": "Rules that wait for silence, which is not replayed."},
    )
    check_ins = Int(min=0, attribute="tally.check_ins")
    amendments = Int(min=0, attribute="tally.amendments")
    set_apart = Int(min=0, attribute="tally.set_apart")
    patients = Int(min=0, attribute="tally.patient_count")
    rules = Items(Part(DryRunRuleView), attribute="tally.rules")
    severities = Items(Part(DryRunSeverityView), attribute="tally.severities")
    newly_told = Part(DryRunPatientsView, attribute="tally.newly_told")
    no_longer_told = Part(DryRunPatientsView, attribute="tally.no_longer_told")
    weigh_more = Part(DryRunCountView, attribute="tally.weigh_more")
    weigh_less = Part(DryRunCountView, attribute="tally.weigh_less")


class DryRunLineView(View):
    """One of the three: how far it has got; the result, which is the last line; or, as the last
    line, why there is none."""

    omit_when_none = frozenset({"progress", "result", "problem"})

    progress = Part(DryRunProgressView)
    result = Part(DryRunView)
    problem = Part(ProblemView)
