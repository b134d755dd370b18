"""Web pages of other origins that may call this API: those that the operator names, exactly.

Nothing here lets anyone in. It lets a browser show a page what the API answered to its token.
"""

import re

from flask import Flask, Response, request
from flask_cors import CORS

_PATHS = r"/(v1|oauth|\.well-known)/.*"
_SENT = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"]
_READ = ["ETag", "Idempotency-Replayed", "Location", "RateLimit", "RateLimit-Policy"]
_READ += ["Retry-After", "WWW-Authenticate", "X-Request-Id"]
_REMEMBERED = 600


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer browsers that ask for a page of one of these origins; without any, nobody."""
    if not origins:
        return
    CORS(
        app,
        resources=_PATHS,
        origins=list(origins),
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_SENT,
        expose_headers=_READ,
        max_age=_REMEMBERED,
        supports_credentials=False,
        always_send=False,
        vary_header=False,
    )
    app.before_request(_preflight)
    app.after_request(_vary)


def _preflight() -> Response | None:
    """What a browser asks before it sends. Flask's own answer to OPTIONS is off, and so is that
    of the routes; the headers that say yes or no are added to this one."""
    asked = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
    if request.method == "OPTIONS" and asked and re.match(_PATHS, request.path):
        return Response(status=204)
    return None


def _vary(response: Response) -> Response:
    # The library says it of two origins and not of one; a cache would give one page's to another.
    response.vary.add("Origin")
    return response
