"""Patients, and the codes that let their phones in."""

from diary.patients.states import State
from schemas.base import Body, Query, View
from schemas.fields import Flag, Id, Instant, Locale, Text, Word, Zone


class PatientDraft(Body):
    """A patient to enter."""

    name = Text(required=True, min=1)
    locale = Locale(load_default="en")
    time_zone = Zone(required=True, metadata={"description": "Where the patient lives."})


class PatientFilter(Query):
    """Which patients. `drill=true`: the drill patient, who is nobody real."""

    drill = Word(("true", "false"), load_default="false")


class PatientView(View):
    """A patient."""

    names_patient = "id"

    id = Id()
    reference = Text(metadata={"description": "The name used wherever no one may be named."})
    name = Text()
    locale = Locale()
    time_zone = Zone()
    state = Text(metadata={"enum": list(State)})
    state_until = Instant(allow_none=True, metadata={"description": "When it ends by itself."})
    drill = Flag(metadata={"description": "Nobody real: the one of rehearsals."})
    created_at = Instant()
    discharged_at = Instant(
        allow_none=True, metadata={"description": "When the treatment ended, be it by a death."}
    )


class LegalHoldDraft(Body):
    """Why nothing of the patient may be erased."""

    reason = Text(required=True, min=1, max=2_000, metadata={"description": "Kept sealed."})


class LegalHoldView(View):
    """A legal hold that is in place: why nothing of the patient may be erased."""

    id = Id()
    patient_id = Id()
    reason = Text()
    placed_at = Instant()
    placed_by = Id(allow_none=True, metadata={"description": "The member who placed it."})


class EnrolmentView(View):
    """A code for the patient's phone, shown this once."""

    id = Id()
    code = Text()
    uri = Text(max=1_000, metadata={"description": "What the QR picture says."})
    expires_at = Instant()
