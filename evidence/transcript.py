"""《电子数据提取笔录》: the transcript of an extraction that two named officers attended and both confirmed.

Made from the facts of such an extraction alone, as the manifest has them (`facts["extraction"]`); a package without
them has none (`evidence.package`). Its form follows what the rules ask of 网络在线提取: by what right, who, where,
when, what address and how it was reached, with what tools in what surroundings, each step, the result with its
digests, and the lines that are signed by hand. The same sheet becomes Word and PDF as 自动采集记录 does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evidence.record_sheet import Sheet, Table, fact, named, told
from records import Fault

TITLE: Final = "电子数据提取笔录"
#: How every file of it in a package begins.
PATH: Final = f"record/{TITLE}"
NOTICE: Final = (
    "本笔录由下列两名执法人员在场、经监测系统引导完成网络在线提取后，按系统逐步记录的事项生成；经执法人员核对并签名后使用。"
    "完整性校验值证明电子数据自提取之后未被改动，不证明网页内容本身真实。"
)
_OFFICERS: Final = 2


class Unattended(Fault):
    """没有两名执法人员在场并确认的提取记录，不能生成《电子数据提取笔录》。

    Without an extraction attended and confirmed by two officers there is no transcript.
    """

    code = "E-EVIDENCE-032"
    remedy = (
        "请在控制台的线索页面进行“网络在线提取”，由两名执法人员完成并确认。",
        "Lead two officers through an extraction on the lead's page in the console, and have both confirm it.",
    )


def check_attended(facts: Mapping[str, Any]) -> None:
    """Raises Unattended unless the manifest's `facts` tell of two different officers who both confirmed."""
    session = facts.get("extraction")
    session = session if isinstance(session, Mapping) else {}
    officers = {one["account"]: one for one in session.get("officers", ()) if one["name"] and one["badge"]}
    confirmed = {one["account"] for one in session.get("confirmed", ())}
    if len(officers) != _OFFICERS or confirmed != set(officers) or not session.get("files"):
        raise Unattended


def transcript_of(facts: Mapping[str, Any]) -> Sheet:
    """The sheet of a package's extraction. Raises Unattended."""
    check_attended(facts)
    session = facts["extraction"]
    [capture] = [one for one in facts["captures"] if one.get("extraction") == session["number"]]
    tables = (
        _about(facts, session),
        Table(heading="提取对象", rows=_facts(session, capture, _OBJECT)),
        Table(heading="网络环境、清洁性检查与时间校对", rows=_facts(session, capture, _ENVIRONMENT)),
        Table(heading="提取方法与工具", rows=_facts(session, capture, _METHOD)),
        Table(heading="提取步骤", columns=("时间（北京时间）", "操作人", "操作"), rows=_steps(session), kind="steps"),
        Table(heading="提取结果及完整性校验值", columns=("文件", "字节", "校验值"), rows=_files(session), kind="list"),
        Table(heading="核对与说明", rows=_checked(session, capture)),
    )
    return Sheet(
        title=TITLE,
        number=str(session["number"]),
        demo=bool(facts.get("demo")),
        notice=NOTICE,
        tables=tables,
        blanks=_blanks(session),
    )


def _about(facts: Mapping[str, Any], session: Mapping[str, Any]) -> Table:
    lead = facts["lead"]
    first, second = (f"{one['name']}　执法证号 {one['badge']}\n{one['unit']}" for one in session["officers"])
    rows = (
        ("证据包编号", facts["number"]),
        ("案由（线索）", f"{told(lead['number'])}　{lead['title']}"),
        ("案件编号", session["case_number"]),
        ("提取依据", session["basis"]),
        ("开始时间", session["began"]),
        ("结束时间", session["ended"]),
        ("提取地点", session["place"]),
        ("执法人员（一）", first),
        ("执法人员（二）", second),
        ("见证人／持有人", session["witness"]),
        ("辖区", facts["district"]["name"]),
    )
    return Table(heading="基本情况", rows=named(rows))


def _facts(
    session: Mapping[str, Any], capture: Mapping[str, Any], names: Sequence[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    both = {**capture, "at": session["environment"], "session": session}
    return named((label, fact(both, path)) for label, path in names)


def _steps(session: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (told(one["at"]["beijing"]).partition("+")[0].replace("T", " "), str(one["who"]), str(one["told"]))
        for one in session["steps"]
    )


def _files(session: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (f"{one['path']}\n{one['name']}", str(one["bytes"]), f"SHA-256 {one['sha256']}\nSM3 {one['sm3']}")
        for one in session["files"]
    )


def _checked(session: Mapping[str, Any], capture: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    confirmed = "\n".join(
        f"{one['name']}（账号 {one['account']}）凭本人口令确认：\n{told(one['at'])}" for one in session["confirmed"]
    )
    return named(
        (
            ("执法人员确认", confirmed),
            ("缺失与异常", capture["gaps"]),
            ("正文说明", capture["bodies"]),
            ("校验方法", "sha256sum -c SHA256SUMS；签名与时间戳的核验方法见证据包内 verify/README.txt"),
        )
    )


def _blanks(session: Mapping[str, Any]) -> tuple[str, ...]:
    witness = session["witness"]
    line = "　" * 12
    signed = [f"执法人员（签名）：{line}执法证号：{one['badge']}" for one in session["officers"]]
    if witness.get("类别") in ("见证人", "持有人"):
        signed.append(f"{witness['类别']}（签名）：{line}")
    return (*signed, "　" * 18 + "年　　月　　日")


_OBJECT: Final = (
    ("平台", "source.platform"), ("网址", "session.url"), ("最终网址", "source.final_url"),
    ("跳转", "source.redirects"), ("进入步骤", "session.entry"),
    ("商品编号", "source.item_id"), ("商品标题", "title"), ("标价", "price_text"),
    ("发布者", "session.seller"), ("页面状态", "session.page"), ("目标服务器地址", "source.peer"),
)  # fmt: skip
_ENVIRONMENT: Final = (
    ("时间校对", "at.clock"), ("服务器 Date", "time.server_date"), ("网络出口地址", "at.exit_address"),
    ("本机网络地址", "at.local_address"), ("域名解析", "source.resolver"), ("主机", "at.machine.host"),
    ("操作系统", "at.machine.system"), ("操作终端屏幕", "at.screen"), ("操作终端浏览器", "at.terminal"),
    ("清洁性检查", "at.cleanliness"), ("hosts 文件", "environment.hosts_file_sha256"),
)  # fmt: skip
_METHOD: Final = (
    ("方法", "method.told"), ("程序", "method.programs"), ("程序提交号", "method.commit"),
    ("浏览器", "method.chromium"), ("视口", "method.viewport"), ("身份标识", "method.user_agent"),
    ("访问方式", "method.proxy"), ("robots.txt", "method.robots"), ("访问频率", "method.rate"),
    ("采集开始", "time.start"), ("采集结束", "time.end"),
)  # fmt: skip
