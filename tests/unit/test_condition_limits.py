"""What each member of a condition may be, and what no diary could satisfy."""

from typing import Any

import pytest

from diary.rules.conditions import KINDS
from diary.rules.documents import parse

WRONG: tuple[Any, ...] = (None, "ever", -1, 10_000, 1.5, True, [])
SI: dict[str, Any] = {"measure": "si"}
MEDIAN: dict[str, Any] = {"measure": "mood", "by": 3, "days": 7, "entries": 7, "running": 2}
FINE: dict[str, dict[str, Any]] = {
    "at_least": SI | {"value": 5},
    "at_most": SI | {"value": 0},
    "is": {"measure": "safe_now", "choice": "unsure"},
    "declined": SI,
    "not_answered": SI,
    "unreadable": {},
    "rises": SI | {"by": 5, "within_hours": 8_784},
    "falls": SI | {"by": 1, "within_hours": 1},
    "rises_in_a_row": SI | {"times": 5, "within_hours": 72},
    "emerges": SI | {"value": 1, "after_days": 60, "entries": 60},
    "below_median": MEDIAN,
    "above_median": MEDIAN | {"days": 60, "entries": 60, "running": 7},
    "was_at_least": {"measure": "phq9", "value": 27, "within_days": 366},
    "was_at_most": {"measure": "phq9", "value": 0, "within_days": 1},
    "was_improved": {"measure": "phq9", "percent": 100, "within_days": 180},
    "improved_less_than": {"measure": "phq9", "percent": 1, "in_a_row": 10},
    "near_baseline": {"measure": "phq9", "percent": 90, "in_a_row": 1},
    "infusion_number": {"first": 4, "last": 4},
    "hours_after_infusion": {"more_than": 0},
    "days_after_infusion": {"first": 0, "last": 1_000},
    "silent": {"after": "high", "hours": 720},
    "missed": {"at_least": 60},
    "had_no_risk": {},
    "phrase": {},
}


def test_every_kind_that_holds_no_other_is_among_them() -> None:
    assert FINE.keys() == KINDS.keys() - {"all", "any", "not"}


@pytest.mark.parametrize("kind", FINE)
def test_each_member_out_of_its_range_is_refused_at_its_place(kind: str) -> None:
    fine = {"kind": kind, **FINE[kind]}
    assert parse(fine)[1] == []
    for member in FINE[kind]:
        for wrong in WRONG:
            read, faults = parse({**fine, member: wrong}, "/when")
            assert read is None
            assert [fault.pointer for fault in faults] == [f"/when/{member}"], (member, wrong)


@pytest.mark.parametrize(
    ("kind", "change", "pointer", "code"),
    [
        ("rises", {"by": 0}, "/by", "out_of_range"),
        ("rises", {"by": 6}, "/by", "out_of_range"),
        ("rises", {"measure": "si_act"}, "/measure", "wrong_measure"),
        ("rises", {"measure": "nausea"}, "/measure", "wrong_measure"),
        ("rises", {"within_hours": 8_785}, "/within_hours", "out_of_range"),
        ("rises_in_a_row", {"times": 6}, "/times", "out_of_range"),
        ("rises_in_a_row", {"measure": "phq9", "times": 11}, "/times", "out_of_range"),
        ("emerges", {"after_days": 61}, "/after_days", "out_of_range"),
        ("below_median", {"entries": 8}, "/entries", "out_of_range"),
        ("above_median", {"days": 1, "entries": 1}, "/days", "out_of_range"),
        ("infusion_number", {"first": 5}, "/last", "out_of_range"),
        ("silent", {"after": "grave"}, "/after", "unknown_severity"),
        ("silent", {"hours": 0}, "/hours", "out_of_range"),
        ("missed", {"at_least": 0}, "/at_least", "out_of_range"),
    ],
)
def test_what_no_diary_can_satisfy_is_refused(
    kind: str, change: dict[str, Any], pointer: str, code: str
) -> None:
    _, faults = parse({"kind": kind, **FINE[kind], **change})
    assert [(fault.pointer, fault.code) for fault in faults] == [(pointer, code)]
