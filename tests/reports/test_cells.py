"""Text that stays text."""

import pytest

from reports.cells import LONGEST_CELL, masked_name, safe_text, sheet_name, without_numbers


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


@pytest.mark.parametrize(("name", "shown"), [("示例店铺", "示***"), ("示", "示***"), ("", "")])
def test_sellers_are_masked_without_a_trace_of_their_length(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电13812345678订", "电138****5678订"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("编号2138123456789", "编号2138123456789"),
        ("价1234", "价1234"),
    ],
)
def test_mobile_numbers_are_starred(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


def test_any_phase_can_name_a_sheet() -> None:
    assert sheet_name("a/b:c*?[d]\\" + "长" * 40) == "a b c   d  " + "长" * 20
    assert sheet_name("'''") == "阶段"
