"""The harness of `make chaos` still fits the product: a calm day breaks nothing."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_calm_day_breaks_nothing() -> None:
    command = [sys.executable, "-m", "tests.chaos.storm", "--database", "sqlite", "--calm"]
    done = subprocess.run(
        [*command, "--alerts", "8", "--rate", "8", "--seed", "3"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "alerts raised                      8 of 8" in done.stdout
