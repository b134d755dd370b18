"""An operation is declared here, once; `running.py` carries it out, `openapi.py` prints it."""

from collections.abc import Callable
from typing import TypeVar

from marshmallow import Schema

from api import parsing
from api.declared import Answer, Before, Handler, Operation, Refused
from api.limits import ByRequest, Rate
from api.paging import list_view, page_query, page_view
from api.running import carried_out
from diary.access.permissions import Scope
from diary.errors import Fault
from schemas.base import Body, Form, Query, View

__all__ = ["Answer", "Operation", "Refused", "declaration", "operation"]

_Shape = TypeVar("_Shape", bound=Schema)


def operation(
    summary: str | None = None,
    *,
    scope: Scope | None = None,
    public: bool = False,
    body: Body | type[Body] | None = None,
    raw: bool = False,
    any_body: bool = False,
    hears: type[Body] | None = None,
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
    lines: bool = False,
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
    any_body: a body of any form may come along and is ignored. hears: one may, and what of it is in
    order reaches the handler, in this shape. also: further statuses that an
    Answer may choose, the same view in each (none in a 304).
    returns: the view of the answer; with `many` of each of `{items}`, with `page` of each of
    `{items, next_cursor}` (the handler then returns `page.read(…)`). write: False for a `get`
    unless said otherwise. own_work: the handler gets the House instead of a Work and opens its
    own transactions; the caller of a scoped one is passed as `caller=`. step_up: a member must have
    proven who they are within the last ten minutes. html: for a person in a
    browser: the handler returns the page's text, and a query string that came along is ignored.
    lines: the handler yields what is shown, and each is a line of `application/x-ndjson`, sent as
    soon as it is there.
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
    if lines and not own_work:
        raise TypeError("no transaction is open while something is sent")
    if idempotent and (own_work or scope is None):
        raise TypeError("an answer is kept in the caller's one transaction")

    def declare(handler: Handler) -> Handler:
        shown = _made(returns)
        if shown is not None and (many or page):
            shown = page_view(type(shown))() if page else list_view(type(shown))()
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
            hears=_made(hears),
            form=isinstance(sent, Form),
            query=page_query(asked) if page else asked,
            returns=shown,
            status=status,
            also=also,
            raises=raises,
            write=method != "get" if write is None else write,
            own_work=own_work,
            html=html,
            lines=lines,
            max_body=max_body,
            versioned=versioned,
            idempotent=idempotent,
            rate=rate,
            deprecated=deprecated,
            step_up=step_up,
        )
        view = carried_out(
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


def _made(shape: _Shape | type[_Shape] | None) -> _Shape | None:
    return shape() if isinstance(shape, type) else shape
