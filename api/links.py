"""The page behind an acknowledgement link: for a person with a phone and no token.

It runs no script and names no patient. Opening it changes nothing, because mail scanners open
links; pressing its button does.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import request
from flask_restx import Namespace, Resource
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from api.limits import Rate
from api.operation import Answer, operation
from diary.alerts import links
from diary.alerts.links import Look, Standing
from diary.alerts.texts import language
from diary.errors import NotFound
from diary.work import Work

ns = Namespace("acknowledgement-links", "Acknowledge from a phone", path="/a")

_PAGES = Path(__file__).with_name("pages")
_STYLE = (_PAGES / "page.css").read_text("utf-8")
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}


def _rate(arguments: Mapping[str, Any]) -> tuple[Rate, str | None]:
    """What cannot be a link has no reserve: anybody can send any number of those."""
    token: str = arguments["token"]
    return (Rate.URGENT, token) if links.may_be_one(token) else (Rate.ORDINARY, None)


@ns.route("/<string:token>")
class AcknowledgementLink(Resource):
    """A link that was sent to one member of the care team, about one alert."""

    @operation(
        public=True,
        html=True,
        raises=(NotFound,),
        rate=_rate,
    )
    def get(self, work: Work, token: str) -> Answer:
        """Show how the alert stands, with a button to acknowledge it.

        Changes nothing. A token that is unknown, too old, of a contact that was removed or of a
        member who may not answer alerts any more is answered 404, each the same.
        """
        try:
            return _shown(links.look(work, token))
        except NotFound:
            return _absent()

    @operation(
        public=True,
        html=True,
        any_body=True,
        raises=(NotFound,),
        rate=_rate,
    )
    def post(self, work: Work, token: str) -> Answer:
        """Acknowledge the alert in the name of the link's member, and show how it stands.

        Once: again, or too late, changes nothing. The token is the whole credential.
        """
        try:
            return _shown(links.use(work, token))
        except NotFound:
            return _absent()


def _shown(seen: Look) -> Answer:
    spoken = _spoken(seen.locale)
    words = _words()[spoken]
    zone = ZoneInfo(seen.time_zone)

    def moment(at: datetime) -> str:
        local = at.astimezone(zone)
        clock = format_time(local, "HH:mm", locale=spoken)
        if local.date() == seen.now.astimezone(zone).date():
            return clock
        day = format_date(local.date(), words["day"], locale=spoken)
        return str(words["on"].format(day=day, time=clock))

    severity = words["severity"][seen.severity.word]
    said = {
        "severity": severity,
        "holder": seen.holder or words["someone"],
        "until": seen.until and moment(seen.until),
    }
    standing = words["standing"][seen.standing]
    page = _template().render(
        language=spoken,
        style=Markup(_STYLE),  # noqa: S704 - a file of ours
        clinic=seen.clinic,
        drill=words["drill"] if seen.drill else None,
        kind=seen.standing,
        heading=standing["heading"].format(**said),
        facts=[
            (words["severity_label"], severity),
            (words["opened"], moment(seen.opened_at)),
            (words["state"], standing["state"].format(**said)),
        ],
        text=standing["text"].format(**said),
        button=words["button"] if seen.standing is Standing.OPEN else None,
    )
    return Answer(page, headers=_HEADERS)


def _absent() -> Answer:
    spoken = _spoken("en")
    words = _words()[spoken]["absent"]
    page = _template().render(
        language=spoken,
        style=Markup(_STYLE),  # noqa: S704 - a file of ours
        clinic=None,
        drill=None,
        kind="absent",
        heading=words["heading"],
        facts=[],
        text=words["text"],
        button=None,
    )
    return Answer(page, status=404, headers=_HEADERS)


def _spoken(locale: str) -> str:
    """The language of the page: the browser's, else the clinic's."""
    return request.accept_languages.best_match(_words()) or language(locale)


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_PAGES / "page.json").read_text("utf-8"))
    return found


@cache
def _template() -> Template:
    pages = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("page.html")
