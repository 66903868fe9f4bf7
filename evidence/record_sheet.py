"""自动采集记录: the printed record of an unattended capture, filled from the facts of the manifest and nothing else.

Never a 电子数据提取笔录 (`evidence.transcript`): no officer was there, and the sheet says so in its first paragraph.
Any sheet becomes Word (GB/T 9704: margins 37, 35, 28 and 26 mm, title 方正小标宋 二号, headings 黑体, body 仿宋, lines
of 28 pt; fonts named, not embedded) and, as HTML, what a browser prints to PDF.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from evidence.manifest import NOT_COLLECTED, not_collected

TITLE: Final = "网络交易监测自动采集记录"
NOTICE: Final = (
    "本记录由监测系统在无人值守状态下自动采集后按证据包清单生成，用于固定网络交易监测线索材料，不是《电子数据提取笔录》，"
    "未经两名执法人员提取不作为处罚证据，不是对违法事实的认定。哈希值与签名证明材料自采集、打包之后未被改动，不证明网页内容本身真实。"
)
#: Characters of one value in a cell; the manifest has all of it.
_LONGEST: Final = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One numbered part of the sheet."""

    heading: str
    #: Column titles; empty for a table of names and values.
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...]
    #: `facts` names and values, `list` files with their digests, `steps` when, who and what.
    kind: str = "facts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """Everything that is printed."""

    title: str
    number: str
    demo: bool
    #: What it is and is not: the paragraph above the tables.
    notice: str
    #: The last one is short: it stands on one page with the signatures, which never stand alone.
    tables: tuple[Table, ...]
    #: What people fill in by hand at the end, a line each.
    blanks: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """Of the tables, numbered: 一、 as GB/T 9704 has it, in Arabic numerals where there are more than ten."""
        few = len(self.tables) <= len(_ORDINALS)
        marks = [f"{one}、" for one in _ORDINALS] if few else [f"{n}. " for n in range(1, len(self.tables) + 1)]
        return tuple(f"{mark}{table.heading}" for mark, table in zip(marks, self.tables, strict=False))


def sheet_of(facts: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> Sheet:
    """The sheet of a package's unattended captures; `facts` and `files` as the manifest has them."""
    captures = [one for one in facts["captures"] if "extraction" not in one]
    tables = [_about(facts)]
    for number, capture in enumerate(captures, 1):
        mark = f"（第 {number} 件，共 {len(captures)} 件）" if len(captures) > 1 else ""
        tables += _of_capture(capture, mark)
    listed = tuple((str(file["path"]), str(file["bytes"]), str(file["sha256"])) for file in files)
    tables.append(
        Table(
            heading="文件清单（本记录与核验说明除外，见 manifest.json）",
            columns=("文件", "字节", "SHA-256"),
            rows=listed,
            kind="list",
        )
    )
    tables.append(Table(heading="核验与说明", rows=_CHECKED))
    return Sheet(
        title=TITLE,
        number=str(facts["number"]),
        demo=bool(facts.get("demo")),
        notice=NOTICE,
        tables=tuple(tables),
        blanks=BLANKS,
    )


def told(value: Any) -> str:
    """A fact of the manifest in words."""
    if isinstance(value, Mapping):
        if NOT_COLLECTED in value:
            return f"{NOT_COLLECTED}：{value[NOT_COLLECTED]}"
        if set(value) == {"utc", "beijing"}:
            return f"{_clock(value['beijing'])}（北京时间）\nUTC {_clock(value['utc'])}"
        if set(value) == {"url", "date", "ahead_seconds"}:
            return f"{value['date']}，与本机相差 {value['ahead_seconds']} 秒：{value['url']}"
        if "offset_ms" in value and value["offset_ms"] is None:
            return f"{NOT_COLLECTED}：{value.get('note') or '未与标准时间比对'}"
        if "offset_ms" in value:
            reliable = "可靠" if value["reliable"] else "超过限度，时间不可靠"
            checked = f"{_clock(value['checked_at'])} 比对"
            return f"{value['offset_ms']} 毫秒（限度 {value['limit_ms']} 毫秒，{reliable}；{checked}）"
        return "；".join(f"{name} {told(one)}" for name, one in value.items() if one not in ("", None))
    if isinstance(value, list | tuple):
        return "\n".join(told(one) for one in value) or "无"
    return _PLAIN[value] if value is None or isinstance(value, bool) else str(value)


def _clock(stamp: str) -> str:
    """2026-11-23T02:14:07.123+08:00 as people read it."""
    return stamp.partition("+")[0].replace("T", " ")


def as_html(sheet: Sheet) -> str:
    """A page for printing to PDF on A4; no script, nothing from elsewhere."""
    parts = [f"<h1>{escape(sheet.title)}</h1><p class=number>编号：{escape(sheet.number)}</p>"]
    if sheet.demo:
        parts.append("<p class=demo>演示数据，不得使用</p>")
    parts.append(f"<p class=notice>{escape(sheet.notice)}</p>")
    for heading, table in zip(sheet.headings, sheet.tables, strict=True):
        if table is sheet.tables[-1]:
            parts.append("<div class=end>")
        head = "".join(f"<th>{escape(one)}</th>" for one in table.columns)
        body = "".join(f"<tr>{''.join(f'<td>{_cell(one)}</td>' for one in row)}</tr>" for row in table.rows)
        parts.append(f"<h2>{escape(heading)}</h2><table class={table.kind}>")
        parts.append(f"<thead><tr>{head}</tr></thead>{body}</table>" if head else f"{body}</table>")
    parts.append(f"<p class=signed>{'<br>'.join(map(escape, sheet.blanks))}</p></div>")
    return f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><style>{_STYLE}</style>{"".join(parts)}</html>'


def _about(facts: Mapping[str, Any]) -> Table:
    lead, maker, packaging = facts["lead"], facts["maker"], facts["packaging"]
    before = facts["previous"]
    rows = (
        ("证据包编号", facts["number"]),
        ("材料性质", facts["nature"]),
        ("辖区", facts["district"]["name"]),
        ("线索", f"{told(lead['number'])}　{lead['title']}"),
        ("专项行动", lead["campaign"]),
        ("平台", lead["platform"]),
        ("制作单位", maker["unit"]),
        ("打包操作人", maker["operator"]),
        ("执法人员", _APART if "extraction" in facts else maker["officers"]),
        ("打包时间", packaging["at"]),
        ("打包程序", f"{packaging['software']} {packaging['version']}"),
        (
            "上一证据包",
            before if isinstance(before, str) else f"{before['number']}（清单 {before['manifest_sha256']}）",
        ),
    )
    return Table(heading="基本情况", rows=named(rows))


def _of_capture(capture: Mapping[str, Any], mark: str) -> Iterator[Table]:
    for heading, names in _PARTS.items():
        rows = ((label, fact(capture, path)) for label, path in names)
        yield Table(heading=heading + mark, rows=named(rows))


def fact(facts: Mapping[str, Any], path: str) -> Any:
    """What stands at `path` (dots lead into groups): the fact, or 未采集, of its group or because nothing says it."""
    value: Any = facts
    for part in path.split("."):
        if isinstance(value, Mapping) and NOT_COLLECTED in value:
            break
        value = value.get(part, _UNTOLD) if isinstance(value, Mapping) else _UNTOLD
    return value


def named(pairs: Any) -> tuple[tuple[str, ...], ...]:
    """Rows of names and told values."""
    return tuple((label, _short(told(value))) for label, value in pairs)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "……（全文见 manifest.json）"


def _cell(text: str) -> str:
    return escape(text).replace("\n", "<br>")


_PARTS: Final = {
    "采集来源": (
        ("商品标题", "title"), ("标价", "price_text"), ("请求网址", "source.requested_url"),
        ("最终网址", "source.final_url"), ("跳转", "source.redirects"), ("进入途径", "source.entry"),
        ("商品编号", "source.item_id"), ("服务器地址", "source.peer"), ("域名解析", "source.resolver"),
    ),
    "采集方法": (
        ("方法", "method.told"), ("程序", "method.programs"), ("程序提交号", "method.commit"),
        ("浏览器", "method.chromium"), ("视口", "method.viewport"), ("身份标识", "method.user_agent"),
        ("外出方式", "method.proxy"), ("robots.txt", "method.robots"), ("访问频率", "method.rate"),
        ("正文", "bodies"), ("缺失", "gaps"),
    ),
    "采集时间": (
        ("开始", "time.start"), ("结束", "time.end"), ("时间源", "time.clock_source"),
        ("时钟偏差", "time.clock_offset"), ("服务器 Date", "time.server_date"),
    ),
    "采集环境": (
        ("主机", "environment.host"), ("操作系统", "environment.os"), ("运行账号", "environment.account"),
        ("镜像摘要", "environment.image_digest"), ("浏览器状态", "environment.clean_profile"),
        ("hosts 文件", "environment.hosts_file_sha256"), ("实际连接地址", "environment.dns_answer"),
        ("页面编码", "encoding.declared"), ("截断", "flags.truncated"),
    ),
}  # fmt: skip
_PLAIN: Final = {True: "是", False: "否", None: "无"}
_UNTOLD: Final = not_collected("没有这一项的记录")
#: In the package of an extraction, of what a patrol had kept before it.
_APART: Final = "本记录所列各件采集时无人值守，没有执法人员在场；两名执法人员在场的提取另见《电子数据提取笔录》"
_CHECKED: Final = (
    ("校验方法", "sha256sum -c SHA256SUMS；签名与时间戳的核验方法见证据包内 verify/README.txt"),
    ("复核", "由复核人对照证据包核对后签名；复核不改变本材料的性质。"),
)
#: What a person fills in by hand.
BLANKS: Final = ("复核人（签名）：　　　　　　　　　　　　　　", "复核时间：　　　　年　　月　　日")
_ORDINALS: Final = "一二三四五六七八九十"
_STYLE: Final = """
@page { size: A4; margin: 37mm 26mm 35mm 28mm; @bottom-center { content: counter(page) " / " counter(pages); } }
body { font: 12pt/21pt FangSong, 仿宋, 仿宋_GB2312, "Noto Serif CJK SC", serif; color: #000; }
h1 { font: 22pt/32pt 方正小标宋简体, STZhongsong, "Noto Serif CJK SC", serif; text-align: center; margin: 0; }
h2 { font: bold 14pt/24pt SimHei, 黑体, "Noto Sans CJK SC", sans-serif; margin: 14pt 0 4pt; break-after: avoid; }
p { margin: 0 0 6pt; text-align: justify; } .number { text-align: center; } .notice { text-indent: 2em; }
.demo { text-align: center; color: #b00; font-weight: bold; }
.signed { font-size: 14pt; line-height: 28pt; margin-top: 24pt; text-align: left; } .end { break-inside: avoid; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 10.5pt; line-height: 15pt; }
td, th { border: .5pt solid #000; padding: 2pt 4pt; vertical-align: top; overflow-wrap: anywhere; text-align: left; }
tr { break-inside: avoid; } .facts td:first-child { width: 24mm; }
.list th:nth-child(2), .list td:nth-child(2) { width: 17mm; text-align: right; }
.list th:nth-child(3), .list td:nth-child(3) { width: 62mm; }
.list td:nth-child(3) { font: 8pt/11pt "Courier New", "Noto Sans Mono", monospace; }
.steps th:nth-child(1) { width: 34mm; } .steps th:nth-child(2) { width: 24mm; }
"""
