"""`python -m tests.chaos.storm`: raise thousands of alerts while everything goes wrong.

Prints what was lost, repeated, sent after an answer and late. Exit 1 where a promise was broken.
"""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.storm.run import Plan, run
from tests.chaos.storm.summary import broken, lines

# Of ten alerts; PostgreSQL has more that can go wrong.
_SHARE = {"postgresql": 7, "sqlite": 3}


def main() -> int:
    """Run it on what was asked for, one database after the other."""
    asked = _arguments()
    # Whoever ends it early leaves no server and no process behind either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = tuple(_SHARE) if asked.database == "both" else (asked.database,)
    whole = sum(_SHARE[name] for name in names)
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    print(f"seed {asked.seed}; logs in {folder}", flush=True)
    failed = False
    for name in names:
        share = _SHARE[name] / whole
        plan = Plan(
            alerts=round(asked.alerts * share),
            seconds=asked.seconds_limit * share,
            seed=asked.seed,
            rate=asked.rate,
            patients=max(8, min(400, round(asked.alerts * share / 4))),
            is_calm=asked.calm,
        )
        place = folder / name
        place.mkdir()
        report = run(name, plan, place)
        print("\n".join(lines(report)), flush=True)
        failed = failed or broken(report)
    if not failed and not asked.keep:
        shutil.rmtree(folder)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storm", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--alerts", type=int, default=10_000, help="in all")
    parser.add_argument("--rate", type=float, default=12.0, help="alerts a second at most")
    parser.add_argument("--seconds-limit", type=float, default=1_500.0, help="of raising, in all")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--calm", action="store_true", help="without any fault, to compare")
    parser.add_argument("--keep", action="store_true", help="the logs, whatever comes out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
