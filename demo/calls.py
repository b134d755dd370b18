"""The demo as a caller of the API: requests, and tokens that are fresh when they are asked for."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pyotp
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
        return _fresh(place, url, name)


def _fresh(place: Place, url: str, name: str) -> str:
    """Refresh the session there is; where it ended, sign in or pair anew."""
    kept = place.read_json("tokens.json")
    try:
        grant = _refresh(url, kept[name]["refresh_token"])
    except (KeyError, Refused):
        grant = _sign_in(place, url, name) if name in _STAFF else _phone(place, url, name)
    # Bob may have signed in meanwhile, to enrol a phone.
    kept = place.read_json("tokens.json")
    kept[name] = {
        "url": url,
        "access_token": grant["access_token"],
        "refresh_token": grant["refresh_token"],
        "expires_at": int(time.time()) + grant["expires_in"],
    }
    place.keep_json("tokens.json", kept)
    return str(grant["access_token"])


def _refresh(url: str, token: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return call("POST", f"{url}/oauth/token", form=form)


def _sign_in(place: Place, url: str, name: str) -> Any:
    """As a member does: with the code of an authenticator app, which is set up the first time."""
    known = place.read_json("credentials.json")["staff"][name]
    secrets = place.read_json("authenticators.json")
    body = {"email": known["email"], "password": known["password"]}
    if name in secrets:
        app = pyotp.TOTP(secrets[name])
        now = int(time.time())
        with suppress(Refused):
            return call("POST", f"{url}/v1/sessions", body=body | {"code": app.at(now)})
        # A code serves once, and this half minute's was used; the next one's is good already.
        return call("POST", f"{url}/v1/sessions", body=body | {"code": app.at(now + 30)})
    grant = call("POST", f"{url}/v1/sessions", body=body)
    here = f"{url}/v1/sessions/current/second-factor"
    made = call("POST", here, token=grant["access_token"])
    code = pyotp.TOTP(made["secret"]).now()
    call("POST", f"{here}/confirmations", token=grant["access_token"], body={"code": code})
    place.keep_json("authenticators.json", secrets | {name: made["secret"]})
    return _refresh(url, grant["refresh_token"])


def _phone(place: Place, url: str, name: str) -> Any:
    """Have Bob enrol the phone."""
    patient = place.read_json("credentials.json")["patients"][name]
    bob = _fresh(place, url, "bob")
    enrolment = call("POST", f"{url}/v1/patients/{patient}/enrolments", token=bob)
    phone = {"code": enrolment["code"], "name": f"{name.capitalize()}'s phone", "platform": "other"}
    return call("POST", f"{url}/v1/devices", body=phone)
