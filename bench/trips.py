"""Round trips of the PostgreSQL protocol, counted from libpq's own trace."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

# Each ends what the server is asked at once; a statement of several messages ends in one Sync.
_ENDS = ("\tQuery\t", "\tSync")


def trips(send: Callable[[], object]) -> int:
    """How many times the process waits for PostgreSQL while it does this (BEGIN and COMMIT too)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trace")
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT)

        def take(connection: Any, *_: Any) -> None:
            connection.pgconn.trace(descriptor)

        def give_back(connection: Any, *_: Any) -> None:
            connection.pgconn.untrace()

        event.listen(Pool, "checkout", take)
        event.listen(Pool, "checkin", give_back)
        try:
            send()
        finally:
            event.remove(Pool, "checkout", take)
            event.remove(Pool, "checkin", give_back)
            os.close(descriptor)
        lines = file.read_text(errors="replace").splitlines()
    return sum("\tF\t" in line and any(end in line for end in _ENDS) for line in lines)
