"""The figures that docs/detection.md and the READMEs print are those that the program gives."""

import re
from pathlib import Path

import pytest

from keywords import builtin
from scripts.detection import PAGES, blocks, written


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    return blocks()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_holds_the_measured_figures(known: dict[str, str], page: Path) -> None:
    text = page.read_text("utf-8")
    assert written(text, known) == text, f"{page.name} is stale: run scripts/detection.py"


def test_every_block_stands_on_some_page(known: dict[str, str]) -> None:
    everything = "".join(page.read_text("utf-8") for page in PAGES)
    assert {name for name in known if everything.count(f"<!-- {name} -->") == 1} == set(known)
    assert set(re.findall("<!-- /([a-z-]+) -->", PAGES[0].read_text("utf-8"))) <= set(known)


def test_the_figures_are_all_there(known: dict[str, str]) -> None:
    assert known["categories"].count("\n") == len(builtin().categories) + 2
    assert "查全：暗语" in known["techniques"]
    assert written("a <!-- seams-en -->old<!-- /seams-en --> b", known) == (
        f"a <!-- seams-en -->{known['seams-en']}<!-- /seams-en --> b"
    )
