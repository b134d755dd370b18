"""The application as it is served, but that its engine seals nothing after its first look."""

from datetime import timedelta

from engine import seal

seal.EVERY = timedelta(days=1)  # type: ignore[misc]

from wsgi import app  # noqa: E402

__all__ = ["app"]
