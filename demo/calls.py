"""The demo as a caller of the API: requests, and tokens that are fresh when they are asked for."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from filelock import FileLock

from demo.place import Place

_STAFF = ("bob", "dana", "erin")
# A token this close to its end is replaced: it must still be good when it is used.
_MARGIN = 120
# Never through a proxy: everything is on this machine.
_opener = build_opener(ProxyHandler({}))


class NotRunning(Exception):
    """The API does not answer."""


class Refused(Exception):
    """The API answered with a problem."""


def call(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
) -> Any:
    """The parsed answer of one request; raises Refused or NotRunning."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    elif form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = urlencode(form).encode()
    elif method == "POST":
        data = b""
    request = Request(url, data, headers, method=method)  # noqa: S310 — our own address
    try:
        with _opener.open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
    except HTTPError as error:
        with error:
            raise Refused(f"{method} {url} answered {error.code}") from None
    except (URLError, OSError):
        raise NotRunning(f"Nobody answers at {url}; is `make run` running?") from None


def access_token(place: Place, name: str) -> str:
    """A token of `alice` or of a member of the team that is good for some minutes at least.

    Two shells that ask at once must not use one refresh token twice, which would end its session.
    """
    url = str(place.read_json("running.json").get("url", ""))
    if not url:
        raise NotRunning("The demo is not running; start it with `make run`.")
    with FileLock(place.folder / "tokens.lock"):
        kept = place.read_json("tokens.json")
        mine = kept.get(name, {})
        if mine.get("url") == url and mine.get("expires_at", 0) > time.time() + _MARGIN:
            return str(mine["access_token"])
        grant = _sign_in(place, url, name) if name in _STAFF else _phone(place, url, name, mine)
        kept[name] = {
            "url": url,
            "access_token": grant["access_token"],
            "refresh_token": grant["refresh_token"],
            "expires_at": int(time.time()) + grant["expires_in"],
        }
        place.keep_json("tokens.json", kept)
        return str(grant["access_token"])


def _sign_in(place: Place, url: str, name: str) -> Any:
    known = place.read_json("credentials.json")["staff"][name]
    body = {"email": known["email"], "password": known["password"]}
    return call("POST", f"{url}/v1/sessions", body=body)


def _phone(place: Place, url: str, name: str, mine: Mapping[str, Any]) -> Any:
    """Refresh the phone's session; where it has none, have Bob enrol the phone."""
    if "refresh_token" in mine:
        form = {"grant_type": "refresh_token", "refresh_token": mine["refresh_token"]}
        try:
            return call("POST", f"{url}/oauth/token", form=form)
        except Refused:
            pass  # its session ended: it pairs again
    patient = place.read_json("credentials.json")["patients"][name]
    bob = _sign_in(place, url, "bob")["access_token"]
    enrolment = call("POST", f"{url}/v1/patients/{patient}/enrolments", token=bob)
    phone = {"code": enrolment["code"], "name": f"{name.capitalize()}'s phone", "platform": "other"}
    return call("POST", f"{url}/v1/devices", body=phone)
