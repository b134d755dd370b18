"""`python -m bench`: measure. bench/README.md says how to read it."""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from queue import Queue

from bench import checkins, cpu, delivery, engines, judging, rehearsal, sink, sweep
from bench.stand import Stand, prepare
from bench.trips import trips
from diary.logs import configure
from tests.postgresql import Server

_PARTS = (
    *("checkins", "auditing", "delivery", "engines"),
    *("judging", "rehearsal", "cpu", "trips", "sweep"),
)
_PATIENTS = 600


def main() -> None:
    """Measure what was asked for, on one database after the other."""
    asked = _arguments()
    with open(os.devnull, "w") as nobody:
        # The application in this process logs as a served one does, to nobody.
        with redirect_stderr(nobody):
            configure("INFO")
        _measure(asked)


def _measure(asked: argparse.Namespace) -> None:
    for name in ("sqlite", "postgresql"):
        if asked.database not in (name, "both"):
            continue
        print(f"\n{name}", flush=True)
        with _stand(name) as (stand, hook, arrivals):
            parts = asked.parts or _PARTS
            for what, found in _figures(stand, hook, arrivals, parts, asked.seconds):
                print(f"  {what:<44} {found}", flush=True)


def _figures(
    stand: Stand, hook: str, arrivals: "Queue[float]", parts: Sequence[str], seconds: float
) -> Iterator[checkins.Line]:
    if "trips" in parts and not stand.house.database.is_sqlite:
        send = cpu.sender(stand)
        for _ in range(20):
            send()
        yield "round trips of a calm PUT", str(trips(send))
    if "cpu" in parts:
        cost = cpu.measure(stand)
        yield (
            "CPU of a calm PUT",
            f"ours {cost.application:.0f} µs, SQLAlchemy {cost.sqlalchemy:.0f}, "
            f"driver {cost.driver:.0f}; a trivial route {cost.trivial:.0f}",
        )
    if "delivery" in parts:
        with stand.served() as port:
            yield from delivery.first_byte(stand, port, arrivals)
    if "engines" in parts:
        yield from engines.throughput(stand, hook, arrivals)
        yield from engines.steps(stand)
        yield from engines.dead_queue(stand, arrivals)
        if not stand.house.database.is_sqlite:
            yield from engines.reclaim(stand)
    if "judging" in parts:
        yield from judging.judging(stand)
    if "auditing" in parts:
        yield from checkins.auditing(stand, seconds)
    if "checkins" in parts:
        with stand.served() as port:
            yield from checkins.generator(port, seconds)
            yield from checkins.calm(stand, port, seconds)
            yield from checkins.steady(stand, port, seconds)
            yield from checkins.flat(stand, port)
            yield from checkins.risk(stand, port, "engine beside")
        if not stand.house.database.is_sqlite:
            with stand.served("bench.without_engine:app") as port:
                yield from checkins.risk(stand, port, "engine off")
    if "sweep" in parts and not stand.house.database.is_sqlite:
        yield from sweep.measure(stand)
    if "rehearsal" in parts:
        # The last of them: it leaves a full clinic behind.
        yield from rehearsal.measure(stand)


@contextmanager
def _stand(name: str) -> Iterator[tuple[Stand, str, "Queue[float]"]]:
    with ExitStack() as stack:
        hook, arrivals = stack.enter_context(sink.listening())
        if name == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            owner = url = f"sqlite:///{Path(folder, 'diary.db')}"
        else:
            server = stack.enter_context(Server(durable=True, shared_buffers="512MB"))
            owner = server.create_database("bench")
            url = server.serving(owner)
        stand = prepare(url, owner=owner, hook=hook, count=_PATIENTS)
        stack.callback(stand.house.database.close)
        yield stand, hook, arrivals


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="|".join(_PARTS))
    parser.add_argument("--seconds", type=float, default=4.0, help="of each saturated run")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(_PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    main()
