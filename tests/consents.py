"""What tests of consents have their people do."""

from typing import Any

from tests.cast import Cast, Patient
from tests.client import Response


def publish(cast: Cast, purpose: str, **more: Any) -> Response:
    """Dana publishes the next version of a text, in English and Spanish."""
    body = {
        "purpose": purpose,
        "asks_anew": True,
        "wordings": [
            {"locale": "en", "title": f"About {purpose}", "text": "Do you agree?"},
            {"locale": "es", "title": f"Sobre {purpose}", "text": "¿Está de acuerdo?"},
        ],
    }
    return cast.dana.api.post("/v1/consent-texts", body | more)


def answer(patient: Patient, purpose: str, *, given: bool, version: int = 1) -> Response:
    """The patient answers on the phone."""
    body = {"version": version, "given": given}
    return patient.api.put(f"/v1/me/consents/{purpose}", body)


def standing(patient: Patient, purpose: str) -> dict[str, Any]:
    """What the phone is shown for one purpose."""
    shown = patient.api.get("/v1/me/consents").json["items"]
    (found,) = (each for each in shown if each["purpose"] == purpose)
    assert isinstance(found, dict)
    return found


def outside(cast: Cast, url: str = "http://127.0.0.1:9/outside") -> dict[str, Any]:
    """Erin adds an endpoint outside the clinic; its view."""
    body = {"url": url, "description": "The other hospital", "purpose": "disclosure"}
    made = cast.erin.api.post("/v1/webhook-endpoints", body)
    assert made.status == 201, made
    found: dict[str, Any] = made.json
    return found
