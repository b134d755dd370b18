"""docs/instruments.md says of each profile what the profile says."""

from pathlib import Path

import pytest

from diary.instruments.measures import GROUPS
from diary.instruments.profiles import Profile
from diary.instruments.scoring import PROFILES

SCORING = Path(__file__).parents[2].joinpath("docs", "instruments.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in SCORING.splitlines()
    if line.startswith("| `")
]


def rows_of(slug: str) -> list[list[str]]:
    return [row for row in ROWS if row[0] == f"`{slug}`"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.slug)
def test_the_table_of_profiles(profile: Profile) -> None:
    first = rows_of(profile.slug)[0]
    assert first[1].startswith(f"{len(profile.items)} × ")
    bands = [f"`{b.code}`" + ("" if b.low is None else f" {b.low}") for b in profile.bands]
    assert first[2:] == [
        ", ".join(bands),
        ", ".join(f"`{name}`" for name in GROUPS[profile.slug]),
        f"{profile.recall_hours} h",
        f"{profile.shortest_interval_hours} h",
    ]


@pytest.mark.parametrize("slug", ["phq-9", "gad-7", "c-ssrs-screener"])
def test_the_table_of_codes(slug: str) -> None:
    profile = PROFILES[slug]
    _, whole, total, items = rows_of(slug)[1]
    assert [whole] == [*profile.panel_codes]
    assert [total] == [*(profile.total_codes or {""})]
    assert [{code} for code in items.split(", ")] == [item.codes for item in profile.items]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.slug)
def test_every_code_and_source_is_there(profile: Profile) -> None:
    for item in profile.items:
        assert all(code in SCORING for code in (*item.codes, *(item.answers or ())))
    for codes in (profile.panel_codes, profile.total_codes, profile.unscored_codes):
        assert all(code in SCORING for code in codes)
    assert profile.source.split(". ")[0] in SCORING
