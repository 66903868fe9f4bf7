"""The chains on the command line: is what was written down still what was written down?"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from db import audit, custody
from db.chain import Chain, Head, Verdict
from db.engine import Connection, transaction
from ops.commands.options import AsJson, Demo
from ops.screen import print_json, say, screen
from records import SHANGHAI, Fault

_CHAINS = {"审计链": audit.CHAIN, "保管链": custody.CHAIN}
_HEAD = re.compile(r"(审计链|保管链)|(?<![0-9a-f])(\d{1,18})[:：]\s*([0-9a-f]{64})(?![0-9a-f])")
_DAY = ["%Y-%m-%d"]

From = Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="从这一天起（北京时间）；缺省为最初。")]
To = Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="到这一天止（含）；缺省为最新。")]
Anchors = Annotated[
    Path | None,
    typer.Option("--anchor", help="库外留存的链首：晨报原文或每行一个 序号:校验值，可另写“审计链”“保管链”。"),
]


class AuditBroken(Fault):
    """审计链或保管链不完整：有记录被改动、删除、插入、截断或替换。

    The audit or custody chain is broken: a row was changed, removed or put in, or the end was cut off.
    """

    code = "E-OPS-051"
    remedy = (
        "请立即保全数据库与日志，并与每日晨报中公布的链首核对。",
        "Preserve the database and the logs at once and compare with the heads printed in the daily digests.",
    )


class AnchorsUnreadable(Fault):
    """没有从文件中读到链首。

    No head of a chain was found in the file.
    """

    code = "E-OPS-084"
    remedy = (
        "每行写作 审计链 序号:校验值（64 位十六进制），或直接保存晨报原文。",
        "Write one head a line as SEQ:HASH (64 hex digits), or save the digest as it came.",
    )
    exit_code = 2


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    chains = typer.Typer(help="审计链与保管链。", no_args_is_help=True)
    chains.command("verify")(verify)
    app.add_typer(chains, name="audit")


def verify(
    ctx: typer.Context,
    since: From = None,
    until: To = None,
    anchor: Anchors = None,
    as_json: AsJson = False,
    demo: Demo = False,
) -> None:
    """检查审计链与保管链：逐条核对校验值和衔接、链的起点、库外留存的链首。链尾是否被截断，只有链首能说明。"""
    told = read_heads(anchor) if anchor else {}
    house = screen(ctx).house(demo=demo)
    start = since.replace(tzinfo=SHANGHAI) if since else None
    end = until.replace(tzinfo=SHANGHAI) + timedelta(days=1) if until else None
    with transaction(house.engine) as conn:
        found = {name: _checked(conn, chain, told.get(name, []), start, end) for name, chain in _CHAINS.items()}
    if as_json:
        print_json({name: _plain(verdict) for name, verdict in found.items()})
    broken = [f"{name}第 {one.at} 条：{one.flaw}" for name, one in found.items() if one.flaw is not None]
    if broken:
        raise AuditBroken("\n".join(broken))
    for name, one in found.items():
        anchored = f"，与 {len(told[name])} 个留存的链首相符" if told.get(name) else "，没有给出留存的链首"
        say(f"{name}完整：{one.rows} 条，链首 {one.head.seq}:{one.head.hash}{anchored}")


def read_heads(path: Path) -> dict[str, list[Head]]:
    """The heads in a file, by the chain named before them in their line; without a name they are the audit's.

    Raises AnchorsUnreadable for none.
    """
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise AnchorsUnreadable(f"{path}：{error.strerror}") from error
    heads: dict[str, list[Head]] = {}
    for line in text.splitlines():
        chain = "审计链"
        for name, seq, value in _HEAD.findall(line):
            chain = name or chain
            if value:
                heads.setdefault(chain, []).append(Head(seq=int(seq), hash=value))
    if not heads:
        raise AnchorsUnreadable(str(path))
    return heads


def heads_told(path: Path) -> dict[tuple[str, int], frozenset[str]]:
    """The same heads as a verifier of packages takes them. Raises AnchorsUnreadable."""
    told: dict[tuple[str, int], frozenset[str]] = {}
    for name, heads in read_heads(path).items():
        for head in heads:
            place = (_CHAINS[name].table.name, head.seq)
            told[place] = told.get(place, frozenset()) | {head.hash}
    return told


def _checked(
    conn: Connection, chain: Chain, told: list[Head], since: datetime | None, until: datetime | None
) -> Verdict:
    first, last = chain.between(conn, since, until)
    return chain.verify(conn, told, first=first, last=last)


def _plain(verdict: Verdict) -> dict[str, object]:
    return {
        "sound": verdict.sound,
        "rows": verdict.rows,
        "seq": verdict.head.seq,
        "hash": verdict.head.hash,
        "flaw": verdict.flaw.name.lower() if verdict.flaw else None,
        "at": verdict.at,
    }
