"""`Idempotency-Key`: a request that is sent again is answered again, and not done again.

After draft-ietf-httpapi-idempotency-key-header. `diary/remembered.py` keeps the answers.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Response, request

from api.traces import named_in
from diary.errors import Malformed
from diary.remembered import Repeatable
from diary.work import Work

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
# The others are made anew for each answer.
_KEPT_HEADERS = ("Content-Type", "ETag")


def repeatable(operation: str, arguments: Mapping[str, Any]) -> Repeatable | None:
    """This request, if its caller may send it again; raises Malformed for an unfit key.

    arguments: its path, query and body as they were read.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Malformed(f"{HEADER} is 1 to 255 printable ASCII characters")
    content = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)
    return Repeatable(operation, key, content)


def replay(repeated: Repeatable, work: Work) -> Response | None:
    """The answer that was given before, byte by byte."""
    kept = repeated.answered(work)
    if kept is None:
        return None
    answer = orjson.loads(kept)
    response = Response(answer["body"], answer["status"])
    del response.headers["Content-Type"]
    response.headers.update(answer["headers"])
    response.headers[REPLAYED] = "true"
    return response


def remember(
    repeated: Repeatable, work: Work, response: Response, shown: object, named_by: str
) -> None:
    """Keep an answer in the transaction that it tells of. named_by: its member for a patient."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = {
        "status": response.status_code,
        "headers": headers,
        "body": response.get_data(as_text=True),
    }
    patients = {each for each in named_in(shown, named_by) if isinstance(each, UUID)}
    about = patients.pop() if len(patients) == 1 else None
    repeated.keep(work, orjson.dumps(answer).decode(), about)
