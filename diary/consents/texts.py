"""The texts that a clinic asks for consent with: published as versions, and then fixed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from diary.access import clinics
from diary.consents.model import consent_texts
from diary.consents.purposes import Purpose
from diary.errors import FieldFault, Invalid
from diary.work import Work


def publish(
    work: Work,
    *,
    purpose: Purpose,
    asks_anew: bool,
    lasts_months: int | None,
    wordings: Sequence[dict[str, str]],
) -> Row[Any]:
    """Publish the next version. asks_anew: what was given for earlier ones counts no more.

    Raises Invalid where a language stands there twice, or the clinic's own is missing.
    """
    locales = [wording["locale"] for wording in wordings]
    faults = [
        FieldFault(f"/wordings/{number}/locale", "repeated", "this language stands there already")
        for number, locale in enumerate(locales)
        if locale in locales[:number]
    ]
    own = clinics.get(work).locale
    if own not in locales:
        faults.append(FieldFault("/wordings", "required", "the clinic's own language is missing"))
    if faults:
        raise Invalid(errors=faults)
    clinic = work.caller.clinic
    last = work.row(
        select(func.max(consent_texts.c.version).label("version")).where(
            consent_texts.c.clinic_id == clinic, consent_texts.c.purpose == purpose
        )
    )
    text_id = work.new_id()
    version = ((last and last.version) or 0) + 1
    work.add(
        consent_texts,
        clinic_id=clinic,
        id=text_id,
        purpose=purpose,
        version=version,
        asks_anew=asks_anew,
        lasts_months=lasts_months,
        wordings=list(wordings),
        published_at=work.now,
        published_by=work.caller.id,
    )
    work.audit("consent-text.published", "consent_text", text_id, purpose=purpose, version=version)
    row = work.row(visible(work).where(consent_texts.c.id == text_id))
    assert row is not None
    return row


def visible(work: Work) -> Select[Any]:
    """Every version of the caller's clinic."""
    return select(consent_texts).where(consent_texts.c.clinic_id == work.caller.clinic)


def newest(work: Work) -> dict[str, Row[Any]]:
    """The version that is asked for now, by purpose."""
    latest = (
        select(consent_texts.c.purpose, func.max(consent_texts.c.version).label("version"))
        .where(consent_texts.c.clinic_id == work.caller.clinic)
        .group_by(consent_texts.c.purpose)
        .subquery()
    )
    rows = work.rows(
        visible(work).join(
            latest,
            (latest.c.purpose == consent_texts.c.purpose)
            & (latest.c.version == consent_texts.c.version),
        )
    )
    return {row.purpose: row for row in rows}


def find(work: Work, purpose: Purpose, version: int) -> Row[Any]:
    """One version; raises Invalid where the clinic has not published it."""
    row = work.row(
        visible(work).where(consent_texts.c.purpose == purpose, consent_texts.c.version == version)
    )
    if row is None:
        raise Invalid(errors=[FieldFault("/version", "unknown", "is no published version of it")])
    return row


def worded(wordings: Sequence[dict[str, str]], *locales: str) -> dict[str, str]:
    """The wording in the first of these languages that there is, its region aside if need be."""
    for locale in locales:
        wanted = (locale, locale.partition("-")[0])
        for found in wordings:
            if found["locale"] in wanted:
                return found
    return wordings[0]
