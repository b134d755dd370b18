"""Instruments: the product's own questionnaires and those that the clinic brings."""

from typing import Any

from flask_restx import Namespace, Resource

from api.declared import Answer
from api.operation import operation
from diary.access.permissions import Scope
from diary.callers import CallerKind
from diary.errors import FieldFault, Invalid, NotFound
from diary.instruments import errors, library, service, showing
from diary.instruments.fhir import writing
from diary.instruments.fhir.documents import LARGEST, Refusal
from diary.instruments.preparing import Examined, examine, prepare
from diary.instruments.scoring import PROFILES
from diary.instruments.service import Imported
from diary.work import House, Work
from schemas.imports import (
    ImportedInstrumentView,
    InstrumentCheck,
    InstrumentDraft,
    InstrumentReportView,
    LicenceAttestation,
)
from schemas.instruments import (
    InstrumentTextView,
    InstrumentView,
    LocaleQuery,
    QuestionnaireView,
)

ns = Namespace("instruments", "What a check-in asks", path="/v1/instruments")

# The document, and what stands beside it.
_LARGEST_BODY = LARGEST + 64 * 1024
_OWN = {"origin": "product", "profile": None, "shortest_interval_hours": None, "licensed": True}


def _prepared(house: House, body: dict[str, Any]) -> dict[str, Any]:
    body = _examined(house, body)
    prepared = prepare(body["document"], PROFILES, slug=body["slug"], version=body["version"])
    return body | {"document": prepared}


def _examined(_: House, body: dict[str, Any]) -> dict[str, Any]:
    # It may take a while, and nothing could be written meanwhile.
    beside = {name: body[name] for name in ("locale", "profile", "mapping")}
    try:
        return body | {"document": examine(body["document"], PROFILES, **beside)}
    except Refusal as refusal:
        faults = [
            FieldFault(f"/document{fault.pointer}", fault.code, fault.detail)
            for fault in refusal.faults
        ]
        raise Invalid(errors=faults) from None


@ns.route("")
class Instruments(Resource):
    """Everything that was published or imported."""

    @operation(scope=Scope.INSTRUMENTS_READ, query=LocaleQuery, returns=InstrumentView, many=True)
    def get(self, work: Work, query: dict[str, str]) -> list[dict[str, Any]]:
        """List every version of every instrument: the product's own, then the clinic's.

        The oldest of one instrument comes first.
        """
        locale = query["locale"]
        own = [
            library.localised(each, locale)
            | {"locales": each.locales, "licensed_locales": each.locales}
            | _OWN
            for each in library.published()
        ]
        brought = service.find_all(work, work.caller.clinic)
        seen = (_seen_by_caller(work, each) for each in brought)
        return own + [showing.listed(each, locale) for each in seen if each is not None]

    @operation(
        scope=Scope.INSTRUMENTS_WRITE,
        before=_prepared,
        body=InstrumentDraft,
        returns=ImportedInstrumentView,
        status=201,
        also=(200,),
        idempotent=True,
        max_body=_LARGEST_BODY,
        raises=(errors.VersionTaken, errors.LocaleDiffers),
    )
    def post(self, work: Work, body: dict[str, Any]) -> Answer:
        """Import a FHIR Questionnaire (R4 or R5) as a version of an instrument.

        What scores it is told by the codes of its items. The same document again is answered 200
        with the version that is there. Without a licence it is kept and cannot be scheduled.
        """
        prepared, licence = body["document"], body["licence"]
        row, is_new = service.bring(
            work, prepared, source=body["source"], licence=licence and licence["text"]
        )
        stored = ("id", "slug", "version", "title", "source", "shortest_interval_hours")
        shown = _report(prepared.examined) | {name: getattr(row, name) for name in stored}
        shown |= {"imported_at": row.imported_at, "licensed": row.licence is not None}
        return Answer(shown, status=201 if is_new else 200)


@ns.route("/check")
class InstrumentCheckUp(Resource):
    """A look at a document."""

    @operation(
        scope=Scope.INSTRUMENTS_WRITE,
        before=_examined,
        body=InstrumentCheck,
        returns=InstrumentReportView,
        write=False,
        max_body=_LARGEST_BODY,
    )
    def post(self, work: Work, body: dict[str, Any]) -> dict[str, Any]:
        """Say what an import of this FHIR Questionnaire would find. Nothing is kept."""
        return _report(body["document"])


@ns.route("/<string:slug>/<string:version>")
class Instrument(Resource):
    """One version."""

    @operation(
        scope=Scope.INSTRUMENTS_READ,
        query=LocaleQuery,
        returns=InstrumentTextView,
        raises=(NotFound,),
    )
    def get(self, work: Work, slug: str, version: str, query: dict[str, str]) -> dict[str, Any]:
        """Read one version of an instrument in the closest language there is."""
        found = library.find(slug, version)
        if found is not None:
            return library.localised(found, query["locale"])
        readable = _brought(work, slug, version).readable
        if readable is None:
            raise NotFound
        return showing.localised(readable, query["locale"])


@ns.route("/<string:slug>/<string:version>/questionnaire")
class InstrumentQuestionnaire(Resource):
    """One version in FHIR."""

    @operation(
        scope=Scope.INSTRUMENTS_READ,
        query=LocaleQuery,
        returns=QuestionnaireView,
        raises=(NotFound,),
    )
    def get(self, work: Work, slug: str, version: str, query: dict[str, str]) -> dict[str, Any]:
        """Read one version as a FHIR Questionnaire, in the closest language there is.

        The product's own is R4, with codes of its own. One that was imported is the document that
        was brought, in the release that it was written in.
        """
        found = library.find(slug, version)
        if found is not None:
            return writing.written(found, library.closest(found.locales, query["locale"]))
        edition, _ = _brought(work, slug, version).in_locale(query["locale"])
        return edition.document


@ns.route("/<string:slug>/<string:version>/licence")
class InstrumentLicence(Resource):
    """Whether the clinic may use a version."""

    @operation(
        scope=Scope.INSTRUMENTS_WRITE,
        body=LicenceAttestation,
        returns=InstrumentView,
        status=201,
        idempotent=True,
        raises=(NotFound,),
    )
    def post(self, work: Work, slug: str, version: str, body: dict[str, Any]) -> dict[str, Any]:
        """Attest that the clinic may use an imported version, where nobody did yet."""
        found = service.attest(work, slug, version, licence=body["text"], locale=body["locale"])
        return showing.listed(found, found.locales[0])


def _report(examined: Examined) -> dict[str, Any]:
    match = examined.match
    return {
        "profile": match.profile,
        "locale": examined.locale,
        "title": examined.questionnaire.title.get(examined.locale, ""),
        "url": examined.questionnaire.url,
        "sha256": examined.sha256,
        "items": [{"link_id": link_id, "item": key} for link_id, key in match.items.items()],
        "unscored": match.unscored,
        "report": examined.report,
    }


def _brought(work: Work, slug: str, version: str) -> Imported:
    found = service.find(work, work.caller.clinic, slug, version)
    seen = found and _seen_by_caller(work, found)
    if seen is None:
        raise NotFound
    return seen


def _seen_by_caller(work: Work, imported: Imported) -> Imported | None:
    # Words that the clinic may not use yet are put before no patient.
    return imported.offered if work.caller.kind is CallerKind.DEVICE else imported
