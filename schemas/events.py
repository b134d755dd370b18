"""The payloads of the webhooks, by the name of their event."""

from marshmallow import Schema

from diary.patients.states import State
from schemas.base import View
from schemas.fields import Flag, Id, Instant, Int, Items, Part, SeverityWord, Text


class AlertEventData(View):
    """Thin on purpose: ids, numbers and a link. No name, no answer, no diagnosis."""

    alert_id = Id()
    patient = Text(metadata={"description": "The patient's opaque reference."})
    status = Text(metadata={"enum": ["triggered", "acknowledged", "resolved"]})
    severity = SeverityWord()
    generation = Int()
    sequence = Int(metadata={"description": "Orders the messages of one alert."})
    step = Int(metadata={"description": "The policy's step, from 1."})
    drill = Flag(metadata={"description": "A rehearsal: it is about nobody real."})
    link = Text(metadata={"format": "uri"})


class PageData(AlertEventData):
    """What a page adds: why it is sent."""

    reason = Text(
        metadata={
            "enum": [
                "opened",
                "worsened",
                "repeated",
                "escalated",
                "unreachable",
                "exhausted",
                "acknowledgement-expired",
                "restored",
                "released",
            ]
        }
    )


class AcknowledgedData(AlertEventData):
    """What an acknowledgement adds: who has it, by id alone."""

    acknowledged_by = Id(metadata={"description": "The member who has it."})


class ConsentWithdrawnData(View):
    """Whose, and for what."""

    patient = Text(metadata={"description": "The patient's opaque reference."})
    purpose = Text(metadata={"enum": ["treatment-diary"]})
    link = Text(metadata={"format": "uri"})


class ConsentScopeView(View):
    """What the patient consented to, and when."""

    version = Int()
    title = Text()
    given_at = Instant()


class DisclosureView(View):
    """What accompanies a disclosure: the notice of 42 CFR 2.32 and the scope of the consent."""

    notice = Text()
    consent = Part(ConsentScopeView)


class EndpointGoneData(View):
    """Which endpoint."""

    endpoint_id = Id()
    link = Text(metadata={"format": "uri"})


class NeedsPairingData(View):
    """Which phone, and whose."""

    device_id = Id()
    patient = Text(metadata={"description": "The patient's opaque reference."})
    link = Text(metadata={"format": "uri"})


class NeedsReviewData(View):
    """What waits, and whose."""

    quarantine_id = Id()
    patient = Text(metadata={"description": "The patient's opaque reference."})
    since = Instant(metadata={"description": "Since when it waits."})
    link = Text(metadata={"format": "uri"})


class BreakGlassData(View):
    """Who reads whom, by ids alone."""

    break_glass_id = Id()
    patient = Text(metadata={"description": "The patient's opaque reference."})
    staff_id = Id()
    until = Instant()
    link = Text(metadata={"format": "uri"})


class StateChangedData(View):
    """Whose, to which, and what of theirs is still open."""

    patient = Text(metadata={"description": "The patient's opaque reference."})
    state = Text(metadata={"enum": list(State)})
    alert_open = Flag(metadata={"description": "It stays open until a person closes it."})
    awaited = Flag(
        metadata={
            "description": "They told of a risk, and no check-in came since: the silence is "
            "judged on, unless they died."
        }
    )
    link = Text(metadata={"format": "uri"})


class PingData(View):
    """Which endpoint was to be tried."""

    endpoint_id = Id()


def _event(name: str, summary: str, data: type[View]) -> type[Schema]:
    title = "".join(part.capitalize() for part in name.replace("_", ".").split("."))
    members: dict[str, object] = {
        "__doc__": summary,
        "type": Text(metadata={"enum": [name]}),
        "timestamp": Instant(metadata={"description": "When it happened."}),
        "data": Part(data),
    }
    if issubclass(data, AlertEventData):
        about = {"description": "At endpoints of purpose `disclosure` alone."}
        members["disclosure"] = Part(DisclosureView, metadata=about)
        members["omit_when_none"] = frozenset({"disclosure"})
    return type(f"{title}Event", (View,), members)


class EscortMissingData(View):
    """Whose, and which visit."""

    patient = Text(metadata={"description": "The patient's opaque reference."})
    infusion_id = Id()
    planned_at = Instant()
    missing = Items(
        Text(metadata={"enum": ["escort", "transport"]}),
        metadata={"description": "What of the way home is not arranged."},
    )
    link = Text(metadata={"format": "uri"})


class ReminderWindowView(View):
    """Something that is open."""

    id = Id()
    instrument = Text()
    opens_at = Instant()
    closes_at = Instant()


class ReminderDueData(View):
    """Whom to remind, and of what."""

    patient = Text(metadata={"description": "The patient's opaque reference."})
    kind = Text(metadata={"enum": ["reminder", "chaser"]})
    windows = Items(Part(ReminderWindowView), metadata={"description": "What closes first, first."})


EVENTS: dict[str, type[Schema]] = {
    name: _event(name, summary, data)
    for name, summary, data in (
        ("alert.triggered", "Someone must look now: opened, worse, repeated or back.", PageData),
        ("alert.escalated", "The step before did not answer: the next one is paged.", PageData),
        ("alert.exhausted", "The policy is used up; this repeats until someone answers.", PageData),
        ("alert.updated", "Another finding, no worse than the alert, joined it.", AlertEventData),
        ("alert.acknowledged", "A person has it, or a colleague now.", AcknowledgedData),
        ("alert.resolved", "A person closed it.", AlertEventData),
        (
            "consent.withdrawn",
            "A patient took the consent to the diary back, or declined it: talk with them.",
            ConsentWithdrawnData,
        ),
        (
            "device.needs_pairing",
            "A patient's phone was put out and must be paired anew.",
            NeedsPairingData,
        ),
        (
            "quarantine.needs_review",
            "What a patient's phone sent could not be taken as it was: a person has to look.",
            NeedsReviewData,
        ),
        (
            "access.break_glass",
            "A clinician reads a patient who is in somebody else's care, for an hour.",
            BreakGlassData,
        ),
        (
            "patient.state_changed",
            "A patient is away, back, discharged or has died; no alert is closed by it.",
            StateChangedData,
        ),
        (
            "infusion.escort_missing",
            "The way home of a patient after an infusion of the next day is not arranged.",
            EscortMissingData,
        ),
        (
            "reminder.due",
            "A check-in is open and not answered: the app's push service reminds the patient.",
            ReminderDueData,
        ),
        ("endpoint.gone", "Another endpoint answered 410; it is paged no more.", EndpointGoneData),
        ("ping", "An administrator tries the endpoint.", PingData),
    )
}
"""Each is a page or a state event; a page is retried without end until someone answers."""
