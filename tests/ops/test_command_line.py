"""The command line as a contract (DESIGN §11), run as a real process: what needs no database."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler import definitions, page_from_file, read_any
from tests.acceptance.houses import ROOT, Place, Said, place

PAGES = ROOT / "crawler" / "platforms" / "pages"
#: No command of this file may reach a database.
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return replace(place(tmp_path, NOWHERE), anew=True)


def refused(said: Said, code: str, *, exit_code: int) -> str:
    """A fault: nothing but JSON on standard output, cause, remedy and code on standard error, no stack."""
    assert said.code == exit_code, said.err
    said.rows()
    assert f"[{code}]" in said.err
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("key", ["goofish", "taobao", "kongfz", "58", "demo_ads"])
def test_extract_reads_a_saved_page(there: Place, key: str) -> None:
    page = next(
        path for path in sorted(PAGES.glob(f"{key}_*")) if path.suffix in (".html", ".json") and _reads(key, path)
    )
    said = there.xunwang("extract", "--platform", key, str(page))
    assert said.code == 0, said.err
    rows = said.rows()
    expected = read_any(definitions()[key], page_from_file(page, definitions()[key]))
    assert [row["item_id"] for row in rows] == [one.item_id for one in expected]
    assert [row["title"] for row in rows] == [one.title for one in expected]
    assert all(row["platform"] == key and row["url"] for row in rows)
    assert {"price", "seller", "place", "pictures", "description"} <= set(rows[0])


def _reads(key: str, path: Path) -> bool:
    return not path.name.endswith(".listings.json") and bool(
        read_any(definitions()[key], page_from_file(path, definitions()[key]))
    )


def test_extract_finds_the_definition_by_itself(there: Place) -> None:
    said = there.xunwang("extract", str(PAGES / "kongfz_list.html"))
    assert said.code == 0
    assert {row["platform"] for row in said.rows()} == {"kongfz"}


def test_a_wall_is_no_empty_success(there: Place) -> None:
    told = refused(
        there.xunwang("extract", "--platform", "goofish", str(PAGES / "goofish_wall.json")), "E-OPS-020", exit_code=3
    )
    assert "blocked" in told
    told = refused(
        there.xunwang("extract", "--platform", "taobao", str(PAGES / "taobao_login.html")), "E-OPS-020", exit_code=3
    )
    assert "login_required" in told


def test_an_unknown_platform_is_a_mistake_of_the_caller(there: Place) -> None:
    page = str(PAGES / "kongfz_list.html")
    chinese = there.xunwang("extract", "--platform", "nowhere", page)
    english = there.xunwang("--lang", "en", "extract", "--platform", "nowhere", page)
    code = re.search(r"\[(E-[A-Z]+-\d+)\]", chinese.err)
    assert code
    assert re.search("[一-鿿]", refused(chinese, code[1], exit_code=2))
    first_line = refused(english, code[1], exit_code=2).splitlines()[0]
    assert not re.search("[一-鿿]", first_line)
    assert re.search("[A-Za-z]{4}", first_line)


def test_debug_shows_the_stack(there: Place) -> None:
    said = there.xunwang("--debug", "extract", "--platform", "nowhere", str(PAGES / "kongfz_list.html"))
    assert said.code != 0
    assert "Traceback" in said.err


def test_what_typer_refuses_is_usage(there: Place) -> None:
    for words in (
        ["extract"],
        ["no-such-command"],
        ["--lang", "fr", "platform", "list"],
        ["scan", "--max-pages", "-1"],
    ):
        assert there.xunwang(*words).code == 2


def tsv(*rows: str) -> bytes:
    return "\n".join(rows).encode() + b"\n"


TEXTS = [
    {"id": "a", "title": "出一条老象牙手串 108颗", "description": "包真 加微信"},
    {"id": "b", "title": "纯棉象牙白连衣裙", "description": ""},
    {"id": "c", "title": "大 象 牙 手 串😀", "description": "𠀀象✦牙 老料"},
    {"id": "d", "title": "老 象", "description": "牙 手串 包浆"},
    {"id": "e", "title": "转一个穿山", "description": "甲片 干货"},
    {"id": "f", "title": "nul\x00里的象牙手串", "description": "\u202e象牙"},
]


def judged(said: Said) -> dict[str, dict[str, Any]]:
    assert said.code == 0, said.err
    return {row["id"]: row for row in said.rows()}


def every_surface_is_where_it_says(rows: dict[str, dict[str, Any]]) -> set[str]:
    """Fields that matches were found in."""
    given = {text["id"]: text for text in TEXTS}
    fields = set()
    for key, row in rows.items():
        title, description = given[key]["title"], given[key]["description"]
        texts = {"title": title, "description": description, "title+description": f"{title}\n{description}"}
        for match in row["matches"]:
            assert texts[match["field"]][match["start"] : match["end"]] == match["surface"], (key, match)
            assert {"category", "term", "tier", "strength", "cancelled_by", "covered_by"} <= set(match)
            fields.add(match["field"])
        assert row["level"] in ("none", "review", "high")
        assert 0 <= row["score"] <= 100
        assert row["score"] == max(0, min(100, sum(part["points"] for part in row["parts"])))
    return fields


def test_assess_reads_tsv_and_jsonl_alike(there: Place) -> None:
    usable = [text for text in TEXTS if text["id"] != "f"]
    table = tsv(
        "note\tid\ttitle\tdescription", *(f"n{t['id']}\t{t['id']}\t{t['title']}\t{t['description']}" for t in usable)
    )
    lines = "\n".join(json.dumps(text, ensure_ascii=False) for text in TEXTS).encode()
    from_table, from_lines = (
        judged(there.xunwang("assess", stdin=table)),
        judged(there.xunwang("assess", "-", stdin=lines)),
    )
    assert from_table["a"].pop("note") == "na"
    for row in from_table.values():
        row.pop("note", None)
    assert {key: row for key, row in from_lines.items() if key != "f"} == from_table
    assert "title" in every_surface_is_where_it_says(from_lines)
    assert from_lines["a"]["level"] != "none"
    assert from_lines["b"]["level"] == "none"


def test_a_match_across_both_fields_counts_from_the_title(there: Place) -> None:
    rows = judged(there.xunwang("assess", stdin="\n".join(json.dumps(text) for text in TEXTS).encode()))
    assert "title+description" in every_surface_is_where_it_says(rows)


def test_assess_without_ids_numbers_the_rows(there: Place) -> None:
    assert list(judged(there.xunwang("assess", stdin=tsv("title", "象牙手串", "", "木梳")))) == ["1", "2"]
    with_mark = b"\xef\xbb\xbf" + tsv("title\tid", "象牙手串\tx", "只有标题")
    assert list(judged(there.xunwang("assess", stdin=with_mark))) == ["x", "2"]


@pytest.mark.parametrize(
    ("given", "line", "read"),
    [
        (b"title\nfine\n\xff\xfe broken\nfine\n", 3, ["1", "3"]),
        ("title\n象牙手串\n".encode() + "象牙".encode()[:-1] + "手串\n木梳\n".encode(), 3, ["1", "3"]),
        (b"title\n" + "虎骨酒".encode()[1:] + b"\nfine\n", 2, ["2"]),
        (b"title\tid\nfine\ta\nfi\tne\tb\n", 3, ["a"]),
        (b"id\ttitle\na\tfine\nb\n", 3, ["a"]),
        (b'{"title": "fine"}\n{"title": \n{"title": "fine"}\n', 2, ["1", "3"]),
        (b'{"title": "fine"}\n["title"]\n', 2, ["1"]),
        (b'{"title": "fine"}\n{"text": "x"}\n', 2, ["1"]),
        (b'{"title": {"a": 1}}\n{"title": "fine"}\n', 1, ["2"]),
        (b'{"title": ' + b"[" * 200_000 + b'\n{"title": "fine"}\n', 1, ["2"]),
        (b"title\n" + b"x" * (9 << 20) + b"\nfine\n", 2, ["2"]),
    ],
    ids=[
        "binary",
        "half a character",
        "half at first",
        "a tab",
        "short",
        "no JSON",
        "list",
        "no title",
        "no text",
        "deep",
        "huge",
    ],
)
def test_a_bad_row_is_named_by_its_line_and_costs_no_other(
    there: Place, given: bytes, line: int, read: list[str]
) -> None:
    said = there.xunwang("assess", stdin=given)
    told = refused(said, "E-OPS-023", exit_code=3)
    assert [row["id"] for row in said.rows()] == read
    assert f"第 {line} 行：" in told
    assert not re.search(r"codec|decode|Expecting|NoneType", told)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (b"name\tprice\nx\t1\n", "没有 title"),
        ("title\n象牙\n".encode("utf-16"), "UTF-16"),
        (b"title\n\xff\xff\n", "第 2 行"),
    ],
    ids=["no title", "UTF-16", "nothing readable"],
)
def test_a_file_of_another_form_is_refused_whole(there: Place, given: bytes, named: str) -> None:
    said = there.xunwang("assess", stdin=given)
    assert named in refused(said, "E-OPS-021", exit_code=2)
    assert said.rows() == []


def test_a_file_in_the_other_encoding_of_this_country_is_read_and_said_so(there: Place) -> None:
    table = "title\tid\nplain\ta\n老象牙手串 包真\tb\n".encode("gb18030")
    for extra in ([], ["--encoding", "gb18030"]):
        said = there.xunwang("assess", *extra, stdin=table)
        assert judged(said)["b"]["matches"][0]["surface"].startswith("老象牙")
        assert ("GB18030" in said.err) is (not extra)
    assert "不是 UTF-8" in refused(
        there.xunwang("assess", "--encoding", "utf-8", stdin=table), "E-OPS-023", exit_code=3
    )


def test_a_missing_file_is_no_matter_of_columns(there: Place) -> None:
    for path in (str(there.home / "没有.tsv"), str(there.home)):
        told = refused(there.xunwang("assess", path), "E-OPS-022", exit_code=2)
        assert "TSV" not in told


def test_nothing_to_judge_is_said(there: Place) -> None:
    for given in (b"", b"\n\n", b"title\n"):
        said = there.xunwang("assess", stdin=given)
        assert (said.code, said.out) == (4, "")


def test_a_column_that_bears_a_name_of_ours_is_kept(there: Place) -> None:
    [row] = there.xunwang("assess", stdin=tsv("label\tcategory\ttitle", "疑似\trhino\t老象牙手串")).rows()
    assert (row["label"], row["input_category"], row["category"]) == ("疑似", "rhino", "ivory")


def test_no_colour_off_a_terminal(there: Place) -> None:
    for more in ({}, {"NO_COLOR": "1"}):
        said = there.xunwang("lexicon", "test", "老象牙手串", **more)
        assert said.code == 0
        assert "\x1b" not in said.out + said.err
        assert "象牙" in said.out


def test_the_printed_settings_equal_the_file_of_defaults(there: Place) -> None:
    said = there.xunwang("init", "--print")
    assert said.code == 0
    assert said.out == (ROOT / "ops" / "xunwang.default.toml").read_text("utf-8")


def test_wrong_settings_stop_everything(there: Place) -> None:
    there.config.write_text("[crawl]\nmax_pages = 0\n")
    assert "crawl.max_pages" in refused(there.xunwang("leads", "list"), "E-OPS-001", exit_code=2)


def test_the_unforeseen_is_told_without_a_stack_and_without_its_message(there: Place) -> None:
    """A database that is away in the middle of a command, say: no stack, no address, a code, and 1."""
    broken = "import ops.lexicons as s\ndef fail(*_): raise ZeroDivisionError('canary-secret')\ns.builtin = fail\n"
    (there.home / "sitecustomize.py").write_text(broken)
    said = there.xunwang("assess", stdin=b"title\nx\n", PYTHONPATH=f"{there.home}:{ROOT}")
    told = refused(said, "E-OPS-099", exit_code=1)
    assert "ZeroDivisionError" in told
    assert "canary-secret" not in told
