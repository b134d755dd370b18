"""The laws bite: each of these small mistakes in `decide` breaks at least one of them."""

import pytest

from tests.mistakes import MISTAKES, mistaken
from tests.unit.test_decide import broken_laws


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_caught(mistake: str) -> None:
    with mistaken(mistake) as rules:
        assert broken_laws(rules, at_most=1)
