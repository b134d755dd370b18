"""Files as they are really published: what becomes of each, and what its answers score."""

import pytest

from tests.irregular import CASES, Irregular, outcome


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_irregular_file(case: Irregular) -> None:
    becomes, total, told = outcome(case)
    assert (becomes, total) == (case.becomes, case.total)
    assert case.told is None or case.told in told
