"""The application as it is served, but that its engine seals nothing after its first look."""

from datetime import timedelta

from engine import seal

# Before the application starts its engine; what is final for the product is not for a measurement.
seal.EVERY = timedelta(days=1)  # type: ignore[misc]

from wsgi import app  # noqa: E402 - only now

__all__ = ["app"]
