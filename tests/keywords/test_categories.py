"""The categories as files: their own examples, their law by date, their search terms by night."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from keywords import Category, Lexicon, LexiconBroken, Matcher, builtin
from keywords.files import read_folder
from keywords.terms import Law

_MATCHER = Matcher(builtin())
_FOLDER = Path(__file__).parents[2] / "keywords" / "lexicon"


@pytest.mark.parametrize("category", builtin().categories, ids=lambda category: category.key)
def test_a_category_keeps_its_promises(category: Category) -> None:
    missed = [text for text in category.must_match if not _raises(text, category.key)]
    raised = [text for text in category.must_not_match if _MATCHER.explain(text).level.is_hit]
    assert (missed, raised) == ([], [])


def _raises(text: str, category: str) -> bool:
    assessment = _MATCHER.explain(text)
    return assessment.level.is_hit and assessment.category == category


def test_the_law_is_the_one_of_the_day() -> None:
    category = Category(
        key="x", name="x", law=(Law(text="旧", until="2023-04-30"), Law(text="新", since="2023-05-01"), Law(text="常"))
    )
    assert category.law_on(date(2023, 4, 30)) == ("旧", "常")
    assert category.law_on(date(2023, 5, 1)) == ("新", "常")


@pytest.mark.parametrize("category", builtin().categories, ids=lambda category: category.key)
@pytest.mark.parametrize(("day", "wanted"), [(date(2026, 11, 23), "2022年修订"), (date(2022, 6, 1), "2018年修正")])
def test_every_category_cites_the_wildlife_law_of_the_day(category: Category, day: date, wanted: str) -> None:
    cited = [text for text in category.law_on(day) if text.startswith("《野生动物保护法》")]
    assert cited and all(wanted in text for text in cited)


def test_a_release_of_before_the_dates_is_still_read() -> None:
    data = json.loads(json.dumps(builtin().to_data()))
    data["categories"][0]["law"] = ["《电子商务法》第十三条"]
    assert Lexicon.from_data(data).categories[0].law == (Law(text="《电子商务法》第十三条"),)


def test_a_nightly_budget_asks_the_best_every_night_and_the_others_in_turn() -> None:
    category = Category(key="x", name="x", search=tuple("ABCDEFGHIJ"), nightly=4)
    lexicon = Lexicon(version="t", categories=(category,), terms=(), exclusions=(), contexts=(), scoring=_SCORING)
    nights = [lexicon.search_terms("x", date(2026, 11, 1) + timedelta(days=step)) for step in range(7)]
    assert all(len(terms) == 4 and terms[:3] == ("A", "B", "C") for terms in nights)
    assert {terms[3] for terms in nights} == set("DEFGHIJ")


_SCORING = builtin().scoring


def test_a_new_category_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "lexicon"
    folder.mkdir()
    for name in ("contexts.yml", "exclusions.yml", "scoring.yml", "law.yml"):
        (folder / name).write_text((_FOLDER / name).read_text("utf-8"), "utf-8")
    text = """
key: saiga
name: 试验类别
law: [野生动物及其制品, {text: 《试验法》第一条, from: 2026-01-01}]
search: {budget: 1, terms: [某某角, 某某皮]}
strong: [某某角]
compose:
  - {of: [某兽, 另兽], parts: [骨, 皮], leave_out: [另兽皮]}
must_match: [某某角]
must_not_match: [某某]
"""
    (folder / "saiga.yml").write_text(text, "utf-8")
    lexicon = read_folder(folder)
    assert [term.text for term in lexicon.terms] == ["某某角", "某兽骨", "某兽皮", "另兽骨"]
    assert "《试验法》第一条" in lexicon.category("saiga").law_on(date(2026, 1, 1))
    assert lexicon.search_terms("saiga") == ("某某角",)
    assert Matcher(lexicon).explain("某兽皮一张").category == "saiga"
    (folder / "saiga.yml").write_text(text + "unknown: 1\n", "utf-8")
    with pytest.raises(LexiconBroken, match="unknown"):
        read_folder(folder)
