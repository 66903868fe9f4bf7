"""Words that analysts bring in: accepted whole or refused whole, with the cells named."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from keywords import LexiconFileRefused, Matcher, builtin, read_additions, write_template

_HEADERS = {
    "词条": ["词条", "类别", "强弱", "类型", "说明"],
    "排除语": ["排除语", "方式", "说明"],
    "语境词": ["语境词", "语境组", "说明"],
}
Rows = dict[str, list[list[Any]]]


def _book(path: Path, rows: Rows) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, lines in rows.items():
        sheet = book.create_sheet(name)
        for line in [_HEADERS.get(name, ["词条"]), *lines]:
            sheet.append(line)
    book.save(path)
    return path


def _refusals(path: Path) -> dict[str, str]:
    with pytest.raises(LexiconFileRefused) as refused:
        read_additions(path)
    return {item.place: item.reason for item in refused.value.refusals}


def test_the_template_can_be_filled_in_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["填写说明", "词条", "排除语", "语境词"]
    assert len(book["词条"].data_validations.dataValidation) == 3
    book["词条"].append(["糯米料", "象牙", "强", "词条", "新暗语"])
    book["排除语"].append(["糯米料理", "取消命中", "食品"])
    book["语境词"].append(["识货私", "回避用语"])
    book.save(path)
    additions = read_additions(path)
    assert [(t.text, t.category, t.strength) for t in additions.terms] == [("糯米料", "ivory", "strong")]
    assert [e.text for e in additions.exclusions] == ["糯米料理"]
    assert additions.contexts == (("evasive", "识货私"),)


def test_a_new_term_is_found_by_the_lexicon_that_has_it(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"词条": [["糯米料", "ivory", "强"]]})
    before, after = builtin(), builtin().with_additions(read_additions(path), version="2026-11-24.1")
    assert not Matcher(before).explain("糯米料 手串").level.is_hit
    assessment = Matcher(after).explain("糯米料 手串")
    assert assessment.level.is_hit
    assert assessment.lexicon_version == "2026-11-24.1"
    assert before.version != after.version


def test_every_fault_is_named_with_its_cell(tmp_path: Path) -> None:
    path = _book(
        tmp_path / "bad.xlsx",
        {
            "词条": [
                ["糯米料", "象牙", "强"],
                ["糯米料", "象牙", "强"],
                ["象牙", "象牙", "强"],
                ["牙", "象牙", "强"],
                ["新暗语", "恐龙", "强"],
                ["=1+1", "象牙", "强"],
                ["长" * 41, "象牙", "强"],
                ["糯\u202e米", "象牙", "强"],
                ["好词条", "象牙", None],
                ["***", "象牙", "强"],
            ],
            "排除语": [["象牙白", "取消命中"], ["象牙新白", "随便"]],
            "语境词": [["手串", "制品"], ["新语境", "没有的组"]],
        },
    )
    found = _refusals(path)
    assert set(found) == {
        "词条!A3",
        "词条!A4",
        "词条!A5",
        "词条!B6",
        "词条!A7",
        "词条!A8",
        "词条!A9",
        "词条!C10",
        "词条!A11",
        "排除语!A2",
        "排除语!B3",
        "语境词!A2",
        "语境词!B3",
    }
    assert found["词条!A3"] == "与 词条!A2 重复"
    assert found["词条!A7"] == "单元格是公式，请改为文字"


def test_a_formula_cell_is_refused(tmp_path: Path) -> None:
    path = _book(tmp_path / "f.xlsx", {"词条": [["糯米料", "象牙", "强"]]})
    book = openpyxl.load_workbook(path)
    book["词条"]["B2"] = '=HYPERLINK("x")'
    book.save(path)
    assert _refusals(path) == {"词条!B2": "单元格是公式，请改为文字"}


def test_disguised_duplicates_are_duplicates(tmp_path: Path) -> None:
    assert set(
        _refusals(_book(tmp_path / "d.xlsx", {"词条": [["象*牙", "象牙", "强"], ["捕獸夾", "猎夹", "强"]]}))
    ) == {
        "词条!A2",
        "词条!A3",
    }


@pytest.mark.parametrize("name", ["词 条", "Sheet1"])
def test_a_wrong_sheet_is_refused(tmp_path: Path, name: str) -> None:
    assert name in _refusals(_book(tmp_path / "s.xlsx", {name: [["糯米料"]]}))


def test_missing_headers_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "词条"
    sheet.append(["词条", "强弱"])
    book.save(tmp_path / "h.xlsx")
    assert _refusals(tmp_path / "h.xlsx") == {"词条!A1": "缺少表头 类别、类型"}


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = _book(tmp_path / "r.xlsx", {"词条": [[f"糯米料{n}", "象牙", "强"] for n in range(5000)]})
    assert _refusals(path) == {"词条": "超过 5000 行"}


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (51 << 20))
    assert _refusals(path) == {"bomb.xlsx": "解压后过大，拒绝读取"}


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "entities.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert _refusals(path) == {"entities.xlsx": "含有 XML 实体定义，拒绝读取"}


@pytest.mark.parametrize(
    ("name", "body"), [("a.xlsx", b"not a zip"), ("a.doc", b"x"), ("a.yml", b"{"), ("b.yml", b"[1]")]
)
def test_other_files_are_refused(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    assert _refusals(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert _refusals(tmp_path / "none.xlsx") == {"none.xlsx": "文件不存在或无法读取"}


def test_an_empty_form_is_refused(tmp_path: Path) -> None:
    write_template(tmp_path / "e.xlsx")
    assert _refusals(tmp_path / "e.xlsx") == {"e.xlsx": "没有填写任何内容"}


def test_yaml_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(
        "词条:\n  - {词条: 糯米料, 类别: 象牙, 强弱: 弱, 类型: 暗语}\n排除语:\n  - {排除语: 糯米料理, 方式: 只扣分}\n",
        encoding="utf-8",
    )
    additions = read_additions(path)
    assert [(t.text, t.strength, t.kind, t.variants) for t in additions.terms] == [("糯米料", "weak", "code", ())]
    assert additions.exclusions[0].kind == "soft"


def test_yaml_faults_are_named_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("词条:\n  - {词条: 牙, 类别: 象牙, 强弱: 强}\n  - {词: 糯米}\n词语: []\n", encoding="utf-8")
    assert set(_refusals(path)) == {"词条[1].词条", "词条[2]", "词语"}


def test_the_fault_tells_people_in_both_languages(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"词条": [["牙", "象牙", "强"]]})
    with pytest.raises(LexiconFileRefused) as refused:
        read_additions(path)
    assert "词条!A2：只有一个字" in refused.value.message("zh")
    assert "nothing was imported" in refused.value.message("en")
