"""An answer that is sent line by line while it is worked out: each line one JSON object.

What goes wrong before the first line is there is answered as ever. Later the status has been sent:
the last line is then `{"problem": …}`, the problem document that would have been the answer.
"""

from collections.abc import Callable, Generator, Iterator
from itertools import chain
from threading import Lock
from typing import Any, Final

import orjson
from flask import Response, copy_current_request_context, g

from api import problems
from diary.errors import Busy
from schemas.dump import Dump

MEDIA_TYPE: Final = "application/x-ndjson"
# One at a time in each process. Its other threads stay free for whoever must be heard.
_UNDER_WAY: Final = Lock()


def streamed(values: Iterator[Any], dump: Dump, status: int) -> Response:
    """Send each of the values as a line, as soon as it is there; raises Busy.

    Where the caller goes away, no more of them are asked for.
    """
    one_by_one = _alone(values)
    first = next(one_by_one)
    request_id = g.request_id

    @copy_current_request_context
    def problem_of(error: Exception) -> dict[str, Any]:
        g.request_id = request_id
        return problems.problem_of(error)

    lines = _lines(chain((first,), one_by_one), dump, problem_of)
    response = Response(lines, status, mimetype=MEDIA_TYPE)
    response.call_on_close(one_by_one.close)
    return response


def _alone(values: Iterator[Any]) -> Generator[Any]:
    if not _UNDER_WAY.acquire(blocking=False):
        raise Busy
    try:
        yield from values
    finally:
        _UNDER_WAY.release()


def _lines(
    values: Iterator[Any], dump: Dump, problem_of: Callable[[Exception], dict[str, Any]]
) -> Iterator[bytes]:
    try:
        for value in values:
            yield _line(dump(value))
    except Exception as error:
        yield _line({"problem": problem_of(error)})


def _line(shown: dict[str, Any]) -> bytes:
    return orjson.dumps(shown, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
