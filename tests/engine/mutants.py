"""`make mutants`: the machine of `model` against every mistake of `tests.mistakes`.

Each mistake is looked for in a process of its own, since finding one leaves much behind; a line is
printed for each, with where it came out, and the exit code says whether all were caught.
"""

import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from hypothesis import settings

from diary.alerts import decide
from tests.databases import KeptFile
from tests.engine.exploring import SMALL, explore
from tests.mistakes import MISTAKES, mistaken

PATIENT = settings(SMALL, max_examples=1_500, derandomize=True, print_blob=False)
# Guarded twice in the diary, so that nothing comes of one guard less.
CANNOT_COME_UP = {
    "a page that failed reopens what someone has": "only while triggered is a failed page seen",
    "a grave alert waits for staffed hours": "the hours are read for a moderate alert alone",
}


def caught(mistake: str | None) -> str | None:
    """What the machine was at when the mistake came out; None if it did not. None: no mistake."""
    with (
        TemporaryDirectory() as folder,
        mistaken(mistake) if mistake else nullcontext(decide) as rules,
    ):
        try:
            explore(KeptFile(Path(folder)), PATIENT, rules)
        except (Exception, pytest.fail.Exception) as error:
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            frames = traceback.extract_tb(error.__traceback__)
            return next(one.name for one in reversed(frames) if "tests/engine/" in one.filename)
    return None


def main() -> None:
    """Print the table."""
    missed = 0
    for mistake, reason in CANNOT_COME_UP.items():
        click.echo(f"{mistake}: cannot come up, since {reason}")
    looked_for = [mistake for mistake in MISTAKES if mistake not in CANNOT_COME_UP]
    with ProcessPoolExecutor(max_tasks_per_child=1) as processes:
        found = processes.map(caught, [None, *looked_for])
        if why := next(found):
            click.echo(f"The machine fails without any mistake, in {why}.")
            processes.shutdown(cancel_futures=True)
            sys.exit(2)
        for mistake, why in zip(looked_for, found, strict=True):
            missed += why is None
            click.echo(f"{mistake}: {f'caught in {why}' if why else 'MISSED'}")
    click.echo(f"{len(looked_for) - missed} of {len(looked_for)} mistakes were caught.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
