"""Rows of text that `xunwang assess` reads: TSV with a header, or a JSON object a line. Streamed, and never trusted."""

import json
from collections.abc import Iterator
from typing import IO, Any

from records import Fault, Listing

#: Bytes of one line: a listing is never longer, and a file without line breaks must not fill the memory.
LONGEST_LINE = 8 << 20


class InputUnreadable(Fault):
    """输入文件无法读取。

    The input cannot be read.
    """

    code = "E-OPS-021"
    remedy = (
        "需要带表头（至少 title 一列）的 UTF-8 TSV，或每行一个 JSON 对象（至少有 title）。",
        "It takes UTF-8 TSV with a header (at least `title`), or one JSON object a line (at least `title`).",
    )
    exit_code = 2


def read_rows(name: str, stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """One dict a line, with `title` and `id` (the row's number where it has none), the first line deciding the form.

    Raises InputUnreadable, naming the line (`name:number`), for what is neither UTF-8 nor of that form, or too long.
    """
    header: list[str] | None = None
    is_json, row = False, 0
    for number, text in _lines(name, stream):
        if header is None and not is_json:
            is_json = text.lstrip().startswith("{")
            if not is_json:
                header = _header(text, f"{name}:{number}")
                continue
        row += 1
        if header is None:
            yield {"id": str(row)} | _json_row(text, f"{name}:{number}")
        else:
            yield {"id": str(row)} | dict(zip(header, text.split("\t"), strict=False))


def listing_of(row: dict[str, Any]) -> Listing:
    """The row as the matcher takes it; its texts exactly as given, so that offsets fit."""
    title, description = (str(row.get(name) or "") for name in ("title", "description"))
    return Listing(platform="text", item_id=str(row["id"]), url="", title=title, description=description)


def _lines(name: str, stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise InputUnreadable(f"{name}:{number}: > {LONGEST_LINE} B")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as bad:
            raise InputUnreadable(f"{name}:{number}: {bad}") from None
        if text.strip():
            yield number, text


def _header(text: str, where: str) -> list[str]:
    header = text.split("\t")
    if "title" not in header:
        raise InputUnreadable(f"{where}: title ∉ {', '.join(header)[:200]}")
    return header


def _json_row(text: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise InputUnreadable(f"{where}: {bad}") from None
    if not isinstance(row, dict) or "title" not in row:
        raise InputUnreadable(f"{where}: title?")
    for name in ("title", "description"):
        if not isinstance(row.get(name), str | int | float | None):
            raise InputUnreadable(f"{where}: {name} = {type(row[name]).__name__}")
    return row
