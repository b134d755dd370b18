"""Time for the tests of the engine."""

import pytest

from engine.loop import Engine
from tests.clock import SimulatedClock
from tests.engine.steps import Wait


@pytest.fixture
def wait(clock: SimulatedClock, engine: Engine) -> Wait:
    """Let time pass, and the engine do what is due then."""

    def wait(**time: float) -> None:
        clock.advance(**time)
        engine.run_until_idle()

    return wait
