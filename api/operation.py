"""An operation is declared once: the wrapper carries the declaration out, `openapi.py` prints it.

The order: authenticate, check the scope, parse, begin, find the caller, the handler, dump, COMMIT,
answer. A handler touches only the database, so a race that was lost is simply run again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from time import sleep
from typing import Any, TypeVar

import orjson
from flask import Response
from marshmallow import Schema
from sqlalchemy.exc import DBAPIError

from api import auth, conditional, idempotency, parsing, traces
from api.limits import ByRequest, Rate, RateLimited
from api.paging import list_view, page_of, page_query, page_view
from diary.access.permissions import Scope
from diary.access.tokens import Claims
from diary.callers import ANONYMOUS, Caller, CallerKind
from diary.database import lost_race
from diary.errors import Busy, Fault
from diary.remembered import Repeatable
from diary.work import House
from schemas.base import Body, Form, Query, View
from schemas.dump import dumper

Handler = Callable[..., Any]
Before = Callable[[House, Any], Any]
_TRIES = 8
_APART = 0.010  # seconds
_Shape = TypeVar("_Shape", bound=Schema)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns to choose its own status or headers. value None: no body."""

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal whose transaction COMMITS, where a fault that is raised rolls back.

    extra: members that join the problem document.
    """

    fault: Fault
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The declaration: everything that is known of an operation before it is called."""

    name: str
    summary: str
    description: str
    scope: Scope | None
    body: Body | None
    any_body: bool
    form: bool
    query: Query | None
    returns: View | None
    status: int
    also: tuple[int, ...]
    raises: tuple[type[Fault], ...]
    write: bool
    own_work: bool
    html: bool
    max_body: int
    versioned: bool
    idempotent: bool
    rate: Rate | ByRequest
    deprecated: bool
    step_up: bool

    @property
    def needs_version(self) -> bool:
        """Whether a caller must say which version it changes."""
        return self.versioned and self.name.startswith(("put", "patch", "delete"))

    @property
    def shows_version(self) -> bool:
        """Whether its answers carry an ETag. Not a PUT's: RFC 9110, 9.3.4 keeps that for what was
        stored as it was sent."""
        return self.versioned and not self.needs_version


def operation(
    summary: str | None = None,
    *,
    scope: Scope | None = None,
    public: bool = False,
    body: Body | type[Body] | None = None,
    raw: bool = False,
    any_body: bool = False,
    query: Query | type[Query] | None = None,
    returns: View | type[View] | None = None,
    many: bool = False,
    page: bool = False,
    status: int = 200,
    also: tuple[int, ...] = (),
    raises: tuple[type[Fault], ...] = (),
    write: bool | None = None,
    own_work: bool = False,
    html: bool = False,
    max_body: int = parsing.LARGEST_BODY,
    versioned: bool = False,
    idempotent: bool = False,
    rate: Rate | ByRequest = Rate.ORDINARY,
    before: Before | None = None,
    deprecated: bool = False,
    step_up: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a method of a Resource as an operation.

    The handler is called `handler(resource, work, **path, body=…, query=…, page=…)`, each only
    where it is declared. Exactly one of `scope` and `public` must be given.

    body: the shape of the JSON object; of the form, where it is a `schemas.base.Form`. raw: the
    parsed object reaches the handler as it was sent, and the shape is documentation alone.
    any_body: a body of any form may come along and is ignored. also: further statuses that an
    Answer may choose, the same view in each (none in a 304).
    returns: the view of the answer; with `many` of each of `{items}`, with `page` of each of
    `{items, next_cursor}` (the handler then returns `page.read(…)`). write: False for a `get`
    unless said otherwise. own_work: the handler gets the House instead of a Work and opens its
    own transactions; the caller of a scoped one is passed as `caller=`. step_up: a member must have
    proven who they are within the last ten minutes. html: for a person in a
    browser: the handler returns the page's text, and a query string that came along is ignored.
    versioned: of a thing that has a `version`. What is shown of it to GET and by a POST that made
    it carries it as its ETag; a change gets what the caller expects of it as `expected=`. A GET
    with 304 in `also` answers so to whoever has the present version.
    idempotent: with an `Idempotency-Key` it is carried out once, and answered again. rate: what it
    counts as, or what decides that from its path and body. before: what takes too long for a
    transaction; called with the House and the body once the caller was let in, and gives what the
    handler gets as its body.
    """
    if public == (scope is not None):
        raise TypeError("exactly one of scope and public must be declared")
    if step_up and public:
        raise TypeError("nobody is known who could step up")
    if idempotent and (own_work or scope is None):
        raise TypeError("an answer is kept in the caller's one transaction")

    def declare(handler: Handler) -> Handler:
        shown = _made(returns)
        if shown is not None and (many or page):
            shown = page_view(shown)() if page else list_view(shown)()
        asked = _made(query)
        sent = _made(body)
        first, _, rest = (summary or handler.__doc__ or "").strip().partition("\n")
        owner, _, method = handler.__qualname__.rpartition(".")
        declared = Operation(
            name=method + owner,
            summary=first.rstrip("."),
            description=" ".join(rest.split()),
            scope=scope,
            body=sent,
            any_body=any_body,
            form=isinstance(sent, Form),
            query=page_query(asked) if page else asked,
            returns=shown,
            status=status,
            also=also,
            raises=raises,
            write=method != "get" if write is None else write,
            own_work=own_work,
            html=html,
            max_body=max_body,
            versioned=versioned,
            idempotent=idempotent,
            rate=rate,
            deprecated=deprecated,
            step_up=step_up,
        )
        view = _wrapped(
            handler,
            declared,
            raw=raw,
            many=many,
            page=page,
            filtered=query is not None,
            before=before,
        )
        # A function has no place for it in its type; `declaration` reads it back.
        view.operation = declared  # type: ignore[attr-defined]
        return view

    return declare


def declaration(view: object) -> Operation | None:
    """What was declared on a method of a Resource."""
    found = getattr(view, "operation", None)
    return found if isinstance(found, Operation) else None


def _wrapped(
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
        for tried in range(_TRIES):
            # Losers that return all at once would lose to each other again.
            if tried:
                sleep(door.house.random.uniform(0, tried * _APART))
            try:
                return _once(door, claims, resource, arguments, repeated)
            except DBAPIError as error:
                if not lost_race(error):
                    raise
        raise Busy

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


def _made(shape: _Shape | type[_Shape] | None) -> _Shape | None:
    return shape() if isinstance(shape, type) else shape
