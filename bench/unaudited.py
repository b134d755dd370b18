"""The application as it is served, but that it leaves no audit trail and its engine seals none."""

from datetime import timedelta
from typing import Any

from diary.work import Work
from engine import seal


def _nothing(*_: Any, **__: Any) -> None:
    """In the place of `Work.audit`."""


# Before the application starts; what is final for the product is not for a measurement.
Work.audit = _nothing  # type: ignore[method-assign]
seal.EVERY = timedelta(days=1)  # type: ignore[misc]

from wsgi import app  # noqa: E402 - only now

__all__ = ["app"]
