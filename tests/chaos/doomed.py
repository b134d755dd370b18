"""The real application in a process that kills itself at the point that DOOM names."""

import os

from tests.chaos.points import doom

doom(os.environ["DOOM"])

from wsgi import app  # noqa: E402 - the engine starts with it

__all__ = ["app"]
