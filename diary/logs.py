"""Structured logs: typed events on standard error, one JSON object a line.

An event carries codes, ids and durations; never a body, a query string, or an exception's text,
which may quote a patient.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

Logger = structlog.typing.FilteringBoundLogger


def configure(level: str) -> None:
    """Set the process's logging up once. level: a standard level name such as `INFO`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_only,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> Logger:
    """A logger whose events carry the name of the room they come from."""
    bound: Logger = structlog.get_logger(room=name)
    return bound


def _where_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and the frames of our own code: its text may be a value."""
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        frames = []
        step = error.__traceback__
        while step is not None:
            frames.append(f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}")
            step = step.tb_next
        event["error_type"] = type(error).__name__
        event["error_at"] = frames[-4:]
    return event
