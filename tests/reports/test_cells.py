"""Text that stays text."""

import pytest

from reports.cells import LONGEST_CELL, safe_text, sheet_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("象牙", "象牙"),
        ("a\x00b\x0bc", "a_x0000_b_x000B_c"),
        ("二行\n字", "二行\n字"),
        ("\u202e反", "〔U+202E〕反"),
        ("\ufffe\ud800", "\ufffd\ufffd"),
    ],
)
def test_what_a_cell_cannot_hold_is_made_visible(given: str, shown: str) -> None:
    assert safe_text(given) == shown


@pytest.mark.parametrize("text", ["象" * 40_000, "𠮷" * 40_000, "x" + "𠮷" * 40_000, "\x01" * 40_000])
def test_a_cell_is_never_longer_than_excel_counts(text: str) -> None:
    cell = safe_text(text)
    assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert cell.endswith("（已截断）")


def test_the_longest_cell_is_not_cut() -> None:
    assert safe_text("象" * LONGEST_CELL) == "象" * LONGEST_CELL


def test_any_phase_can_name_a_sheet() -> None:
    assert sheet_name("a/b:c*?[d]\\" + "长" * 40) == "a b c   d  " + "长" * 20
    assert sheet_name("'''") == "阶段"
