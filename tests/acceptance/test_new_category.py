"""A new category is one YAML file and no Python: imported, it is searched for, found, kept as evidence and led to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import connect
from demo.serve import running
from keywords import builtin
from tests.acceptance.houses import Place, crawling, dump, one, place, sql

pytestmark = [pytest.mark.slow, pytest.mark.db, pytest.mark.timeout(600)]

#: An ordinary thing that no category of ours knows; the make-believe market sells one, disguised.
CATEGORY = """\
key: made_up
name: 试验类别
protection: 二级
law: [野生动物及其制品, 《试验条例》第一条]
search: {budget: 2, terms: [紫檀镇纸, 镇纸]}
strong: [紫檀镇纸, {text: 镇纸王, company: [书房]}]
weak: [镇纸]
must_match: [出一对紫檀镇纸, 紫檀 镇纸 老货]
must_not_match: [书法用毛毡, 镇江香醋]
"""
TITLES = ("出 紫*檀*镇*纸 一对 老料", "黄杨木梳子 全新", "搪瓷缸子", "旧课本 一摞", "折叠椅 九成新", "电饭煲 三升")


@pytest.fixture
def raw(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url, application="xunwang acceptance")
    yield engine
    engine.dispose()


def brought(there: Place, text: str = CATEGORY) -> Path:
    path = there.home / "made_up.yml"
    path.write_text(text, "utf-8")
    return path


def test_a_new_category_works_from_scan_to_lead(tmp_path: Path, database_url: str, raw: Engine) -> None:
    titles = tmp_path / "titles.txt"
    titles.write_text("\n".join(TITLES) + "\n", "utf-8")
    with running(seed=7, listings=30, titles=titles, crawl_delay=0.05) as town:
        there = place(tmp_path, database_url, {"crawl": crawling(town, max_terms=0)})
        scan(there)
        stored = "select count(*) from listings where title like '%镇*纸%'"
        assert one(raw, stored) > 0
        assert sql(raw, "select id from leads where category = 'made_up'") == []
        said = there.xunwang("lexicon", "import", str(brought(there)), "--note", "新类别")
        assert (said.code, "v1" in said.err) == (0, True), said.err
        [told] = there.xunwang("lexicon", "test", TITLES[0], "--live", "--json").rows()
        assert (told["category"], told["lexicon_version"]) == ("made_up", "v1")
        [row] = there.xunwang("assess", "--lexicon", "v1", stdin=f"title\n{TITLES[0]}\n".encode()).rows()
        assert (row["category"], row["lexicon_version"]) == ("made_up", "v1")
        assert "E-OPS-031" in there.xunwang("assess", "--lexicon", "v2", stdin=b"title\nx\n").err
        there = place(tmp_path, database_url, {"crawl": crawling(town, categories=["made_up"])})
        scan(there)
    asked = sql(raw, "select distinct text from queries where scan_id = (select max(id) from scans)")
    assert {("紫檀镇纸",), ("镇纸",)} <= set(asked)
    leads = sql(raw, "select id, lexicon_version from leads where category = 'made_up'")
    assert leads and {version for _, version in leads} == {"v1"}
    hits = one(raw, "select count(*) from lead_hits h join leads l on l.id = h.lead_id where l.category = 'made_up'")
    assert hits == one(raw, stored + " and platform = 'demo_ads'")
    captured = """select count(*) from captures c join lead_hits h on h.listing_id = c.listing_id
        join leads l on l.id = h.lead_id where l.category = 'made_up'"""
    assert one(raw, captured) >= hits
    shown = there.xunwang("leads", "list", "--category", "made_up")
    assert "made_up" in shown.out


def scan(there: Place) -> None:
    said = there.xunwang("scan", "--platform", "demo_ads", "--json", timeout=280)
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("key: made_up", "key: ivory"), "已有类别"),
        (("name: 试验类别", "name: 象牙"), "已有类别"),
        (("出一对紫檀镇纸", "出一对黄铜镇尺"), "应报为本类，实为不报"),
        (("书法用毛毡", "紫檀镇纸一对"), "不应报而报"),
        (("weak: [镇纸]", "weak: [纸]"), "一个字"),
        (("strong: [紫檀镇纸,", "strong: [象牙, 紫檀镇纸,"), "重复"),
        (("protection: 二级", "protekshn: 二级"), "protekshn"),
        (("law: [野生", "law: {[野生"), "made_up.yml"),
    ],
    ids=["key", "name", "must match", "must not match", "one character", "duplicate", "unknown field", "no YAML"],
)
def test_a_category_that_does_not_prove_itself_changes_nothing(
    tmp_path: Path, database_url: str, raw: Engine, change: tuple[str, str], named: str
) -> None:
    there = place(tmp_path, database_url)
    assert there.xunwang("lexicon", "versions").code == 0  # furnishes the house
    before = dump(raw)
    assert change[0] in CATEGORY
    said = there.xunwang("lexicon", "import", str(brought(there, CATEGORY.replace(*change))), "--note", "不应生效")
    assert said.code != 0
    assert named in said.err
    assert "Traceback" not in said.err
    assert dump(raw) == before


def test_it_may_not_break_another_categorys_promise(tmp_path: Path, database_url: str, raw: Engine) -> None:
    """A longer word of the new category takes a hit away from the old one: refused, with the example that is lost."""
    there = place(tmp_path, database_url)
    assert there.xunwang("lexicon", "versions").code == 0
    before = dump(raw)
    examples = [text for category in builtin().categories for text in category.must_match]
    first = next(text for text in examples if re.fullmatch("[一-鿿 ]{4,20}", text))
    taken = CATEGORY.replace("镇纸王", first.replace(" ", ""))
    said = there.xunwang("lexicon", "import", str(brought(there, taken)), "--note", "不应生效")
    assert (said.code, first in said.err) == (1, True)
    assert dump(raw) == before
