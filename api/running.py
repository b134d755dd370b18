"""How an operation is carried out, as it was declared.

The order: authenticate, check the scope, parse, begin, find the caller, the handler, dump, COMMIT,
answer. A handler touches only the database, so a race that was lost is simply run again.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import orjson
from flask import Response

from api import auth, conditional, idempotency, lines, parsing, traces
from api.declared import Answer, Before, Handler, Operation, Refused
from api.limits import Rate, RateLimited
from api.paging import page_of
from api.races import run_again
from diary.access.tokens import Claims
from diary.callers import ANONYMOUS, Caller, CallerKind
from diary.errors import Fault
from diary.remembered import Repeatable
from schemas.base import View
from schemas.dump import dumper


def carried_out(
    handler: Handler,
    declared: Operation,
    *,
    raw: bool,
    many: bool,
    page: bool,
    filtered: bool,
    before: Before | None,
) -> Handler:
    scope = declared.scope
    read_query = parsing.query(declared.query)
    read_body = _body_reader(declared, raw)
    dump = dumper(declared.returns) if declared.returns is not None else None
    traced = traces.leaves_a_trace(scope, write=declared.write)
    named_by = (declared.returns or View).names_patient
    rate, idempotent = declared.rate, declared.idempotent

    @wraps(handler)
    def view(resource: Any, **path: Any) -> Response:
        door = auth.front()
        admit = partial(
            door.limits.admit,
            door.house.clock.now(),
            purpose=declared.name,
            alert_id=path.get("alert_id"),
        )
        try:
            claims = None if scope is None else auth.require_claims(door, scope)
        except Fault:
            try:
                admit(Rate.ORDINARY, None)
            except RateLimited:
                # Who has something urgent to say must hear all the same that the token is too old.
                if rate is Rate.ORDINARY:
                    raise
            raise
        if isinstance(rate, Rate):
            admit(rate, claims)
            arguments = _read(door, path, claims)
        else:
            try:
                arguments = _read(door, path, claims)
            except Fault:
                # From a reserve of its own: what is readable must not wait for it.
                admit(Rate.URGENT, claims, purpose=("unread", declared.name))
                raise
            counts_as, secret = rate(arguments)
            admit(counts_as, claims, secret=secret)
        repeated = idempotency.repeatable(declared.name, arguments) if idempotent else None
        if before is not None:
            _ask_in(door, claims)
            arguments["body"] = before(door.house, arguments["body"])
        outcome = _run(door, claims, resource, arguments, repeated)
        if isinstance(outcome, Refused):
            outcome.fault.extra |= outcome.extra
            raise outcome.fault
        return outcome

    def _read(door: auth.Front, path: dict[str, Any], claims: Claims | None) -> dict[str, Any]:
        """The handler's arguments, from the path, the query string, the body and the headers."""
        arguments = dict(path)
        # Links that people are sent get parameters appended on their way.
        asked = {} if declared.html else read_query()
        if page:
            arguments["page"] = page_of(
                door.house.vault, declared.name, path | asked, claims.clinic_id if claims else None
            )
            asked = {name: asked[name] for name in asked if name not in ("limit", "cursor")}
        if filtered:
            arguments["query"] = asked
        if read_body is not None:
            arguments["body"] = read_body()
        elif declared.hears is not None:
            arguments["body"] = parsing.heard(declared.hears, declared.max_body)
        elif not declared.any_body:
            parsing.no_body()
        if declared.needs_version:
            arguments["expected"] = conditional.expected()
        return arguments

    def _ask_in(door: auth.Front, claims: Claims | None) -> Caller:
        """The caller, found in a transaction of its own."""
        with door.house.work(_stranger(claims), write=False) as work:
            if claims is not None and scope is not None:
                auth.enter(work, claims, scope, step_up=declared.step_up)
        return work.caller

    def _run(
        door: auth.Front,
        claims: Claims | None,
        resource: Any,
        arguments: dict[str, Any],
        repeated: Repeatable | None,
    ) -> Response | Refused:
        once = partial(_once, door, claims, resource, arguments, repeated)
        return run_again(door.house, once)

    def _once(
        door: auth.Front,
        claims: Claims | None,
        resource: Any,
        arguments: dict[str, Any],
        repeated: Repeatable | None,
    ) -> Response | Refused:
        if declared.own_work:
            if scope is not None:
                arguments["caller"] = _ask_in(door, claims)
            return finish(handler(resource, door.house, **arguments))[1]
        with door.house.work(_stranger(claims), write=declared.write) as work:
            if claims is not None and scope is not None:
                auth.enter(work, claims, scope, step_up=declared.step_up)
            if repeated is not None and (known := idempotency.replay(repeated, work)) is not None:
                return known
            shown, outcome = finish(handler(resource, work, **arguments))
            if repeated is not None and isinstance(outcome, Response):
                idempotency.remember(repeated, work, outcome, shown, named_by)
        if traced and work.caller.kind is not CallerKind.DEVICE:
            traces.leave(door.house, work.caller, declared.name, arguments, shown, named_by)
        return outcome

    def finish(value: Any) -> tuple[Any, Response | Refused]:
        """What is shown, and how."""
        if isinstance(value, Refused):
            return None, value
        if declared.lines:
            assert dump is not None
            return None, lines.streamed(value, dump, declared.status)
        answer = value if isinstance(value, Answer) else Answer(value)
        if declared.html:
            return None, _page(answer, declared.status)
        shown = None
        if dump is not None and answer.value is not None:
            shown = dump({"items": answer.value} if many else answer.value)
        response = _response(shown, answer, declared.status)
        if declared.shows_version and shown is not None:
            tag = conditional.etag(shown)
            if 304 in declared.also and conditional.is_known(tag):
                response = _response(None, Answer(status=304), 304)
            response.headers["ETag"] = tag
        return shown, response

    return view


def _stranger(claims: Claims | None) -> Caller:
    """Nobody yet; where a genuine token names a clinic, within it from the start."""
    return ANONYMOUS if claims is None else ANONYMOUS.within(claims.clinic_id)


def _response(shown: Any, answer: Answer, status: int) -> Response:
    payload = b""
    if shown is not None:
        payload = orjson.dumps(shown, option=orjson.OPT_UTC_Z)
    response = Response(payload, answer.status or status, mimetype="application/json")
    if not payload:
        del response.headers["Content-Type"]
    for name, text in answer.headers.items():
        response.headers[name] = text
    return response


def _page(answer: Answer, status: int) -> Response:
    response = Response(answer.value, answer.status or status, mimetype="text/html")
    response.headers.update(answer.headers)
    return response


def _body_reader(declared: Operation, raw: bool) -> Callable[[], Any] | None:
    if declared.body is None:
        return None
    if declared.form:
        return parsing.form_body(declared.body, declared.max_body)
    return parsing.json_body(None if raw else declared.body, declared.max_body)
