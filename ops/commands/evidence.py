"""证据材料 on the command line: bind what was kept of a lead, verify packages, stamp them, hand them over."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from db import packages
from db.engine import Connection, transaction
from db.evidence import known_files
from db.packages import Issued
from evidence.keys import Key, read_public
from evidence.stamping import read_roots
from evidence.strange_zip import ZipRefused
from evidence.verifying import Flaw, Trust, Verdict, verify
from ops.commands import player
from ops.commands.audit import heads_told
from ops.commands.options import AsJson, Demo, JsonLines
from ops.making import key_ring, maker_for
from ops.screen import print_json, say, screen, show
from ops.stamps import exchanging, stamp
from pipelines.handing import Order, copy_out, hand_over
from pipelines.packaging import NotThere, make_package
from records import SHANGHAI, Fault, now, shanghai

Leads = Annotated[
    list[str], typer.Argument(metavar="LEAD|LEAD/HIT…", help="线索的编号或 id；只要其中一件商品时写 线索/疑似信息 id。")
]
_DAY = ["%Y-%m-%d"]
#: So many files without a row are nothing unusual.
_FEW = 1_000
Packages = Annotated[list[Path], typer.Argument(metavar="FILE…", help="证据包（EV-….zip）。")]
Pem = Annotated[Path | None, typer.Option("--trust", help="信任的公钥（PEM，可含多个）：事先另行交付的那一份。")]
TsaRoots = Annotated[Path | None, typer.Option("--tsa-ca", help="时间戳服务机构的根证书（PEM，可含多个）。")]


class NothingNamed(Fault):
    """没有写明要导出什么。

    What is to be exported was not named.
    """

    code = "E-OPS-085"
    remedy = ("请写明线索，或用 --from、--to 给出制作日期。", "Name leads, or give dates with --from and --to.")
    exit_code = 2


class SweepRefused(Fault):
    """证据目录里的大多数文件在库中没有记录，没有清理任何文件。

    The database knows less than half of the files in the evidence folder; nothing was removed.
    """

    code = "E-OPS-086"
    remedy = (
        "请核对 DATABASE_URL 与数据目录是否属于同一套系统；如库是从旧备份恢复的，请先恢复到最新。",
        "Check that database and data folder belong together; restore the newest backup of the database first.",
    )


class NoAuthority(Fault):
    """没有给出时间戳服务的地址。

    No time-stamping authority was named.
    """

    code = "E-OPS-083"
    remedy = (
        "请用 --tsa 写明，或在 xunwang.toml 的 [evidence] 中设置 tsa。",
        "Name one with --tsa, or set tsa under [evidence] in xunwang.toml.",
    )
    exit_code = 2


class PathUnreadable(Fault):
    """给出的文件读不出。

    The file that was named cannot be read.
    """

    code = "E-OPS-081"
    remedy = ("请核对路径和权限。", "Check the path and its permissions.")
    exit_code = 2


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    evidence = typer.Typer(help="证据材料：制作、核验证据包，加时间戳，导出移交。", no_args_is_help=True)
    evidence.command("package")(package)
    evidence.command("verify")(verify_packages)
    evidence.add_typer(player.commands, name="player")
    evidence.command("timestamp")(timestamp)
    evidence.command("export")(export)
    evidence.command("sweep")(sweep)
    keys = typer.Typer(help="签名密钥。", no_args_is_help=True)
    keys.command("new")(key_new)
    keys.command("list")(key_list)
    keys.command("export")(key_export)
    evidence.add_typer(keys, name="key")
    app.add_typer(evidence, name="evidence")


def package(
    ctx: typer.Context,
    leads: Leads,
    out: Annotated[Path, typer.Option(help="写到哪个文件夹。")] = Path(),
    by: Annotated[str, typer.Option("--by", help="谁制作的（记入证据包和保管链）。")] = "命令行",
    as_json: JsonLines = False,
    demo: Demo = False,
) -> None:
    """把一条线索留存的全部证据材料制作成证据包：清单、校验值、签名、网页存档、保管记录。"""
    house = screen(ctx).house(demo=demo)
    wanted = [_wanted(name) for name in leads]
    for lead, hit in wanted:
        maker = maker_for(house, by)
        made = make_package(maker, lead, hit)
        path = copy_out(house.store, made, out / f"{made.number}.zip")
        if as_json:
            print_json(_issued(made, path))
        else:
            say(f"已制作 {path}（{path.stat().st_size} 字节）\n  sha256 {made.sha256}\n  密钥 {maker.key.id}")


def verify_packages(
    ctx: typer.Context,
    files: Packages,
    trust: Pem = None,
    tsa_ca: TsaRoots = None,
    audit_anchor: Annotated[
        Path | None, typer.Option("--audit-anchor", help="库外留存的链首（晨报原文即可）：清单所记的链首须与之相符。")
    ] = None,
    as_json: JsonLines = False,
) -> None:
    """核验证据包。退出码：0 与签名时一致，1 有改动，2 读不出，3 一致但没有核验过的时间戳。不连数据库，不连网络。"""
    held = Trust(
        keys=tuple(read_public(_read(trust))) if trust else (),
        roots=tuple(read_roots(_read(tsa_ca))) if tsa_ca else (),
        heads=heads_told(audit_anchor) if audit_anchor else {},
    )
    codes = []
    for path in files:
        try:
            verdict = verify(path, held)
        except ZipRefused as refused:
            codes.append(refused.exit_code)
            if as_json:
                print_json({"package": path.name, "exit_code": 2, "error": refused.detail})
            else:
                say(refused.message(screen(ctx).lang), style="red")
            continue
        codes.append(verdict.exit_code)
        if as_json:
            print_json(_verdict(verdict))
        else:
            _tell(verdict, pinned=bool(held.keys))
    raise typer.Exit(next(code for code in (2, 1, 3, 0) if code in codes))


def timestamp(
    ctx: typer.Context,
    files: Packages,
    tsa: Annotated[
        list[str] | None, typer.Option("--tsa", help="时间戳服务的地址，可写多次；缺省取 evidence.tsa。")
    ] = None,
    tsa_ca: TsaRoots = None,
    by: Annotated[str, typer.Option("--by", help="谁加的（记入保管链）。")] = "命令行",
    recorded: Annotated[
        bool, typer.Option("--record/--no-record", help="记入本机的库；在别的机器上加时间戳时用 --no-record。")
    ] = True,
    demo: Demo = False,
) -> None:
    """为证据包加可信时间戳（RFC 3161），不改动已签名的内容；离线制作的可以事后再加。退出码 3：部分服务没有签发。"""
    settings = screen(ctx).settings()
    addresses = tuple(tsa or settings.evidence.tsa)
    if not addresses:
        raise NoAuthority
    roots_file = tsa_ca or (Path(settings.evidence.tsa_roots) if settings.evidence.tsa_roots else None)
    roots = tuple(read_roots(_read(roots_file))) if roots_file else ()
    house = screen(ctx).house(demo=demo) if recorded else None
    codes = []
    for path in files:
        done = stamp(path, addresses, roots, exchanging(settings.evidence.internal_hosts), house, by)
        for address, told in done.stamps:
            checked = "" if told.checked else "；没有给出根证书，签发机构未核验"
            say(f"{path.name}：{address} {shanghai(told.at):%Y-%m-%d %H:%M:%S}（北京时间）{checked}")
        for address, why in done.failed:
            say(f"{path.name}：{address} 未取得：{why}", style="red")
        if done.stamps and house is not None and not done.recorded:
            say(f"{path.name}：本机库中没有这个证据包，时间戳只写在文件里")
        codes.append(0 if not done.failed else 3 if done.stamps else 1)
    raise typer.Exit(next(code for code in (1, 3, 0) if code in codes))


def export(
    ctx: typer.Context,
    leads: Annotated[list[str] | None, typer.Argument(metavar="LEAD…", help="线索的编号或 id；缺省按日期。")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="这一天起制作的（北京时间）。")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="到这一天止（含）。")] = None,
    out: Annotated[Path, typer.Option(help="写到哪个文件夹。")] = Path(),
    by: Annotated[str, typer.Option("--by", help="谁导出的（记入保管链和审计链）。")] = "命令行",
    receiver: Annotated[str, typer.Option("--receiver", help="移交给谁（单位、姓名）；写明即记为移交。")] = "",
    basis: Annotated[str, typer.Option("--basis", help="移交的文号或事由。")] = "",
    as_json: JsonLines = False,
    demo: Demo = False,
) -> None:
    """导出已制作的证据包（连同后来取得的时间戳）和校验值清单，供移交；每一个都记入保管链。"""
    house = screen(ctx).house(demo=demo)
    if not leads and since is None and until is None:
        raise NothingNamed
    with transaction(house.engine) as conn:
        if leads:
            ids = [_lead_id(conn, name) for name in leads]
            issued = packages.issued(conn, lead_ids=ids)
        else:
            issued = packages.issued_between(conn, _midnight(since), _midnight(until, days=1))
    order = Order(folder=out, by=by, at=now(), to=receiver, basis=basis)
    listed = []
    for path in hand_over(house.engine, house.store, issued, order):
        listed.append(f"{_sha256(path)}  {path.name}\n")
        if as_json:
            print_json({"path": str(path), "sha256": listed[-1].split()[0]})
        else:
            say(f"已写 {path}")
    sums = out / f"SHA256SUMS-{shanghai(order.at):%Y%m%d%H%M%S}"
    sums.write_text("".join(listed), "utf-8")
    say(f"共 {len(listed)} 个证据包，校验值清单 {sums}" + (f"，已记为移交 {receiver}" if receiver else ""))


def sweep(
    ctx: typer.Context,
    hours: Annotated[int, typer.Option(min=1, help="只清理存入已满这么多小时的。")] = 24,
    demo: Demo = False,
) -> None:
    """清理证据目录中没有任何记录引用的文件，以及中断留下的临时文件；有记录引用的一概不动。"""
    house = screen(ctx).house(demo=demo)

    def known(names: Iterable[str]) -> set[str]:
        asked = list(names)
        with transaction(house.engine) as conn:
            found = known_files(conn, asked)
        if len(asked) - len(found) > max(_FEW, len(found)):
            raise SweepRefused(f"{len(asked)} 个文件中只有 {len(found)} 个有记录")
        return found

    swept = house.store.sweep(known, older_than=timedelta(hours=hours), now=now())
    say(f"已清理无人引用的文件 {len(swept.orphans)} 个，临时文件 {swept.temporary} 个")


def key_new(ctx: typer.Context, as_json: AsJson = False, demo: Demo = False) -> None:
    """生成新的签名密钥（0600），此后的证据包用它签名；旧密钥签的证据包照常能核验。"""
    made = key_ring(screen(ctx).settings(), demo=demo).new(now())
    if as_json:
        print_json(_key(made, in_use=True))
        return
    say(f"已生成密钥 {made.id}，即日起使用。请运行 xunwang evidence key export 导出公钥，另行交付给将来核验的人。")


def key_list(ctx: typer.Context, as_json: JsonLines = False, demo: Demo = False) -> None:
    """列出签名密钥，使用中的在最后。"""
    keys = key_ring(screen(ctx).settings(), demo=demo).all()
    if as_json:
        for one in keys:
            print_json(_key(one, in_use=one is keys[-1]))
        return
    if not keys:
        say("还没有密钥：xunwang evidence key new 生成。")
        return
    table = Table("密钥", "生成时间（北京时间）", "状态")
    for one in keys:
        table.add_row(one.id, f"{shanghai(one.made_at):%Y-%m-%d %H:%M:%S}", "使用中" if one is keys[-1] else "已轮换")
    show(table)


def key_export(ctx: typer.Context, demo: Demo = False) -> None:
    """把全部公钥（PEM）写到标准输出，供核验时 --trust 使用。"""
    for one in key_ring(screen(ctx).settings(), demo=demo).all():
        typer.echo(f"# {one.id}  {one.made_at:%Y-%m-%dT%H:%M:%SZ}")
        typer.echo(one.public.decode(), nl=False)


def _wanted(name: str) -> tuple[str, int | None]:
    """A lead and a hit of it. Raises NotThere for what is neither."""
    lead, slash, hit = name.partition("/")
    if slash and not (hit.isascii() and hit.isdigit() and len(hit) < 19):
        raise NotThere(name)
    return lead, int(hit) if slash else None


def _lead_id(conn: Connection, name: str) -> int:
    found = packages.lead_named(conn, name)
    if found is None:
        raise NotThere(name)
    return found


def _midnight(day: datetime | None, *, days: int = 0) -> datetime | None:
    return day.replace(tzinfo=SHANGHAI) + timedelta(days=days) if day else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PathUnreadable(f"{path}：{error.strerror}") from error


def _issued(made: Issued, path: Path) -> dict[str, Any]:
    return {
        "number": made.number,
        "path": str(path),
        "lead": made.lead_id,
        "sha256": made.sha256,
        "manifest_sha256": made.manifest_sha256,
    }


def _key(key: Key, *, in_use: bool) -> dict[str, Any]:
    return {"id": key.id, "made_at": key.made_at.isoformat(), "in_use": in_use}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "package": verdict.package,
        "exit_code": verdict.exit_code,
        "number": verdict.number,
        "made_at": verdict.made_at,
        "demo": verdict.demo,
        "key": verdict.key,
        "trusted": verdict.trusted,
        "repacked": any(one.flaw is Flaw.REPACKED for one in verdict.findings),
        "manifest_sha256": verdict.manifest_sha256,
        "files": verdict.files,
        "bytes": verdict.bytes,
        "findings": [{"path": one.path, "flaw": one.flaw.name.lower(), "told": one.told or one.flaw.value}
                     for one in verdict.findings],
        "anchored": list(verdict.anchored),
        "timestamps": [{"path": one.path, "at": one.at.isoformat(), "checked": one.checked}
                       for one in verdict.stamps],
    }  # fmt: skip


def _tell(verdict: Verdict, *, pinned: bool) -> None:
    demo = "（演示数据）" if verdict.demo else ""
    if verdict.findings:
        say(f"{verdict.package}{demo}：与签发时不一致", style="red")
    else:
        say(f"{verdict.package}{demo}：与签名时一致，{verdict.files} 个文件 {verdict.bytes} 字节", style="green")
    for one in verdict.findings:
        say(f"  {one.path}：{one.flaw}{f'（{one.told}）' if one.told else ''}")
    if verdict.number:
        say(f"  {verdict.number}，制作于 {verdict.made_at}，清单 sha256 {verdict.manifest_sha256}")
    if verdict.key:
        unknown = "" if pinned else "；没有给出 --trust，只能说明自成一体，不能说明是谁签的"
        say(f"  签名密钥 {verdict.key}{unknown}")
    for token in verdict.stamps:
        checked = "已核验" if token.checked else "没有给出 --tsa-ca，签发机构未核验"
        say(f"  时间戳 {shanghai(token.at):%Y-%m-%d %H:%M:%S}（北京时间），{checked}")
    if not verdict.stamps:
        say("  没有时间戳")
    if verdict.anchored:
        say(f"  链首与留存的相符：{'、'.join(verdict.anchored)}")
