"""The README's table of platforms, made from the definitions so that the two cannot differ."""

from crawler.definition import Definition, definitions

_HEAD = ("平台", "代号", "运营者", "住所地", "是否公开", "核对依据", "地区筛选", "不能采集时的合法途径")
_ACCESS = {"public": "公开", "walled": "有墙，不采集"}


def platform_table() -> str:
    """The Markdown table of all platforms, one a row, ending with a line break."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(one) for one in definitions().values())]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def _row(one: Definition) -> tuple[str, ...]:
    access = _ACCESS[one.access]
    return (one.name, f"`{one.key}`", one.operator, one.seat, access, one.verified, one.region_told, one.lawful)
