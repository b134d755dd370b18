"""What is seen of a patient during a visit."""

from typing import Any

from diary.infusions.observations import POSSIBLE
from schemas.base import Body, View
from schemas.fields import Id, Instant, Int, Items, Word
from schemas.occasions import Occasion

_ABOUT = {
    "systolic": "Blood pressure, mmHg.",
    "diastolic": "Blood pressure, mmHg; lower than `systolic`.",
    "heart_rate": "Per minute.",
    "spo2": "Oxygen saturation, percent.",
    "respiratory_rate": "Per minute.",
    "dissociation": "As a clinician sees it: 0 none to 4 extreme.",
    "cadss": "The total of the CADSS.",
}
_FIELDS = ("observed_at", *_ABOUT)


def _measure(name: str, **more: Any) -> Int:
    least, most = POSSIBLE[name]
    about = {"description": _ABOUT[name]}
    return Int(min=least, max=most, allow_none=True, metadata=about, **more)


class ObservationDraft(Body):
    """What was seen, at least one measure of it."""

    observed_at = Occasion(required=True)
    systolic = _measure("systolic", load_default=None)
    diastolic = _measure("diastolic", load_default=None)
    heart_rate = _measure("heart_rate", load_default=None)
    spo2 = _measure("spo2", load_default=None)
    respiratory_rate = _measure("respiratory_rate", load_default=None)
    dissociation = _measure("dissociation", load_default=None)
    cadss = _measure("cadss", load_default=None)
    corrects = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "An entry of this visit that was wrong."},
    )
    confirm = Items(
        Word(_FIELDS),
        load_default=list,
        max=len(_FIELDS),
        metadata={"description": "Fields whose value is meant, though it is unusual."},
    )


class OwnObservationView(View):
    """What was seen at one time."""

    id = Id()
    infusion_id = Id()
    observed_at = Instant()
    systolic = _measure("systolic")
    diastolic = _measure("diastolic")
    heart_rate = _measure("heart_rate")
    spo2 = _measure("spo2")
    respiratory_rate = _measure("respiratory_rate")
    dissociation = _measure("dissociation")
    cadss = _measure("cadss")
    corrects = Id(allow_none=True)
    corrected_by = Id(
        allow_none=True, metadata={"description": "The entry to go by; this one was wrong."}
    )
    recorded_at = Instant()


class ObservationView(OwnObservationView):
    """What was seen at one time, and who entered it."""

    recorded_by = Id(allow_none=True)
