"""The composition root: one Flask app for one house."""

from time import perf_counter
from typing import Any
from uuid import UUID

from flask import Flask, Response, g, request
from flask_restx import Api
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.middleware.proxy_fix import ProxyFix

from api import cors, metrics, openapi, problems
from api.auth import EXTENSION, Front, front
from api.limits import Limits, show
from api.operation import declaration
from api.routes import NAMESPACES
from diary.access.keys import KeyRing
from diary.access.tokens import Tokens
from diary.alerts import reading
from diary.callers import ANONYMOUS
from diary.logs import logger
from diary.work import House

_LOG = logger("api")
_DOCS = "/docs"
# They show the API's description and nothing else, to anyone.
_DOCUMENTATION = frozenset({"/", "/openapi.json", f"{_DOCS}/", f"{_DOCS}/<path:path>"})
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI starts from a script in its page and draws with styles and data: images.
_OWN_PAGE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class UndeclaredRoute(Exception):
    """A route whose method says neither which scope it needs nor that it is public."""


class _Router(Api):
    """flask-restx as a router: it renders no error of its own."""

    def error_router(self, original_handler: Any, e: Exception) -> Any:
        return original_handler(e)


def create_app(house: House) -> Flask:
    """The API of a house; raises UndeclaredRoute rather than serve a route without a policy."""
    app = Flask("interlude", static_folder=None)
    # An OPTIONS that Flask answers by itself would be a route without a policy.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    if proxies := house.settings.trusted_proxies:
        # Only what so many proxies have added: whatever stands before it was sent by anyone. A
        # method is assigned to because that is how Flask lets its WSGI side be wrapped.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0)  # type: ignore[method-assign]
    answer_for(app, house)
    _route(app)
    _document(app)
    metrics.install(app)
    problems.install(app)
    app.before_request(_begin)
    cors.install(app, house.settings.allowed_origins)
    app.after_request(_finish)
    _require_declarations(app)
    return app


def answer_for(app: Flask, house: House) -> None:
    """Let an application answer for this house, and no longer for another."""
    keys = KeyRing(house)
    tokens = Tokens(keys, house.settings.issuer, house.new_id)

    def is_alert(clinic_id: UUID, alert_id: UUID) -> bool:
        with house.work(ANONYMOUS.within(clinic_id), write=False) as work:
            return reading.exists(work, clinic_id, alert_id)

    limits = Limits(house.settings.rate_factor, is_alert)
    app.extensions[EXTENSION] = Front(house, keys, tokens, limits)


def _route(app: Flask) -> None:
    # Otherwise flask-restx serves megabytes of an older Swagger UI.
    app.extensions["restx"] = {"apidoc_registered": True}
    api = _Router(doc=False)
    for namespace in NAMESPACES:
        api.add_namespace(namespace)
    api.init_app(app, add_specs=False)


def _document(app: Flask) -> None:
    @app.get("/openapi.json")
    def description() -> Response:
        return Response(openapi.rendered(), mimetype="application/json")

    config = {"app_name": "Interlude", "validatorUrl": None, "persistAuthorization": False}
    app.register_blueprint(get_swaggerui_blueprint(_DOCS, "/openapi.json", config=config))


def _require_declarations(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        # The operator's figures ask for a token of their own.
        if rule.rule in _DOCUMENTATION or rule.rule == metrics.PATH:
            continue
        resource = getattr(app.view_functions[rule.endpoint], "view_class", None)
        for method in (rule.methods or set()) - {"HEAD"}:
            if declaration(getattr(resource, method.lower(), None)) is None:
                raise UndeclaredRoute(f"{method} {rule.rule}")


def _begin() -> None:
    g.began = perf_counter()
    g.request_id = str(front().house.new_id())


def _finish(response: Response) -> Response:
    path = request.path
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    # Otherwise the server says which one it is.
    headers["Server"] = "interlude"
    if front().house.settings.issuer.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    documentation = path == _DOCS or path.startswith(f"{_DOCS}/")
    # A page of the API's own brings its policy with it.
    headers.setdefault("Content-Security-Policy", _OWN_PAGE if documentation else _NOTHING)
    if not documentation:
        headers.setdefault("Cache-Control", "no-store")
    show(response)
    caller, began = g.get("caller"), g.began
    seen = {
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "request_id": g.request_id,
        "caller": caller.kind if caller else None,
    }

    def log() -> None:
        _LOG.info("request", ms=round((perf_counter() - began) * 1000, 1), **seen)

    if response.is_streamed:
        # How long it took is known when the last of it is sent, or nobody listens any more.
        response.call_on_close(log)
    else:
        log()
    return response
