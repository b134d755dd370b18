"""A patient's record as it is given out: items of sections, in a shape that only ever grows."""

from diary.records.export import NAMES
from schemas.alerts import LocationView
from schemas.amendments import AmendmentView
from schemas.base import View
from schemas.checkins import ScoresView
from schemas.clinic import OwnClinicView
from schemas.consents import GivenView
from schemas.courses import OwnCourseView
from schemas.departures import OwnDepartureView
from schemas.displays import OwnDisplayView
from schemas.fields import (
    Explanation,
    Flag,
    Free,
    Id,
    Instant,
    Int,
    Locale,
    Part,
    SeverityWord,
    Text,
    Zone,
)
from schemas.infusions import InfusionView, MovedInfusionView
from schemas.notes import NoteView
from schemas.observations import OwnObservationView
from schemas.patient_contacts import PatientContactsView
from schemas.quarantine import SetApartView
from schemas.safety_plans import SafetyPlanView
from schemas.schedule import WindowView

_BY = {"enum": ["patient", "care-team", "care-team-system", "system"]}


class ExportAboutView(View):
    """What this is. `notice`: for whoever is given it (42 CFR 2.32)."""

    format = Int()
    exported_at = Instant()
    notice = Text()


class ExportProfileView(View):
    """The patient, and the clinic."""

    id = Id(attribute="patient.id")
    reference = Text(attribute="patient.reference")
    name = Text(attribute="patient.name")
    locale = Locale(attribute="patient.locale")
    time_zone = Zone(attribute="patient.time_zone")
    state = Text(attribute="patient.state")
    created_at = Instant(attribute="patient.created_at")
    discharged_at = Instant(attribute="patient.discharged_at", allow_none=True)
    clinic = Part(OwnClinicView)


class ExportDeviceView(View):
    """A phone."""

    id = Id()
    name = Text(allow_none=True)
    platform = Text()
    created_at = Instant()


class ExportConsentView(GivenView):
    """An answer to what was asked, with the words that were shown."""

    id = Id()
    purpose = Text()
    title = Text()
    text = Text(max=8_000)


class ExportCheckInView(View):
    """A check-in: `sent` is the body as the phone sent it, the rest is what was made of it."""

    id = Id()
    device_id = Id()
    sent = Free()
    received_at = Instant()
    local_date = Text(metadata={"format": "date"})
    scores = Part(ScoresView)
    client_total = Int(allow_none=True)
    severity = SeverityWord(allow_none=True)
    rule_set_version = Int()
    infusion_number = Int(allow_none=True)
    days_since_infusion = Int(allow_none=True)
    hours_since_infusion = Int(allow_none=True)
    alert_id = Id(allow_none=True)


class ExportSetApartView(SetApartView):
    """What was sent and could not be taken as it was, and what the care team found it to be."""

    class Meta(SetApartView.Meta):
        exclude = ("patient_id", "reviewed_by")

    has_review_note = Flag(metadata={"description": "The clinic gives it on request."})


class ExportAlertView(View):
    """An alert, how soon it was seen and how it ended."""

    id = Id()
    status = Text()
    severity = SeverityWord()
    opened_at = Instant()
    first_acknowledged_at = Instant(allow_none=True)
    contacted_at = Instant(allow_none=True)
    resolved_at = Instant(allow_none=True)
    outcome = Text(allow_none=True)


class ExportFindingView(View):
    """What raised an alert, or joined it."""

    id = Id()
    alert_id = Id()
    rule = Text()
    title = Text()
    severity = SeverityWord()
    suicidality = Int(allow_none=True)
    inputs = Free()
    explanation = Explanation(attribute="because", allow_none=True, max=4_000)
    source = Text()
    source_id = Id(allow_none=True)
    found_at = Instant()


class ExportEntryView(View):
    """What was done about an alert."""

    id = Id()
    alert_id = Id()
    at = Instant()
    kind = Text()
    by = Text(metadata=_BY)
    has_note = Flag(metadata={"description": "The clinic gives it on request."})
    note = Text(allow_none=True, max=4_000)


class ExportDisclosureView(View):
    """What reached a system outside the clinic."""

    id = Id()
    at = Instant(attribute="settled_at")
    type = Text()
    recipient = Text(attribute="description", allow_none=True)


class ExportAccessView(View):
    """That somebody read of the patient."""

    at = Instant()
    by = Text(metadata=_BY)
    what = Text(metadata={"description": "The operation, by its name in this description."})


class ExportStateView(View):
    """A change of the patient's state: in treatment, away from it, or no longer in it."""

    id = Id()
    state = Text()
    since = Instant()
    until = Instant(allow_none=True)
    changed_at = Instant()
    has_reason = Flag(metadata={"description": "The clinic gives it on request."})
    reason = Text(allow_none=True, max=2_000)


class ExportKnownBaselineView(View):
    """A low level of suicidality that was known of the patient, for a time."""

    id = Id()
    level = Int()
    set_at = Instant()
    until = Instant()
    ended_at = Instant(allow_none=True)
    ended_why = Text(allow_none=True)
    has_reason = Flag(metadata={"description": "The clinic gives it on request."})
    reason = Text(allow_none=True, max=2_000)


class ExportDepartureView(OwnDepartureView):
    """How the patient was when they went home."""

    has_reason = Flag(metadata={"description": "The clinic gives it on request."})


class ExportCourseView(OwnCourseView):
    """A course of treatment."""

    has_waiver_reason = Flag(metadata={"description": "The clinic gives it on request."})


class ExportItemView(View):
    """One item: `section` names the member that holds it, the only other one."""

    omit_when_none = frozenset(NAMES)

    section = Text(metadata={"enum": list(NAMES)})
    about = Part(ExportAboutView)
    profile = Part(ExportProfileView)
    device = Part(ExportDeviceView)
    consent = Part(ExportConsentView)
    infusion = Part(InfusionView)
    check_in = Part(ExportCheckInView)
    amendment = Part(AmendmentView)
    set_apart = Part(ExportSetApartView)
    note = Part(NoteView)
    alert = Part(ExportAlertView)
    finding = Part(ExportFindingView)
    entry = Part(ExportEntryView)
    disclosure = Part(ExportDisclosureView)
    access = Part(ExportAccessView)
    state = Part(ExportStateView)
    contacts = Part(PatientContactsView)
    location = Part(LocationView)
    known_baseline = Part(ExportKnownBaselineView)
    safety_plan = Part(SafetyPlanView)
    display = Part(OwnDisplayView)
    window = Part(WindowView)
    infusion_move = Part(MovedInfusionView)
    observation = Part(OwnObservationView)
    departure = Part(ExportDepartureView)
    course = Part(ExportCourseView)


class OwnExportItemView(ExportItemView):
    """One item: `section` names the member that holds it. Notes of the care team are left out."""
