"""Consents on the wire: what a clinic asks for, and what its patients answer."""

from diary.consents.purposes import Purpose
from schemas.base import Body, View
from schemas.fields import Flag, Id, Instant, Int, Items, Locale, Part, Text, Word

_PURPOSE = {"enum": [str(purpose) for purpose in Purpose]}
_STATES = ["unanswered", "given", "outdated", "expired", "withdrawn", "declined"]


class WordingDraft(Body):
    """A text in one language."""

    locale = Locale(required=True)
    title = Text(
        required=True,
        min=1,
        max=200,
        metadata={"description": "Of `disclosure`: it goes with each message, as what it is for."},
    )
    text = Text(required=True, min=1, max=8_000)


class ConsentTextDraft(Body):
    """The next version of a text. It never changes once it is published."""

    purpose = Word(Purpose, required=True)
    asks_anew = Flag(
        required=True,
        metadata={
            "description": "What was given for earlier versions counts no more; `false` is for "
            "a correction that changes nothing in what is agreed to."
        },
    )
    lasts_months = Int(
        load_default=None,
        allow_none=True,
        min=1,
        max=120,
        metadata={"description": "After so long a consent given to it ends by itself."},
    )
    wordings = Items(Part(WordingDraft), required=True, min=1, max=20)


class ConsentAnswer(Body):
    """What the patient answers, to the version that the app showed."""

    version = Int(required=True, min=1)
    given = Flag(required=True, metadata={"description": "`false`: declined, or taken back."})
    locale = Locale(load_default=None, metadata={"description": "The language it was shown in."})


class PaperConsent(ConsentAnswer):
    """What the patient answered elsewhere: on paper, or to a person."""

    purpose = Word(Purpose, required=True)
    answered_at = Instant(required=True, metadata={"description": "When the patient signed."})


class WordingView(View):
    """A text in one language."""

    locale = Locale()
    title = Text()
    text = Text(max=8_000)


class ConsentTextView(View):
    """One version of a text."""

    id = Id()
    purpose = Text(metadata=_PURPOSE)
    version = Int()
    asks_anew = Flag()
    lasts_months = Int(allow_none=True)
    wordings = Items(Part(WordingView))
    published_at = Instant()


class AskedView(View):
    """What to show the patient, in their language where there is a text in it."""

    version = Int()
    locale = Locale()
    title = Text()
    text = Text(max=8_000)
    lasts_months = Int(allow_none=True)
    published_at = Instant()


class GivenView(View):
    """One answer of a patient."""

    version = Int()
    given = Flag()
    locale = Locale()
    answered_at = Instant()
    ends_at = Instant(allow_none=True)
    recorded_at = Instant()
    recorded_by_kind = Text(
        metadata={"enum": ["device", "staff", "client"], "description": "`device`: on the phone."}
    )


class ConsentView(View):
    """What is asked of a patient for one purpose, and what holds."""

    purpose = Text(metadata=_PURPOSE)
    state = Text(
        metadata={
            "enum": _STATES,
            "description": "`outdated`: given for a version before. `declined`: never given.",
        }
    )
    in_force = Flag(metadata={"description": "It counts now; what is outdated may count too."})
    asked = Part(AskedView, allow_none=True)
    answer = Part(GivenView, allow_none=True)


class OwnConsentView(ConsentView):
    """What the patient is asked for one purpose, and what holds."""


class ConsentHistoryView(GivenView):
    """One answer of a patient, with who recorded it."""

    id = Id()
    purpose = Text(metadata=_PURPOSE)
    recorded_by = Id(allow_none=True)


class AnsweredView(View):
    """What holds now, and what to tell the patient."""

    consent = Part(ConsentView, attribute="standing")
    care_team_told = Flag()
    text = Text(max=2_000, metadata={"description": "To be shown, in the patient's language."})
