"""Alerts on the wire, and how people answer them."""

from schemas.base import Body, Query, View
from schemas.fields import (
    Explanation,
    Flag,
    Free,
    Id,
    Instant,
    Int,
    Items,
    Part,
    SeverityWord,
    Text,
    Word,
)

STATUSES = ("triggered", "acknowledged", "resolved")
OUTCOMES = (
    "contacted-safe",
    "safety-plan-reviewed",
    "referred",
    "emergency-services",
    "unable-to-reach",
    "false-positive",
    "drill",
)
SOURCES = (
    "check-in",
    "amendment",
    "quarantine",
    "help",
    "silence",
    "schedule",
    "staff",
    "drill",
)
_ON_BEHALF = {"description": "An API client names the member who answers and may."}


class AlertFilter(Query):
    """Which alerts. `open`: every one that is not resolved."""

    status = Word((*STATUSES, "open"), load_default=None)
    severity = SeverityWord(load_default=None)
    patient_id = Id(load_default=None)
    drill = Word(("true", "false"), load_default=None)


class AlertView(View):
    """One patient's alert: at most one is open at a time."""

    id = Id()
    patient_id = Id()
    patient_reference = Text()
    status = Text(metadata={"enum": list(STATUSES)})
    severity = SeverityWord()
    suicidality = Int(min=0, max=5, metadata={"description": "The highest level that was read."})
    generation = Int(metadata={"description": "Rises when it worsens; acknowledging names it."})
    sequence = Int(metadata={"description": "Rises with every event; resolving names it."})
    step = Int(metadata={"description": "The policy's step that was paged last, from 1."})
    exhausted = Flag(
        metadata={"description": "The policy is used up: every active endpoint is paged."}
    )
    drill = Flag(metadata={"description": "A rehearsal: it is about nobody real."})
    opened_at = Instant()
    next_action_at = Instant(allow_none=True)
    acknowledge_by = Instant()
    contact_by = Instant()
    acknowledged_at = Instant(allow_none=True)
    first_acknowledged_at = Instant(allow_none=True)
    contacted_at = Instant(
        allow_none=True, metadata={"description": "When someone first spoke with the patient."}
    )
    resolved_at = Instant(allow_none=True)
    outcome = Text(allow_none=True)
    previous_id = Id(allow_none=True, metadata={"description": "The patient's alert before."})


class PersonView(View):
    """A member of the care team."""

    id = Id()
    name = Text(allow_none=True)


class FindingView(View):
    """One rule that fired, with what it looked at."""

    rule = Text()
    title = Text()
    severity = SeverityWord()
    suicidality = Int(allow_none=True)
    inputs = Free()
    explanation = Explanation(
        attribute="because",
        allow_none=True,
        max=4_000,
        metadata={"description": "Why it fired, in words: `suicidality rose from 1 to 3`."},
    )
    source = Text(metadata={"enum": list(SOURCES)})
    source_id = Id()
    found_at = Instant()


class EntryView(View):
    """One line of the history."""

    sequence = Int()
    at = Instant()
    kind = Text()
    actor_kind = Text()
    actor = Part(PersonView, allow_none=True)
    detail = Free(allow_none=True)
    note = Text(allow_none=True, max=4_000)


class LocationView(View):
    """Where the patient said they were, with what raised the alert or joined it."""

    source = Text(metadata={"enum": ["check-in", "amendment", "quarantine", "help"]})
    source_id = Id()
    given_at = Instant(metadata={"description": "By the phone's clock."})
    received_at = Instant()
    text = Text(max=64_000)


class AlertInFullView(View):
    """An alert with what found it and all that was done."""

    alert = Part(AlertView)
    acknowledged_by = Part(PersonView, allow_none=True)
    resolved_by = Part(PersonView, allow_none=True)
    findings = Items(Part(FindingView), max=10_000)
    entries = Items(Part(EntryView), max=100_000)
    locations = Items(Part(LocationView), max=10_000, metadata={"description": "The newest first."})


class AlertDraft(Body):
    """What a member of the team found out about a patient, by whatever way."""

    patient_id = Id(required=True)
    severity = SeverityWord(required=True)
    note = Text(required=True, min=1, max=4_000, metadata={"description": "Kept sealed."})
    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class SpokenWith(Body):
    """Someone spoke with the patient."""

    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class Acknowledgement(Body):
    """ "I have it", for what was seen."""

    generation = Int(required=True, min=1)
    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class HandOver(Body):
    """Who has it from now on, for what was seen. Oneself: to take it over."""

    to = Id(required=True, metadata={"description": "An active member who may answer alerts."})
    generation = Int(required=True, min=1)
    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class Release(Body):
    """Nobody has it any more, for what was seen."""

    generation = Int(required=True, min=1)
    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class AlertNote(Body):
    """A note for the history."""

    text = Text(required=True, min=1, max=4_000)


class Resolution(Body):
    """How it ended, having seen the history up to `sequence`."""

    sequence = Int(required=True, min=1)
    outcome = Word(
        OUTCOMES,
        required=True,
        metadata={"description": "A drill is resolved as `drill`, and nothing else is."},
    )
    note = Text(load_default=None, min=1, max=4_000)
    on_behalf_of = Id(load_default=None, metadata=_ON_BEHALF)


class AttemptView(View):
    """One try to deliver. `stale`: its engine had lost the lease meanwhile."""

    started_at = Instant()
    duration_ms = Int()
    status = Int(allow_none=True)
    error = Text(allow_none=True)
    stale = Flag()


class DeliveryView(View):
    """What is owed to one endpoint."""

    id = Id()
    message_id = Id()
    type = Text()
    endpoint_id = Id()
    state = Text(
        metadata={
            "enum": ["pending", "leased", "delivered", "superseded", "cancelled", "exhausted"]
        }
    )
    attempts = Int()
    due_at = Instant()
    created_at = Instant()
    settled_at = Instant(allow_none=True)
    tries = Items(Part(AttemptView), max=100_000)
