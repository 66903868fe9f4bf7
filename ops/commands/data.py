"""What comes in by hand or by file, and what goes out to people: intake, import, digest, alerts, campaigns, reports."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts import deliver_due as deliver_waiting
from alerts import dry_run, make_digest, preview, stored, test_channel
from console import Submission
from db import campaigns
from db.engine import transaction
from ops.channels import channels
from ops.commands.bulk import take_file
from ops.commands.options import Demo
from ops.intake import take_in
from ops.labels import labels
from ops.screen import print_json, say, screen
from records import Fault, Source, now, shanghai_date
from reports import Heading, build_statistics, read_campaign


class NoChannels(Fault):
    """没有设置任何消息通道。

    No channel is set.
    """

    code = "E-OPS-050"
    remedy = (
        "请在 xunwang.toml 的 [alerts] 中设置 wecom、mail 或 webhook。",
        "Set wecom, mail or webhook under [alerts] in xunwang.toml.",
    )
    exit_code = 2


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    app.command()(intake)
    app.command("import")(take_file)
    digest = typer.Typer(help="晨报。", no_args_is_help=True)
    digest.command("send")(digest_send)
    app.add_typer(digest, name="digest")
    told = typer.Typer(help="消息通道。", no_args_is_help=True)
    told.command("test")(alerts_test)
    app.add_typer(told, name="alerts")
    campaign = typer.Typer(help="专项整治行动。", no_args_is_help=True)
    campaign.command("sample")(campaign_sample)
    app.add_typer(campaign, name="campaign")
    report = typer.Typer(help="报表。", no_args_is_help=True)
    report.command("build")(report_build)
    app.add_typer(report, name="report")


def intake(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="链接、分享文本，或保存的页面、截图文件的路径。")],
    source: Annotated[Source, typer.Option(help="线索来源。")] = Source.INSPECTION,
    text: Annotated[str, typer.Option(help="截图时：图中的标题或说明。")] = "",
    note: Annotated[str, typer.Option(help="备注。")] = "",
    by: Annotated[str, typer.Option(help="谁提供或录入的。")] = "命令行",
    demo: Demo = False,
) -> None:
    """人工录入一条线索：链接、分享文本、截图或保存的页面。"""
    file = _file(what)
    body = file.read_bytes() if file else None
    is_picture = body is not None and body.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF"))
    submission = Submission(
        text=text if file else what,
        screenshot=body if is_picture else None,
        page=None if is_picture else body,
        page_name=file.name if file else "",
        source=source,
        note=note,
        brought_by=by,
    )
    leads = take_in(screen(ctx).house(demo=demo), submission)
    say(f"已录入，线索 {'、'.join(map(str, leads)) or '（未形成线索）'}")
    print_json({"leads": leads})


def _file(what: str) -> Path | None:
    """The file that `what` names, if it is one; a share text may be far too long for a path."""
    try:
        return Path(what) if len(what) < 1024 and "\0" not in what and Path(what).is_file() else None
    except OSError:
        return None


def digest_send(
    ctx: typer.Context,
    only_show: Annotated[bool, typer.Option("--dry-run", help="只显示将要发送的文字与字节数。")] = False,
    demo: Demo = False,
) -> None:
    """现在就做今天的晨报并发送；已做过则发送尚未送达的。"""
    house = screen(ctx).house(demo=demo)
    made_for = stored(house.engine, shanghai_date(now()))
    if only_show:
        draft = made_for or preview(
            house.engine, now=now(), console_url=house.settings.console_url, labels=labels(house)
        )
        shown = dry_run(draft)
        typer.echo(shown.text)
        say(f"{shown.size} 字节（企业微信上限 4096）；邮件主题：{shown.subject}")
        return
    told = channels(house.settings)
    if not told:
        raise NoChannels
    if made_for is None:
        make_digest(house.engine, now=now(), console_url=house.settings.console_url, labels=labels(house))
    ended = deliver_waiting(house.engine, told, now=now())
    for one in ended:
        say(f"{one.channel}: {'已送达' if one.ok else '未送达，将重试'}")
    raise typer.Exit(0 if all(one.ok for one in ended) else 1)


def alerts_test(ctx: typer.Context) -> None:
    """向每个通道发送一条测试消息。"""
    told = channels(screen(ctx).settings())
    if not told:
        raise NoChannels
    for channel in told:
        test_channel(channel, now=now())
        say(f"{channel.name}: 已送达")


def campaign_sample(
    ctx: typer.Context,
    year: Annotated[int, typer.Argument(min=2000, max=2100, help="年份。")],
    demo: Demo = False,
) -> None:
    """写入一个示例专项整治行动（阶段与报送节点可再改）。"""
    house = screen(ctx).house(demo=demo)
    campaign = read_campaign(None, year=year)
    with transaction(house.engine) as conn:
        campaigns.save(conn, campaign)
    say(f"已写入：{campaign.name}")


def report_build(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="要写的 .xlsx 文件。")],
    campaign: Annotated[str, typer.Option(help="专项整治行动名称。")] = campaigns.DEFAULT_CAMPAIGN,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="数据截止日期 YYYY-MM-DD；缺省为今天。")
    ] = None,
    demo: Demo = False,
) -> None:
    """生成统计表.xlsx（区（市）× 类别）。"""
    house = screen(ctx).house(demo=demo)
    last = until.date() if until else shanghai_date(now())
    heading = Heading(unit=house.unit().name, banner="演示数据" if house.demo else "")
    done = build_statistics(house.engine, campaign=campaign, until=last, path=path, heading=heading)
    say(f"已写 {path}，校验码 {done.seal}" + ("" if done.sound else "；合计核对不平，请查看校验块"))
    raise typer.Exit(0 if done.sound else 1)
