"""Prints the declarations of the operations as OpenAPI 3.1; needs no database.

python -m api.openapi --write   writes openapi/interlude.v1.json
python -m api.openapi --check   fails when that file is not what the code declares
"""

import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from api import lines
from api.conditional import STATUSES as OF_VERSIONS
from api.idempotency import HEADER, REPLAYED
from api.limits import Rate
from api.operation import Operation, declaration
from api.problems import MEDIA_TYPE, STATUS, status_of
from api.routes import NAMESPACES
from diary.access.errors import StepUpNeeded
from diary.access.permissions import SCOPES_OF, Scope
from diary.errors import NotFound
from diary.remembered import KeyReused
from diary.sealing import PatientErased
from schemas.events import EVENTS
from schemas.problems import ProblemView

FILE = Path(__file__).parent.parent / "openapi" / "interlude.v1.json"
_METHODS = ("get", "put", "post", "patch", "delete")
_IN_PATH = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_ABOUT = (
    "The diary between ketamine infusions. Patients record how they are every day; an answer that "
    "carries risk reaches a person, again and again, until a person says that they have it.\n\n"
    "Errors are `application/problem+json`; their `type` is stable. Every answer carries "
    "`X-Request-Id`. Moments are RFC 3339 with an offset and are answered in UTC."
)
# What any operation can answer, by the part of it that makes it possible.
_ALWAYS = (400, 500, 503)
_WITH_TOKEN = (401, 403)
_WITH_BODY = (411, 413, 415, 422)
_HTML = {"type": "string"}
_STEP_UP = (
    "A member must have proven who they are within the last 10 minutes: by signing in, or with "
    "`POST /v1/sessions/current/step-up` (RFC 9470)."
)
_TEXT = {"type": "string"}
_SENT_HEADERS = {
    "If-Match": "The `ETag` of what is changed, or its `version` in quotes; `*` for any.",
    "If-None-Match": "The `ETag` of what the caller has.",
    HEADER: "Up to 255 printable ASCII characters: within 7 days the same request with the same "
    "key is answered as before, and not carried out again.",
}
_HEADERS = {
    "ETag": ("The version that is shown, in quotes.", True),
    REPLAYED: ("`true` where the answer was given before.", False),
    "RateLimit": ("What is left, as in draft-ietf-httpapi-ratelimit-headers.", False),
    "RateLimit-Policy": ("How many requests are taken, and in how many seconds.", False),
    "Retry-After": ("In how many seconds it is worth another try.", True),
    "WWW-Authenticate": ("`Bearer`.", True),
}
_OF_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def document() -> dict[str, Any]:
    """The whole description. A schema that is described in two ways is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return _document()


@cache
def rendered() -> bytes:
    """The description as it is served and kept: sorted, indented."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def operations() -> Iterator[tuple[str, str, str, Operation]]:
    """Every operation: its tag, path, method and declaration."""
    for namespace in NAMESPACES:
        for route in namespace.resources:
            for url in route.urls:
                for method in _METHODS:
                    declared = declaration(getattr(route.resource, method, None))
                    if declared is not None:
                        yield namespace.name, namespace.path + url, method, declared


def _document() -> dict[str, Any]:
    spec = APISpec(
        "Interlude",
        "1",
        openapi_version="3.1.1",
        plugins=[MarshmallowPlugin(schema_name_resolver=_component_name)],
        info={"description": _ABOUT},
        servers=[{"url": "/"}],
        tags=[
            {"name": namespace.name, "description": namespace.description}
            for namespace in NAMESPACES
        ],
    )
    spec.components.security_scheme("bearer", _security())
    for name, (about, always) in _HEADERS.items():
        header = {"description": about, "required": always, "schema": _TEXT}
        spec.components.header(name, header)
    for kind, status in STATUS.items():
        content = {MEDIA_TYPE: {"schema": ProblemView}}
        described: dict[str, Any] = {"description": kind.title, "content": content}
        if status in _OF_STATUS:
            described["headers"] = _headers(*_OF_STATUS[status])
        spec.components.response(f"Problem{status}", described)
    # Someone in a browser is told in words that there is nothing here.
    absent = {"text/html": {"schema": _HTML}, MEDIA_TYPE: {"schema": ProblemView}}
    spec.components.response("Page404", {"description": NotFound.title, "content": absent})
    seen: set[str] = set()
    paths: dict[str, dict[str, Any]] = {}
    for tag, url, method, declared in operations():
        if declared.name in seen:
            raise ValueError(f"two operations are named {declared.name}")
        seen.add(declared.name)
        path = _IN_PATH.sub(r"{\g<name>}", url)
        paths.setdefault(path, {})[method] = _operation(tag, url, declared)
    for path, methods in paths.items():
        spec.path(path, operations=methods)
    hooks = {name: _webhook(name, schema) for name, schema in EVENTS.items()}
    for name, hook in hooks.items():
        spec.path(f"/{name}", operations=hook)
    found: dict[str, Any] = spec.to_dict()
    # apispec knows paths alone: a webhook is rendered as one and moved.
    found["webhooks"] = {name: found["paths"].pop(f"/{name}") for name in hooks}
    return found


def _operation(tag: str, url: str, declared: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": declared.name,
        "tags": [tag],
        "summary": declared.summary,
        "parameters": _parameters(url, declared),
        "responses": _successes(declared) | _refusals(declared),
        "security": [{"bearer": [declared.scope]}] if declared.scope else [],
    }
    about = (declared.description, _STEP_UP if declared.step_up else "")
    if any(about):
        described["description"] = " ".join(filter(None, about))
    if declared.deprecated:
        described["deprecated"] = True
    if declared.body is not None:
        media = "application/x-www-form-urlencoded" if declared.form else "application/json"
        content = {media: {"schema": declared.body}}
        described["requestBody"] = {"required": True, "content": content}
    if declared.hears is not None:
        content = {"application/json": {"schema": declared.hears}}
        described["requestBody"] = {"required": False, "content": content}
    return described


def _parameters(url: str, declared: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in _IN_PATH.finditer(url):
        schema = {"type": "integer"} if part["kind"] == "int" else {"type": "string"}
        if part["kind"] == "uuid":
            schema["format"] = "uuid"
        found.append({"in": "path", "name": part["name"], "required": True, "schema": schema})
    if declared.query is not None:
        found.append({"in": "query", "schema": declared.query})
    taken = {
        "If-Match": declared.needs_version,
        "If-None-Match": declared.shows_version and 304 in declared.also,
        HEADER: declared.idempotent,
    }
    found += [
        {"in": "header", "name": name, "description": _SENT_HEADERS[name], "schema": _TEXT}
        for name, is_taken in taken.items()
        if is_taken
    ]
    return found


def _successes(declared: Operation) -> dict[str, Any]:
    unchanged = {"description": "Nothing changed."}
    found: dict[str, dict[str, Any]] = {
        str(status): dict(unchanged) if status == 304 else _success(declared)
        for status in (declared.status, *declared.also)
    }
    names = ["ETag"] * declared.shows_version + [REPLAYED] * declared.idempotent
    if declared.rate is not Rate.FREE:
        names += ["RateLimit", "RateLimit-Policy"]
    for success in found.values():
        if names:
            success["headers"] = _headers(*names)
    return found


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _success(declared: Operation) -> dict[str, Any]:
    if declared.html:
        return {"description": "The page.", "content": {"text/html": {"schema": _HTML}}}
    if declared.returns is None:
        return {"description": "Done; there is nothing to say."}
    media = lines.MEDIA_TYPE if declared.lines else "application/json"
    about = (type(declared.returns).__doc__ or "Done.").strip().partition("\n")[0]
    return {
        "description": f"Line by line: {about}" if declared.lines else about,
        "content": {media: {"schema": declared.returns}},
    }


def _refusals(declared: Operation) -> dict[str, Any]:
    codes: dict[int, list[str]] = {status: [] for status in _ALWAYS}
    if declared.scope is not None:
        codes |= {status: [] for status in _WITH_TOKEN}
    if declared.step_up:
        codes[401].append(StepUpNeeded.code)
    if declared.body is not None:
        codes |= {status: [] for status in _WITH_BODY}
    if declared.rate is not Rate.FREE:
        codes[429] = []
    if declared.write:
        codes[507] = []
    if declared.idempotent:
        codes[422] = [KeyReused.code]
        codes[409] = [PatientErased.code]
    if declared.needs_version:
        codes |= {status: [] for status in OF_VERSIONS}
    for kind in declared.raises:
        codes.setdefault(status_of(kind), []).append(kind.code)
    found = {str(status): _refusal(status, codes[status]) for status in sorted(codes)}
    if declared.html and "404" in found:
        found["404"]["$ref"] = "#/components/responses/Page404"
    return found


def _refusal(status: int, codes: list[str]) -> Any:
    if not codes:
        return f"Problem{status}"
    # Beside a $ref only a description may stand: it names this operation's own codes.
    return {
        "$ref": f"#/components/responses/Problem{status}",
        "description": "Problem " + ", ".join(f"`{code}`" for code in sorted(set(codes))),
    }


def _webhook(name: str, schema: type[Schema]) -> dict[str, Any]:
    about, _, rest = (schema.__doc__ or "").strip().partition("\n")
    described = {
        "operationId": "on" + "".join(part.title() for part in re.split(r"\W|_", name)),
        "tags": ["webhooks"],
        "summary": about.rstrip("."),
        "description": " ".join(rest.split()),
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Received."}},
        "security": [],
    }
    return {"post": described}


def _security() -> dict[str, Any]:
    held = {
        scope: ", ".join(role for role in SCOPES_OF if scope in SCOPES_OF[role]) for scope in Scope
    }
    lines = [f"- `{scope}`: {roles}" for scope, roles in held.items()]
    about = "A signed access token. Scopes, and the roles that can hold each:\n\n"
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT (RFC 9068)",
        "description": about + "\n".join(lines),
    }


def _component_name(schema: type[Schema] | Schema | str) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("View") if kind is not str else str(schema)


def main(arguments: list[str]) -> int:
    """Write the file, or tell whether it is stale."""
    if arguments == ["--write"]:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_bytes(rendered())
        return 0
    if arguments == ["--check"]:
        if FILE.exists() and FILE.read_bytes() == rendered():
            return 0
        print(f"{FILE.name} is not what the code declares; run `make openapi` and read the diff")
        return 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
