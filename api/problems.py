"""The only place an error becomes a response: `application/problem+json` (RFC 9457).

A problem never quotes what was sent, nor an exception's text. On a patient's routes each one
carries whom to call: an app that cannot show its screen can still show that.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import ceil
from typing import Any

import orjson
from flask import Flask, Response, g, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.auth import claims_if_genuine, front
from diary.access.errors import StepUpNeeded
from diary.access.permissions import Scope
from diary.access.sessions import PROOF_HOLDS
from diary.access.tokens import Claims
from diary.crisis.contacts import contacts_for
from diary.crisis.coverage import texts
from diary.crisis.guidance import crisis_pack_path
from diary.database import is_full, unreachable
from diary.errors import (
    Busy,
    Conflict,
    Fault,
    FieldFault,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    StorageFull,
    TooMany,
    Unauthenticated,
    limited,
)
from diary.logs import logger
from diary.versions import Changed, VersionNeeded
from schemas.crisis import CrisisContactView
from schemas.dump import dumper

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:interlude:problem:"
# /oauth/token too: a phone whose refresh is refused is just being locked out.
_PATIENT_ROUTES = ("/v1/me/", "/v1/check-ins/", "/v1/devices/", "/oauth/token/")
# RFC 9470, 3.
_STEP_UP = (
    f'Bearer error="insufficient_user_authentication", max_age={PROOF_HOLDS.total_seconds():.0f}'
)
_LOG = logger("api")
_dump_contact = dumper(CrisisContactView)


class LengthRequired(Malformed):
    """A body without Content-Length: a server between could cut it short in silence."""

    code = "length-required"
    title = "Content-Length is needed; a chunked body is not accepted"


class TooLarge(Malformed):
    """The body is longer than this operation takes."""

    code = "too-large"
    title = "The body is too large"


class UnsupportedMedia(Malformed):
    """The body is of another type, or compressed."""

    code = "unsupported-media"
    title = "This media type is not accepted here"


class MethodNotAllowed(Malformed):
    """The path exists, the method on it does not."""

    code = "method-not-allowed"
    title = "This method is not allowed here"


class BadQuery(Malformed):
    """A query parameter is unknown, repeated or not acceptable."""

    code = "bad-query"
    title = "The query string is not acceptable"


class Unexpected(Fault):
    """A defect of the server; its log has it under the request id."""

    code = "internal"
    title = "Something went wrong on our side"


# The first kind that an error is an instance of decides.
STATUS: Mapping[type[Fault], int] = {
    LengthRequired: 411,
    TooLarge: 413,
    UnsupportedMedia: 415,
    MethodNotAllowed: 405,
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Changed: 412,
    Invalid: 422,
    VersionNeeded: 428,
    TooMany: 429,
    Busy: 503,
    StorageFull: 507,
    Unexpected: 500,
}
_OF_HTTP: Mapping[int, type[Fault]] = {status: kind for kind, status in STATUS.items()}


def status_of(kind: type[Fault]) -> int:
    """The status of a kind of fault."""
    return next(status for known, status in STATUS.items() if issubclass(kind, known))


def install(app: Flask) -> None:
    """Render every error of the app here."""
    app.register_error_handler(Fault, respond)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _database)
    app.register_error_handler(Exception, _unexpected)


def respond(fault: Fault) -> Response:
    """The problem that a fault is told as."""
    status = status_of(type(fault))
    problem: dict[str, Any] = {
        "type": TYPE_PREFIX + fault.code,
        "title": fault.title,
        "status": status,
    }
    if fault.detail:
        problem["detail"] = fault.detail
    if fault.errors:
        problem["errors"] = fault.errors
    problem |= fault.extra
    claims = claims_if_genuine()
    if f"{request.path}/".startswith(_PATIENT_ROUTES) or _is_patient(claims):
        problem["crisis"] = crisis_for(claims)
    response = Response(orjson.dumps(problem, option=orjson.OPT_UTC_Z), status, mimetype=MEDIA_TYPE)
    if status == 401:
        step_up = isinstance(fault, StepUpNeeded)
        response.headers["WWW-Authenticate"] = _STEP_UP if step_up else "Bearer"
    elif isinstance(fault, TooMany):
        response.headers["Retry-After"] = str(ceil(fault.wait.total_seconds()))
    elif status == 503:
        response.headers["Retry-After"] = "1"
    return response


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem that any error is told as, where the status was sent before it happened."""
    if isinstance(error, Fault):
        response = respond(error)
    elif isinstance(error, DBAPIError | PoolTimeout):
        response = _database(error)
    else:
        response = _unexpected(error)
    problem: dict[str, Any] = orjson.loads(response.get_data())
    return problem


def crisis_for(claims: Claims | None) -> dict[str, Any]:
    """Whom to call, by the caller's clinic or else by the deployment's own country."""
    country = claims.country if claims else front().house.settings.default_country
    return _crisis(country, request.accept_languages.best_match(texts()) or "en")


def faults_of(error: ValidationError) -> tuple[FieldFault, ...]:
    """marshmallow's tree of messages as a list, each with a JSON pointer (RFC 6901)."""
    # marshmallow leaves this one method without types.
    messages: object = error.normalized_messages()  # type: ignore[no-untyped-call]
    return limited(_walk(messages, ""))


def _walk(messages: object, pointer: str) -> Iterator[FieldFault]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # `_schema` is what marshmallow calls the object itself.
            part = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _walk(inner, pointer + part)
    elif isinstance(messages, list):
        for message in messages:
            yield from _walk(message, pointer)
    else:
        code, _, detail = str(messages).partition(": ")
        yield FieldFault(pointer, code, detail)


def _is_patient(claims: Claims | None) -> bool:
    return claims is not None and not claims.scopes.isdisjoint({Scope.ME_READ, Scope.ME_WRITE})


@lru_cache(maxsize=128)
def _crisis(country: str, locale: str) -> dict[str, Any]:
    known = contacts_for(country)
    return {
        "pack": crisis_pack_path(country, locale),
        "emergency_numbers": known.emergency_numbers,
        "contacts": [_dump_contact(contact) for contact in known.contacts],
    }


def _http(error: HTTPException) -> Response:
    """What Flask itself refuses: no such route, no such method, a connection that broke off."""
    kind = _OF_HTTP.get(error.code or 500, Malformed if (error.code or 500) < 500 else Unexpected)
    response = respond(kind())
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _database(error: DBAPIError | PoolTimeout) -> Response:
    """A database that cannot be reached, or does not answer in time, is worth another try."""
    if isinstance(error, DBAPIError) and is_full(error):
        _LOG.error("storage-full", request_id=g.get("request_id"))
        return respond(StorageFull())
    if isinstance(error, PoolTimeout) or unreachable(error):
        _LOG.warning("database-away", error=error, request_id=g.get("request_id"))
        return respond(Busy())
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    _LOG.error(
        "unexpected", error=error, route=str(request.url_rule), request_id=g.get("request_id")
    )
    return respond(Unexpected())
