"""Who may do what: every role and every capability, once. Routes name a capability (`console.access`), never a role."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from console.language import N_
from records import Fault

#: Exact paths that anybody may ask for.
PUBLIC = ("/login", "/language", "/healthz", "/readyz")
#: Our own scripts, styles and pictures; nothing that people or pages wrote.
PUBLIC_FOLDER = "/static/"


class Can(StrEnum):
    """A capability, as a person who lacks it is told."""

    #: Own password, signing out, the day's first page.
    SIGN_IN = N_("登录")
    LEADS = N_("查看线索")
    #: Stored files of a lead: pictures, pages, archives, replay.
    EVIDENCE = N_("查看和下载证据")
    #: Counts of what the account may see, as charts and tables.
    FIGURES = N_("查看统计分析")
    SCREEN = N_("初筛")
    #: 证照核验, 核查结论 and 处置 on the page of a lead.
    CONCLUDE = N_("核查与结论")
    #: Changing a verdict on whose grounds something was done already.
    REVISE = N_("处置后变更结论")
    #: On the lead's page and on paper: names and numbers as they are.
    UNMASK = N_("查看未遮盖的个人信息")
    #: How far first and second screenings agree.
    OVERSEE = N_("查看复核抽查结果")
    INTAKE = N_("新增线索")
    #: Evidence packages, and being an officer of an attended extraction.
    BIND = N_("制作证据包与网络在线提取")
    SCANS = N_("查看监测任务")
    RETENTION = N_("查看保存期限与依法保留")
    HOLD = N_("依法保留线索")
    SET_UP = N_("首次设置")
    AUDIT = N_("查看审计记录")
    ACCOUNTS = N_("管理账号")


class NotPermitted(Fault):
    """您没有权限进行这项操作。

    You may not do this.
    """

    code = "E-CONSOLE-040"
    remedy = ("如需开通，请联系本单位的系统管理员。", "An administrator of your office can grant it.")


_READS = {Can.LEADS, Can.EVIDENCE, Can.FIGURES}
_JUDGES = {*_READS, Can.SCREEN, Can.CONCLUDE, Can.UNMASK, Can.INTAKE, Can.BIND, Can.SCANS}

#: Accounts and leads are kept apart: who hands out passwords judges nothing, and who audits changes nothing.
_TABLE: dict[str, tuple[str, set[Can]]] = {
    "inspector": (N_("核查员"), _JUDGES),
    "analyst": (N_("词库员"), {*_READS, Can.SCANS}),
    "approver": (N_("审核"), {*_READS, Can.SCANS}),
    "operator": (N_("运维"), {Can.SCANS}),
    "head": (N_("科长"), {*_JUDGES, Can.REVISE, Can.OVERSEE, Can.RETENTION, Can.HOLD}),
    "district": (N_("区县账号"), _READS),
    "auditor": (N_("审计员"), {*_READS, Can.SCANS, Can.AUDIT, Can.OVERSEE, Can.RETENTION}),
    "admin": (N_("管理员"), {Can.SCANS, Can.ACCOUNTS, Can.SET_UP}),
}
ROLES = tuple(_TABLE)
ROLE_NAMES: Mapping[str, str] = MappingProxyType({role: name for role, (name, _) in _TABLE.items()})

#: Whose account may be bound to one district; an account of role district always is.
OF_DISTRICTS = ("inspector", "head", "district")


def is_public(path: str) -> bool:
    """True for what needs no sign-in. The path is compared whole, never in part."""
    return path in PUBLIC or path.startswith(PUBLIC_FOLDER)


def may(role: str, can: Can) -> bool:
    """True where the role has the capability; an unknown role has none but to sign in."""
    return can is Can.SIGN_IN or (role in _TABLE and can in _TABLE[role][1])


def holders(can: Can) -> list[str]:
    """The roles that have the capability, as people call them."""
    return [name for role, (name, _) in _TABLE.items() if may(role, can)]
