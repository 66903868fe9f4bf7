"""Read a page, look at definitions, propose and check them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from crawler import (
    Definition,
    definition,
    definitions,
    page_from_file,
    propose,
    read_any,
    read_unknown,
    recognise,
    saved_pages,
)
from crawler.saved_pages import differences
from ops.commands import ledger, permits, sessions
from ops.one_page import fetch_page, platform_of, stranger
from ops.planning import Chosen, chosen
from ops.screen import print_json, say, screen, show
from records import Fault, Listing, Page

_AUTO = "auto"
#: Address of a saved page that states none.
_NO_ADDRESS = "http://localhost/"


class NothingOnThePage(Fault):
    """这一页上没有读到商品。

    No listing was read from this page.
    """

    code = "E-OPS-020"
    remedy = (
        "若页面确有商品，请用 `xunwang platform try` 核对该平台的定义。",
        "If the page does show items, check the definition with `xunwang platform try`.",
    )
    exit_code = 3


class NoListHere(Fault):
    """这一页上没有找到成列的商品，提不出定义。

    No list of items was found on this page; there is nothing to propose.
    """

    code = "E-OPS-034"
    remedy = (
        "请给出商品列表页（不是商品页或首页）；要由脚本载入的页面，请用浏览器打开后另存。",
        "Give a list page, not an item's own page; where scripts load it, open it in a browser and save it.",
    )
    exit_code = 3


class FileStands(Fault):
    """这个文件已经存在，没有覆盖。

    The file exists and was not overwritten.
    """

    code = "E-OPS-035"
    remedy = ("换一个文件名，或先移走原文件。", "Choose another name, or move the file away first.")
    exit_code = 2


class DefinitionsDrifted(Fault):
    """有的平台定义读不出自己的样页，或读出的与答案不符。

    Some definitions do not read their own saved pages as their answers say.
    """

    code = "E-OPS-036"
    remedy = (
        "请按上面的差异改正定义；若答案本身该改，改好 crawler/platforms/pages 里的 .listings.json。",
        "Mend the definitions named above, or the .listings.json beside the page where the answer is what is wrong.",
    )
    exit_code = 3


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    app.command()(extract)
    platforms = typer.Typer(help="平台定义。", no_args_is_help=True)
    platforms.command("list")(platform_list)
    platforms.command("try")(platform_try)
    platforms.command("new")(platform_new)
    platforms.command("check")(platform_check)
    permits.register(platforms)
    sessions.register(platforms)
    ledger.register(platforms)
    app.add_typer(platforms, name="platform")


def extract(
    ctx: typer.Context,
    page: Annotated[str, typer.Argument(help="保存的页面或接口回答；或一个网址：按平台的规矩访问一次。")],
    platform: Annotated[
        str,
        typer.Option(
            help="平台代码或定义文件；auto：不用定义，按通用方法读（网址可属任何公开站点）。"
            "缺省取读出最多的定义，都读不出时用通用方法；网址则按主机。"
        ),
    ] = "",
) -> None:
    """读一个页面（文件或网址），每行输出一条商品信息（JSON）。"""
    reader, saved = _fetched(ctx, page, platform) if _is_address(page) else _saved(page, platform)
    listings = list(read_unknown(saved).listings) if reader is None else read_any(reader, saved)
    if not listings:
        wall = recognise(reader or stranger(saved.final_url), saved)
        raise NothingOnThePage(f"{wall[0].label}（{wall[0].value}）：{wall[1]}" if wall else page)
    for listing in listings:
        print_json(listing)


def _is_address(page: str) -> bool:
    return page.startswith(("http://", "https://"))


def _saved(page: str, platform: str) -> tuple[Definition | None, Page]:
    path = Path(page)
    if not path.is_file():
        told = "is a directory" if path.is_dir() else "does not exist"
        raise typer.BadParameter(f"file '{page}' {told}.", param_hint="'PAGE'")
    reader = None if platform == _AUTO else _reader(platform) if platform else _fitting(path)
    return reader, page_from_file(path, reader)


def _fetched(ctx: typer.Context, url: str, platform: str) -> tuple[Definition | None, Page]:
    settings = screen(ctx).settings()
    if platform == _AUTO:
        # an address of this machine is visited only where the settings name its site
        unknown = stranger(url)
        one = Chosen(
            definition=unknown, file="", site=unknown.site if unknown.site in settings.crawl.sites.values() else ""
        )
        return None, fetch_page(screen(ctx).house(), one, url)
    sites = settings.crawl.sites
    known = {key: one.at(sites[key]) if key in sites else one for key, one in definitions().items()}
    [one] = chosen(settings, [platform or platform_of(url, known)], demo=False)
    page = fetch_page(screen(ctx).house(), one, url)
    return known.get(one.definition.key, one.definition), page


def _reader(platform: str) -> Definition:
    return definition(Path(platform) if Path(platform).suffix else platform)


def _fitting(page: Path) -> Definition | None:
    """The definition that fills most fields of what it reads from the page; None where the general reader does better.

    A definition of another site may read a card or two of a page that merely looks like its own.
    """
    best = max(definitions().values(), key=lambda reader: _filled(read_any(reader, page_from_file(page, reader))))
    most = _filled(read_any(best, page_from_file(page, best)))
    bare = page_from_file(page)
    anything = _filled(read_unknown(bare).listings)
    of_another = bare.final_url != _NO_ADDRESS and not best.allows(bare.final_url)
    return None if anything and (2 * most <= anything or of_another) else best


def _filled(found: Iterable[Listing]) -> int:
    return sum(bool(value) for one in found for value in (one.title, one.price_text, one.seller, one.pictures))


def platform_list(ctx: typer.Context) -> None:
    """列出全部平台定义，以及现在有效的 robots.txt 决定与会话。"""
    table = Table("代码", "平台", "运营者", "住所地", "可公开访问", "核对依据")
    for key, one in definitions().items():
        table.add_row(key, one.name, one.operator, one.seat, "是" if one.access == "public" else "否", one.verified)
    show(table)
    for line in permits.in_force(screen(ctx)):
        say(line)


def platform_try(
    platform: Annotated[str, typer.Argument(help="平台代码或定义文件；auto：不用定义。")],
    page: Annotated[Path, typer.Argument(help="保存的页面。", exists=True, dir_okay=False)],
) -> None:
    """看一个定义能从一个保存的页面读出什么。"""
    reader = None if platform == _AUTO else _reader(platform)
    saved = page_from_file(page, reader)
    table = Table("商品编号", "标题", "价格", "卖家", "所在地", "图片")
    for one in read_unknown(saved).listings if reader is None else read_any(reader, saved):
        seller = one.seller.name if one.seller else "—"
        table.add_row(one.item_id, one.title, one.price_text or "—", seller, one.place or "—", str(len(one.pictures)))
    show(table)


def platform_new(
    ctx: typer.Context,
    page: Annotated[str, typer.Argument(help="保存的列表页，或一个网址：按规矩访问一次。")],
    out: Annotated[Path | None, typer.Option(help="写到这个 .yml 文件（已有则拒绝）；缺省打印出来。")] = None,
) -> None:
    """由一个列表页提出一份平台定义：卡片、标题、链接、价格、图片、下一页；其余由人核对。"""
    if out is not None and out.exists():
        raise FileStands(str(out))
    saved = _fetched(ctx, page, _AUTO)[1] if _is_address(page) else _saved(page, _AUTO)[1]
    proposed = propose(saved)
    if proposed is None:
        raise NoListHere(page)
    if out is None:
        typer.echo(proposed.text, nl=False)
        return
    try:
        # x: between the look above and here the file may have come into being
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
            file.write(proposed.text)
    except FileExistsError:
        raise FileStands(str(out)) from None
    except OSError as error:
        raise typer.BadParameter(f"file '{out}': {error.strerror}", param_hint="'--out'") from None
    say(f"已写入 {out}：读出 {proposed.count} 件。请照文件开头的说明逐项核对。")


def platform_check() -> None:
    """用全部平台定义读各自的样页，与答案比对；有不符则退出码为 3。"""
    red = 0
    proven = set()
    table = Table("平台", "样页", "结果", "商品")
    told = []
    for saved in saved_pages():
        now = saved.read()
        wrong = _wrong(saved.answer_file, now)
        red += bool(wrong)
        proven |= {saved.definition.key} if now["listings"] else set()
        table.add_row(saved.definition.key, saved.path.name, "不符" if wrong else "相符", str(len(now["listings"])))
        told += [f"{saved.path.name}：{line}" for line in wrong[:10]]
    for key in sorted(definitions().keys() - proven):
        red += 1
        table.add_row(key, "—", "没有读得出商品的样页", "0")
    show(table)
    for line in told:
        say(line)
    if red:
        raise DefinitionsDrifted(f"{red} 处")


def _wrong(answer: Path, now: dict[str, object]) -> list[str]:
    try:
        return differences(now, json.loads(answer.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return ["没有答案文件，或它不完整"]
