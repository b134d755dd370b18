"""The import of instruments on the wire: a FHIR Questionnaire, and what was found in it."""

from marshmallow import validate

from diary.instruments.preparing import SLUG, VERSION
from diary.instruments.service import LONGEST_LICENCE, SHORTEST_LICENCE
from schemas.base import Body, View
from schemas.fields import Flag, Free, Id, Instant, Int, Items, Locale, Part, Text


class LicenceDraft(Body):
    """That the clinic may use the instrument, in a person's words."""

    attested = Flag(
        required=True,
        validate=validate.Equal(True, error="not_attested: without it nothing is attested"),
    )
    text = Text(
        required=True,
        min=SHORTEST_LICENCE,
        max=LONGEST_LICENCE,
        metadata={"description": "Which licence, from whom, for what."},
    )


class LicenceAttestation(LicenceDraft):
    """That the clinic may use a version."""

    locale = Locale(
        load_default=None, metadata={"description": "Of one document; all of them by default."}
    )


class InstrumentCheck(Body):
    """A FHIR Questionnaire (R4 or R5), and what it does not say itself."""

    document = Free(required=True, metadata={"description": "The Questionnaire, as JSON."})
    locale = Locale(
        load_default=None,
        metadata={"description": "Its language, where it has no `language`. English otherwise."},
    )
    profile = Text(
        load_default=None,
        max=64,
        metadata={"description": "What scores it; needed where its items have no codes."},
    )
    mapping = Free(
        load_default=None,
        metadata={"description": "linkId to item key, for an order that is not the profile's."},
    )


class InstrumentDraft(InstrumentCheck):
    """A FHIR Questionnaire to keep as a version of an instrument."""

    slug = Text(
        load_default=None,
        max=64,
        pattern=SLUG.pattern,
        metadata={"description": "That of the profile by default."},
    )
    version = Text(
        load_default=None,
        max=64,
        pattern=VERSION.pattern,
        metadata={"description": "The document's own by default, or made of its digest."},
    )
    source = Text(load_default=None, max=500, metadata={"description": "Where it came from."})
    licence = Part(LicenceDraft, load_default=None)


class RemarkView(View):
    """One line of the report."""

    pointer = Text(metadata={"description": "The first place, a JSON pointer into the document."})
    code = Text()
    text = Text()
    warning = Flag(metadata={"description": "Somebody has to look at it."})
    count = Int(min=1, metadata={"description": "How often it was found."})


class ScoredItemView(View):
    """An item of the document, and which item of the profile it is."""

    link_id = Text()
    item = Text()


class InstrumentReportView(View):
    """What was found in a document. Nothing is kept."""

    profile = Text(
        allow_none=True,
        metadata={"description": "null: no scores, and no safety rules will look at it."},
    )
    locale = Locale()
    title = Text()
    url = Text(allow_none=True)
    sha256 = Text(metadata={"description": "Of the document, members sorted, without spaces."})
    items = Items(Part(ScoredItemView))
    unscored = Items(Text(), metadata={"description": "linkIds that no score looks at."})
    report = Items(Part(RemarkView))


class ImportedInstrumentView(InstrumentReportView):
    """A version of an instrument in one language, and what was found in its document."""

    id = Id()
    slug = Text()
    version = Text()
    source = Text(allow_none=True)
    shortest_interval_hours = Int(allow_none=True)
    licensed = Flag(metadata={"description": "`false`: it cannot be scheduled yet."})
    imported_at = Instant()
