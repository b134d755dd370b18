"""Whatever happens in whatever order, what must always hold for alerts holds: see `model`."""

from tests.databases import Kept
from tests.engine.exploring import explore


def test_alerts_keep_their_promises(kept: Kept) -> None:
    explore(kept)
