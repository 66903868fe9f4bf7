"""`lexicon evaluate`, `test` and `lint` as real processes: what needs no database."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path

import pytest

from keywords import builtin
from tests.acceptance.houses import ROOT, Place, place
from tests.ops.test_command_line import NOWHERE, refused

pytestmark = pytest.mark.slow

HEADER = "label\tcategory\ttechnique\ttitle\tdescription"
GOOD = (
    "suspicious\tivory\tovert\t出一条老象牙手串 包真\t",
    "可疑\t象牙\tspace\t木头梳子\\n第二行\t",
    "待核\tivory\t\t猛犸牙手串\t有证",
    "正常\t\t\t穿山甲片 干货 药用\t",
)


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return place(tmp_path, NOWHERE)


def written(there: Place, *rows: str | bytes, name: str = "set.tsv") -> str:
    path = there.home / name
    path.write_bytes(b"".join((row.encode() if isinstance(row, str) else row) + b"\n" for row in rows))
    return str(path)


def columns(line: str) -> int:
    """Columns of a terminal that a line takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_evaluate_prints_figures_and_names_the_failures(there: Place) -> None:
    file = written(there, HEADER, *GOOD)
    said = there.xunwang("lexicon", "evaluate", file)
    assert said.code == 0, said.err
    for label in ("明写", "插入空格", "伪装（合计）", "待核商品判为待看", "正常商品被误报", "类别判对"):
        assert label in said.out
    assert "第 3 行 漏报（可疑 象牙 插入空格；判为 未报 0 分）" in said.err
    assert re.search(r"第 5 行 误报（正常；判为 \S+ 穿山甲 \d+ 分）", said.err)
    narrow = there.xunwang("lexicon", "evaluate", file, COLUMNS="80")
    assert all(columns(line) <= 80 for line in narrow.out.splitlines())
    assert "…" not in narrow.out and "\x1b" not in narrow.out


def test_evaluate_speaks_json(there: Place) -> None:
    [told] = there.xunwang("lexicon", "evaluate", written(there, HEADER, *GOOD), "--json").rows()
    assert told["rows"] == 4
    assert told["groups"]["overt"] == {"hits": 1, "of": 1, "value": 1.0}
    assert told["techniques"]["space"] == {"hits": 0, "of": 1, "value": 0.0}
    assert [(one["line"], one["kind"]) for one in told["failures"]] == [(3, "missed"), (5, "raised")]
    assert told["failures"][0]["title"] == "木头梳子\n第二行"
    assert {one["level"] for one in told["levels"]} == {"review", "high"}
    assert told["lexicon_version"] == builtin().version


def test_the_failures_file_can_be_evaluated_again(there: Place) -> None:
    target = there.home / "失败.tsv"
    assert there.xunwang("lexicon", "evaluate", written(there, HEADER, *GOOD), "--failures", str(target)).code == 0
    lines = target.read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert all("没有命中" in line or "命中" in line for line in lines[1:])
    [told] = there.xunwang("lexicon", "evaluate", str(target), "--json").rows()
    assert (told["rows"], len(told["failures"])) == (2, 2)


def test_failures_never_land_on_the_set_nor_nowhere(there: Place) -> None:
    file = written(there, HEADER, *GOOD)
    before = Path(file).read_bytes()
    for target in (file, str(there.home), str(there.home / "no" / "where.tsv")):
        refused(there.xunwang("lexicon", "evaluate", file, "--failures", target), "E-OPS-032", exit_code=2)
    assert Path(file).read_bytes() == before


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("suspekt\tivory\t\t象牙\t", "不认识的标签“suspekt”"),
        ("可疑\tmammoth\t\t象牙\t", "没有类别“mammoth”"),
        ("可疑\t\t\t象牙\t", "没有写类别"),
        ("可疑\tivory\t\t \t", "没有文本"),
        ("可疑\tivory\t", "缺 title"),
        ("可疑\tivory\t\t象\0牙\t", "NUL"),
        ("可疑\tivory\t\t象牙\t一\t二", "有 6 列，表头只有 5 列"),
        ('可疑\tivory\t"象牙', "引号"),
        (b"suspicious\tivory\t\t\xe8\xb1\xa1\xe7\x89\t", "不是 UTF-8"),
    ],
    ids=["label", "category", "no category", "no text", "columns", "NUL", "tab", "quotes", "encoding"],
)
def test_a_bad_row_is_named_and_the_others_are_evaluated(there: Place, row: str | bytes, named: str) -> None:
    said = there.xunwang("lexicon", "evaluate", written(there, HEADER, GOOD[0], row, GOOD[2]), "--json")
    told = refused(said, "E-OPS-023", exit_code=3)
    assert "第 3 行：" in told
    assert named in told
    [figures] = said.rows()
    assert figures["rows"] == 2


@pytest.mark.parametrize(
    ("rows", "code", "exit_code", "named"),
    [
        (("label\ttext", "可疑\t象牙"), "E-OPS-032", 2, "表头缺 category"),
        (("label\tcategory", "可疑\tivory"), "E-OPS-032", 2, "text（或 title）"),
        (("label,category,text", "可疑,ivory,象牙"), "E-OPS-032", 2, "逗号"),
        (("label\tcategory\ttext\ttext", "可疑\tivory\t象牙\t"), "E-OPS-032", 2, "重复 text"),
        ((), "E-OPS-032", 2, "是空的"),
        ((HEADER, "suspekt\tivory\t\t象牙\t"), "E-OPS-021", 2, "第 2 行"),
        ((HEADER.encode("utf-16"),), "E-OPS-021", 2, "UTF-16"),
    ],
    ids=["no category", "no text", "commas", "doubled", "empty", "no good row", "UTF-16"],
)
def test_a_bad_file_is_refused(there: Place, rows: tuple[str], code: str, exit_code: int, named: str) -> None:
    said = there.xunwang("lexicon", "evaluate", written(there, *rows))
    assert named in refused(said, code, exit_code=exit_code)
    assert said.out == ""


def test_a_set_of_headers_alone_is_nothing_to_do(there: Place) -> None:
    assert there.xunwang("lexicon", "evaluate", written(there, HEADER)).code == 4
    refused(there.xunwang("lexicon", "evaluate", str(there.home / "none.tsv")), "E-OPS-022", exit_code=2)


def test_spreadsheets_and_other_encodings_are_understood(there: Place) -> None:
    rows = ("标签\t类别\t文本", '可疑\tivory\t"老""象牙""手串 包真"', "正常\t\t木梳")
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        file = there.home / f"{encoding}.tsv"
        file.write_bytes("\r\n".join(rows).encode(encoding))
        [told] = there.xunwang("lexicon", "evaluate", str(file), "--json").rows()
        assert told["groups"]["all"] == {"hits": 1, "of": 1, "value": 1.0}
        assert told["failures"] == []


def test_another_lexicon_may_be_named(there: Place) -> None:
    """A folder, a file, and neither."""
    data = builtin().to_data() | {"version": "mine", "terms": []}
    path = there.home / "mine.json"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    file = written(there, HEADER, *GOOD)
    [told] = there.xunwang("lexicon", "evaluate", file, "--lexicon", str(path), "--json").rows()
    assert (told["lexicon_version"], told["groups"]["all"]["hits"]) == ("mine", 0)
    folder = ROOT / "keywords" / "lexicon"
    [told] = there.xunwang("lexicon", "evaluate", file, "--lexicon", str(folder), "--json").rows()
    assert told["lexicon_version"] == builtin().version
    [row] = there.xunwang("assess", "--lexicon", str(path), stdin="title\n象牙手串\n".encode()).rows()
    assert (row["level"], row["lexicon_version"]) == ("none", "mine")
    path.write_text("{}")
    for name in (str(path), str(there.home / "none.json"), "x" * 5000 + "/y"):
        refused(there.xunwang("lexicon", "test", "--lexicon", name, "象牙"), "E-OPS-031", exit_code=2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("老象 牙手串 包真", ["级别：高风险", "“象 牙手串”", "夹符号或空格", "确定", "强词", "被更长的", "+40"]),
        ("纯棉象牙白连衣裙", ["级别：不报", "未计入", "排除语“象牙白", "颜色名"]),
        ("大象 牙刷", ["跨词“大象|牙刷”"]),
        ("血牙", ["弱词", "还缺", "手串"]),
        ("仿象牙手串 树脂", ["为什么不报", "不到待看线"]),
        ("夹套", ["没有命中任何词条", "最接近的词条", "夹 兽道"]),
        ("象\u202e牙\x07手串", ["\\u202e", "\\u0007"]),
    ],
)
def test_a_hit_and_a_non_hit_are_explained_in_chinese(there: Place, text: str, told: list[str]) -> None:
    said = there.xunwang("lexicon", "test", text, COLUMNS="80")
    assert said.code == 0, said.err
    for words in told:
        assert words in said.out
    chinese = re.sub(r"builtin-[0-9a-f]+|\\u[0-9a-f]{4}", "", said.out)
    assert not re.search("[A-Za-z]{2}", chinese)
    assert "…\n" not in said.out and "\x1b" not in said.out and "\u202e" not in said.out


def test_an_explanation_as_json(there: Place) -> None:
    [row] = there.xunwang("lexicon", "test", "--json", "血牙").rows()
    assert (row["level"], row["matches"][0]["term"], bool(row["matches"][0]["wanting"])) == ("none", "血牙", True)
    [row] = there.xunwang("lexicon", "test", "--json", "夹套").rows()
    assert row["matches"] == [] and row["near"]


def test_an_explanation_is_folded_at_a_terminal_and_whole_elsewhere(there: Place) -> None:
    assert any(columns(line) > 80 for line in there.xunwang("lexicon", "test", "血牙").out.splitlines())
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    command = [sys.executable, "-c", "from ops.cli import main; main()", "lexicon", "test", "血牙"]
    environment = {name: value for name, value in there.environment().items() if name != "COLUMNS"}
    subprocess.run(command, stdout=theirs, stdin=theirs, cwd=there.home, env=environment, timeout=120, check=True)
    os.close(theirs)
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert all(columns(line) <= 80 for line in lines)
    assert "另一个词条" in "".join(line.strip() for line in lines)


def test_lint_tells_errors_from_notices(there: Place) -> None:
    data = builtin().to_data()
    data["terms"] = [*data["terms"], data["terms"][0]]
    path = there.home / "doubled.json"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    said = there.xunwang("lexicon", "lint", "--lexicon", str(path), timeout=300)
    assert "重复" in refused(said, "E-OPS-030", exit_code=1)
    assert "Problem(" not in said.err
