"""What is wrong with this installation, and the command that mends it."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from crawler import BrowserSettings, find_chromium
from crawler.portrait import portrait
from db import evidence, leave, permits, purges, scans
from db.engine import transaction
from db.locks import holding
from egress import GuardDown
from egress.proof import FORBIDDEN, let_through
from keywords import Matcher
from ops.files import ENOUGH
from ops.files import raise_limit as files_allowed
from ops.house import House, open_house
from ops.retention import rules
from ops.scanning import end_abandoned
from ops.settings import Settings, names_this_machine
from records import Fault, Listing, now, shanghai, shanghai_date

#: Bytes that must be free where evidence is kept.
ENOUGH_DISK = 2 * 1024**3
#: Days before the last one of a decision or a session in which it is spoken of.
SOON = timedelta(days=7)
#: Evidence files that are hashed again, the latest ones.
_LOOKED_AT = 20
_WRITABLE = "请核对证据目录的属主与权限"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One item of the examination."""

    name: str
    ok: bool
    #: What was found.
    told: str
    #: What to do; empty when all is well.
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every item, in the order in which one needs the other. Never raises a Fault: a fault is a finding."""
    return list(_findings(settings))


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _python()
    yield _home(settings)
    yield _disk(settings)
    yield _open_files()
    yield _browser_files()
    yield _chromium(settings)
    yield _way_out(settings)
    house, finding = _database(settings)
    yield finding
    if house is not None:
        yield _evidence(house)
        yield _lexicon(house)
        yield _stopped(house)
        yield _permits(house)
        yield _last_night(house)
        yield _retention(house)
    told = shanghai(now()).strftime("%Y-%m-%d %H:%M:%S +08:00")
    yield Finding(name="时钟", ok=True, told=f"现在是 {told}，请与标准时间核对")


def _python() -> Finding:
    told = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        name="Python",
        ok=sys.version_info >= (3, 11),
        told=told,
        remedy="" if sys.version_info >= (3, 11) else "请安装 Python 3.11 或更新版本",
    )


def _home(settings: Settings) -> Finding:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        probe = settings.home / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as bad:
        return Finding(name="数据目录", ok=False, told=str(bad), remedy="请设置 XUNWANG_HOME 为可写的目录")
    return Finding(name="数据目录", ok=True, told=str(settings.home))


def _disk(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    enough = free >= ENOUGH_DISK
    return Finding(
        name="磁盘",
        ok=enough,
        told=f"剩余 {free / 1024**3:.1f} GiB",
        remedy="" if enough else "请清理磁盘或移动数据目录",
    )


def _browser_files() -> Finding:
    there = Path(str(files("console"))).joinpath("static", "vendor", "htmx.min.js").is_file()
    return Finding(
        name="网页文件",
        ok=there,
        told="齐全" if there else "缺少 static/vendor",
        remedy="" if there else "运行 make setup",
    )


def _open_files() -> Finding:
    allowed = files_allowed()
    ok = allowed >= ENOUGH
    remedy = (
        "" if ok else f"把 ulimit -n（systemd：LimitNOFILE）提高到 {4 * ENOUGH}；过低时浏览器与数据库连接会中途失败"
    )
    return Finding(name="可打开文件数", ok=ok, told=str(allowed), remedy=remedy)


def _chromium(settings: Settings) -> Finding:
    wanted = Path(settings.crawl.chromium) if settings.crawl.chromium else None
    try:
        found = find_chromium(BrowserSettings(executable=wanted))
        drawn = portrait(BrowserSettings(executable=wanted), "巡网 象牙 犀角 虎骨 穿山甲")
    except Fault as fault:
        return Finding(name="浏览器", ok=False, told=fault.message(), remedy=fault.remedy[0])
    return Finding(name="浏览器", ok=True, told=f"{found}（中文渲染 {len(drawn)} 字节）")


def _way_out(settings: Settings) -> Finding:
    """The egress guard starts, and refuses what it must; nothing of this machine is open to it for good."""
    try:
        wrong = let_through()
    except (Fault, OSError) as fault:
        told = fault.message() if isinstance(fault, Fault) else str(fault)
        return Finding(name="出口守卫", ok=False, told=told, remedy=GuardDown.remedy[0])
    if wrong:
        told = f"没有拒绝 {'、'.join(wrong)}"
        return Finding(name="出口守卫", ok=False, told=told, remedy="请停止采集（xunwang halt on）并报告这一缺陷")
    refused = f"已拒绝 {'、'.join(FORBIDDEN)}"
    if opened := [site for site in settings.crawl.sites.values() if names_this_machine(site)]:
        told = f"{refused}；但设置放行了本机的 {'、'.join(opened)}"
        return Finding(name="出口守卫", ok=False, told=told, remedy="正式使用前请从 crawl.sites 去掉本机地址")
    return Finding(name="出口守卫", ok=True, told=refused)


def _database(settings: Settings) -> tuple[House | None, Finding]:
    try:
        house = open_house(settings)
    except Fault as fault:
        return None, Finding(name="数据库", ok=False, told=fault.message(), remedy=fault.remedy[0])
    return house, Finding(
        name="数据库", ok=True, told="外部 PostgreSQL" if settings.database_url else "内置 PostgreSQL"
    )


def _evidence(house: House) -> Finding:
    """The store takes a file and gives it back, and what it was given last is still what it was."""
    with transaction(house.engine) as conn:
        latest = evidence.latest_files(conn, _LOOKED_AT)
    try:
        where = house.store.probe()
        harmed = [name for name in latest if not house.store.check(name)]
    except (Fault, OSError) as fault:
        told, remedy = (fault.message(), fault.remedy[0]) if isinstance(fault, Fault) else (str(fault), _WRITABLE)
        return Finding(name="证据存储", ok=False, told=told, remedy=remedy)
    if harmed:
        remedy = "请立即保全证据存储与日志，并从备份恢复这些文件"
        return Finding(name="证据存储", ok=False, told=f"缺失或已改变：{'、'.join(harmed)}", remedy=remedy)
    return Finding(name="证据存储", ok=True, told=f"{where}，可读写；最近 {len(latest)} 个文件校验值相符")


def _lexicon(house: House) -> Finding:
    """The lexicon loads and still finds what it must (FAULTS K7)."""
    lexicon = house.lexicon()
    proof = Listing(platform="doctor", item_id="1", url="", title="出一条老象牙手串 108颗 网纹清晰 包真 加微信")
    hit = Matcher(lexicon).assess(proof).level.is_hit
    return Finding(
        name="词库", ok=hit, told=f"{lexicon.version}，{len(lexicon.categories)} 类",
        remedy="" if hit else "词库没有命中自检文本：请回滚词库版本",
    )  # fmt: skip


def _last_night(house: House) -> Finding:
    end_abandoned(house)
    with transaction(house.engine) as conn:
        last = scans.latest(conn, 1, kind="nightly")
    if not last:
        return Finding(name="昨夜", ok=True, told="还没有夜间监测")
    told = f"{last[0].planned_for} {last[0].status}"
    ok = last[0].status in ("正常", "运行中")
    return Finding(name="昨夜", ok=ok, told=told, remedy="" if ok else "在控制台的监测页查看每个检索任务的结果")


def _retention(house: House) -> Finding:
    """The purge has run within two days, or there was nothing for it to do."""
    with transaction(house.engine) as conn:
        due = sum(one.due for one in rules(conn, house.settings.retention, now()))
        last, held = purges.latest(conn), purges.held(conn)
    ended = last[0].finished_at if last else None
    told = f"现在到期 {due}，依法保留 {held} 项，最近一次清除 "
    told += f"{shanghai(ended):%Y-%m-%d %H:%M}" if ended else "没有" if not last else "未做完"
    ok = not due or (ended is not None and now() - ended < timedelta(days=2))
    remedy = "" if ok else "时钟（xunwang schedule 或 up）每天清除；也可运行 xunwang retention run"
    return Finding(name="保存期限", ok=ok, told=told, remedy=remedy)


def _stopped(house: House) -> Finding:
    with transaction(house.engine) as conn:
        halted = leave.halted(conn)
    if halted is None:
        return Finding(name="采集", ok=True, told="没有叫停")
    return Finding(name="采集", ok=False, told=halted.sentence, remedy="事由消除后运行 xunwang halt off 恢复")


def _permits(house: House) -> Finding:
    """Decisions and sessions that end within days, sessions past their end, and those that a slice has outlived."""
    soon = shanghai_date(now()) + SOON
    with transaction(house.engine) as conn:
        lifted = [one for one in permits.in_force(conn, [], now()) if one.until and one.until <= soon]
        ending = [one for one in permits.sessions(conn) if one.revoked_at is None and one.until <= soon]
        outlived = permits.outlived(conn)
    told = [f"{one.platform}：{one.sentence}" for one in lifted]
    told += [f"{one.platform}：{one.name}" for one in ending]
    told += [
        f"{one.platform}：会话 {one.id} 已收回，仍在运行的一段监测中使用"
        for one in outlived
        if _runs(house, one.platform)
    ]
    if not told:
        return Finding(name="决定与会话", ok=True, told="没有即将到期的")
    remedy = (
        "到期前重新决定或提供（xunwang platform robots allow、platform login），不再需要的收回；"
        "已收回而仍在使用的，xunwang halt on 即停"
    )
    return Finding(name="决定与会话", ok=False, told="；".join(told), remedy=remedy)


def _runs(house: House, platform: str) -> bool:
    with holding(house.engine, f"platform:{platform}", wait=False) as free:
        return not free
