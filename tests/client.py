"""A caller of the API. Whatever it is answered must stand in the OpenAPI description."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Flask
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_DOCUMENT = "urn:interlude:openapi"
LINES = "application/x-ndjson"
_UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
# The description itself and its viewer are not part of what they describe.
_SHOWS_THE_DESCRIPTION = re.compile(r"/(openapi\.json|docs(/.*)?)")


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """What the API answered. json: the parsed body, of lines a list;
    None where there is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def code(self) -> str | None:
        """A problem's code: the last part of its type."""
        kind = self.json.get("type") if isinstance(self.json, dict) else None
        return kind.rpartition(":")[2] if isinstance(kind, str) else None

    def __repr__(self) -> str:
        return f"{self.status} {self.body.decode(errors='replace')}"


@dataclass(frozen=True)
class Api:
    """A caller; `as_(token)` is another, who shows that token."""

    app: Flask
    token: str | None = None

    def as_(self, token: str) -> "Api":
        """The same API for whoever holds this access token."""
        return replace(self, token=token)

    def get(self, path: str, **query: object) -> Response:
        """GET; the keyword arguments are the query string."""
        return self.send("GET", path + ("?" + urlencode(query) if query else ""))

    def post(self, path: str, json: object = None, *, key: str | None = None) -> Response:
        """POST a JSON document, or nothing. key: an `Idempotency-Key`."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._with_json("POST", path, json, headers)

    def put(self, path: str, json: object = None, *, if_match: str | None = None) -> Response:
        """PUT a JSON document, or nothing. if_match: the tag of what is replaced."""
        return self._with_json("PUT", path, json, _matching(if_match))

    def patch(self, path: str, json: object = None) -> Response:
        """PATCH with a JSON document."""
        return self._with_json("PATCH", path, json)

    def delete(self, path: str, json: object = None, *, if_match: str | None = "*") -> Response:
        """DELETE with a JSON document, or nothing. if_match: the tag of what goes; whatever it is,
        unless one is given."""
        return self._with_json("DELETE", path, json, _matching(if_match))

    def form(self, path: str, **fields: str) -> Response:
        """POST a form."""
        body = urlencode(fields).encode()
        return self.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **environ: Any,
    ) -> Response:
        """Send exactly this, and check the answer against the description."""
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        client = self.app.test_client(use_cookies=False)
        with client.open(
            path, method=method, data=body, headers=sent, environ_overrides=environ
        ) as answer:
            raw = answer.get_data()
            is_json = raw and (answer.mimetype or "").endswith("json")
            is_lines = answer.mimetype == LINES
            parsed = [orjson.loads(line) for line in raw.splitlines()] if is_lines else None
            response = Response(
                status=answer.status_code,
                headers=dict(answer.headers),
                body=raw,
                json=orjson.loads(raw) if is_json and not is_lines else parsed,
            )
        check(method, path.partition("?")[0], response)
        return response

    def _with_json(
        self, method: str, path: str, json: object, headers: Mapping[str, str] | None = None
    ) -> Response:
        if json is None:
            return self.send(method, path, headers=headers)
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        return self.send(method, path, orjson.dumps(json), sent)


def _matching(tag: str | None) -> dict[str, str]:
    return {} if tag is None else {"If-Match": tag}


def check(method: str, path: str, response: Response) -> None:
    """AssertionError unless the description says that this operation answers so."""
    if _SHOWS_THE_DESCRIPTION.fullmatch(path):
        return
    template = _template(path)
    operation = _document()["paths"].get(template, {}).get(method.lower()) if template else None
    what = f"{method} {path} answered {response}"
    if method == "OPTIONS" and response.status == 204:
        return  # what a browser asks of every path, and no operation
    if operation is None:
        # Only what the API refuses outright has no description of its own.
        assert response.status in (404, 405), f"no such operation is documented: {what}"
        pointer = f"/components/responses/Problem{response.status}"
    else:
        pointer = f"/paths/{_escaped(template or '')}/{method.lower()}/responses/{response.status}"
        documented = str(response.status) in operation["responses"]
        assert documented, f"this status is not documented: {what}"
    described, pointer = _resolved(pointer)
    for name, header in described.get("headers", {}).items():
        there = name.lower() in {header.lower() for header in response.headers}
        assert there or not header.get("required"), f"header {name} is missing: {what}"
    if "content" not in described:
        assert not response.body, f"no body is documented: {what}"
        return
    media = response.headers.get("Content-Type", "").partition(";")[0]
    assert media in described["content"], f"content type {media!r} is not documented: {what}"
    if "schema" in described["content"][media] and media.endswith("json"):
        validator = _validator(f"{pointer}/content/{_escaped(media)}/schema")
        faults = [
            f"{error.json_path}: {error.message}"
            for each in (response.json if media == LINES else [response.json])
            for error in validator.iter_errors(each)
        ]
        assert not faults, "\n".join(["the body is not as documented", *faults, what])


@cache
def _document() -> dict[str, Any]:
    from api.openapi import document

    return document()


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """The documented paths as patterns; `/me` comes before `/{id}`."""
    paths = sorted(_document()["paths"], key=lambda path: (path.count("{"), path))
    return [(_pattern(path), path) for path in paths]


def _pattern(path: str) -> re.Pattern[str]:
    """A path whose `{id}` must be a UUID does not describe what is answered to another word."""
    operations = _document()["paths"][path].values()
    ids = {
        parameter["name"]
        for operation in operations
        for parameter in operation.get("parameters", ())
        if parameter.get("schema", {}).get("format") == "uuid" and parameter["in"] == "path"
    }
    parts = re.split(r"\{(\w+)\}", path)
    # re.split alternates: what stands between the parameters, and their names.
    return re.compile(
        "".join(
            (_UUID if part in ids else "[^/]+") if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )


@cache
def _template(path: str) -> str | None:
    return next((name for pattern, name in _templates() if pattern.fullmatch(path)), None)


@cache
def _registry() -> Registry[Any]:
    resource = DRAFT202012.create_resource(_document())
    registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
    return registry


def _resolved(pointer: str) -> tuple[dict[str, Any], str]:
    """What stands at a JSON pointer, and the pointer to it once references are followed."""
    resolver = _registry().resolver(_DOCUMENT)
    found = resolver.lookup(f"#{pointer}").contents
    while "$ref" in found:
        pointer = found["$ref"].removeprefix("#")
        found = resolver.lookup(f"#{pointer}").contents
    return found, pointer


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"{_DOCUMENT}#{pointer}"},
        registry=_registry(),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
