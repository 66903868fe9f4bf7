"""Labelled texts as people keep them: TSV with label, category and text (or title and description)."""

import re
from collections.abc import Iterator
from pathlib import Path

from keywords import Lexicon
from keywords.evaluating import LABELS, Failure, Sample
from ops.texts import Source
from records import Fault

#: Chinese headers that mean the same.
_HEADERS = {
    "标签": "label",
    "类别": "category",
    "文本": "text",
    "标题": "title",
    "描述": "description",
    "手法": "technique",
}
#: As spreadsheets write a cell with a quotation mark in it: all in quotes, those inside doubled.
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_COLUMNS = ("line", "label", "category", "technique", "failure", "level", "score", "got", "title", "description", "why")


class SetRefused(Fault):
    """这个文件不能用来评测。

    This file cannot be evaluated.
    """

    code = "E-OPS-032"
    remedy = (
        "需要 UTF-8 的 TSV，表头有 label（可疑、待核、正常）、category、text（或 title 与 description），"
        "可另有 technique；文本内换行写成 \\n。",
        "It takes UTF-8 TSV with label (suspicious, borderline, confusable), category, text (or title and description)"
        " and perhaps technique; a line break inside a text is written \\n.",
    )
    exit_code = 2


def read_samples(source: Source, lexicon: Lexicon) -> Iterator[Sample]:
    """The labelled rows; rows at fault are refused with their line. Raises SetRefused for a header that will not do."""
    keys = {category.key: category.key for category in lexicon.categories}
    keys |= {category.name: category.key for category in lexicon.categories}
    header: list[str] | None = None
    for line, text in source.lines():
        if header is None:
            header = _header(source.where(line), text)
            continue
        row = _cells(source, line, text, header)
        sample = _sample(source, line, row, keys) if row is not None else None
        if sample is not None:
            source.rows += 1
            yield sample
    if header is None and not source.bad:
        raise SetRefused(f"{source.name} 是空的")


def _header(where: str, text: str) -> list[str]:
    names = [cell.strip().strip('"').lower() for cell in text.split("\t")]
    header = [_HEADERS.get(name, name) for name in names]
    missing = [name for name in ("label", "category") if name not in header]
    if "text" not in header and "title" not in header:
        missing.append("text（或 title）")
    if missing:
        hint = "；看起来是用逗号分隔的，请另存为制表符分隔" if len(header) == 1 and "," in text else ""
        raise SetRefused(f"{where}：表头缺 {'、'.join(missing)}{hint}")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise SetRefused(f"{where}：表头重复 {'、'.join(doubled)}")
    return header


def _cells(source: Source, line: int, text: str, header: list[str]) -> dict[str, str] | None:
    cells = text.split("\t")
    quotes = "；有没有成对的引号：TSV 里引号不起作用，文本内换行请写成 \\n" if text.count('"') % 2 else ""
    if "\0" in text:
        source.refuse(line, "含有空字符（NUL）")
    elif len(cells) > len(header):
        source.refuse(line, f"有 {len(cells)} 列，表头只有 {len(header)} 列{quotes or '：文本里可能有制表符'}")
    else:
        row = dict(zip(header, cells, strict=False))
        needed = [name for name in ("label", "category", "title" if "title" in header else "text") if name not in row]
        if not needed:
            return {name: _plain(cell) for name, cell in row.items()}
        source.refuse(line, f"只有 {len(cells)} 列，缺 {'、'.join(needed)}{quotes}")
    return None


def _plain(cell: str) -> str:
    quoted = _QUOTED.fullmatch(cell)
    if quoted and '""' in quoted[1]:
        cell = quoted[1].replace('""', '"')
    return cell.replace("\\n", "\n")


def _sample(source: Source, line: int, row: dict[str, str], keys: dict[str, str]) -> Sample | None:
    label = LABELS.get(row["label"].strip().lower())
    named = row["category"].strip()
    title, description = row.get("title", ""), row.get("description", "")
    if "title" not in row:
        title, description = row["text"], ""
    if label is None:
        source.refuse(line, f"不认识的标签“{row['label'][:20]}”：只有可疑、待核、正常")
    elif named not in keys and (named or label != "confusable"):
        source.refuse(line, f"词库里没有类别“{named[:30]}”" if named else "没有写类别")
    elif not (title + description).strip():
        source.refuse(line, "没有文本")
    else:
        technique = row.get("technique", "").strip()
        category = keys.get(named, "")
        return Sample(
            line=line, label=label, category=category, technique=technique, title=title, description=description
        )
    return None


def check_target(path: Path, source: str) -> None:
    """Raises SetRefused where the failures could not be written to `path`, before an evaluation is lost."""
    if not path.parent.is_dir():
        raise SetRefused(f"没有这个文件夹：{path.parent}")
    if path.is_dir() or (source != "-" and path.exists() and path.samefile(source)):
        raise SetRefused(f"不能写到 {path}：它是文件夹或正在评测的文件")


def write_failures(path: Path, failures: tuple[Failure, ...]) -> None:
    """The failures as TSV that this very command reads again; whole or not at all. Raises SetRefused."""
    rows = ["\t".join(_COLUMNS)]
    rows += ["\t".join(_written(cell) for cell in _row(failure)) for failure in failures]
    draft = path.with_name(path.name + ".tmp")
    try:
        draft.write_bytes(("\n".join(rows) + "\n").encode("utf-8", "backslashreplace"))
        draft.replace(path)
    except OSError as bad:
        raise SetRefused(f"写不了 {path}：{bad.strerror}") from None


def _row(failure: Failure) -> tuple[str, ...]:
    sample, judged = failure.sample, failure.assessment
    return (
        *(str(sample.line), sample.label, sample.category, sample.technique, failure.kind),
        *(judged.level.value, str(judged.score), judged.category, sample.title, sample.description, failure.why),
    )


def _written(cell: str) -> str:
    return cell.replace("\r", " ").replace("\n", "\\n").replace("\t", " ")
