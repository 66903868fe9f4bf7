"""How a query ends early, and the two faults of this room's going-out half."""

from typing import ClassVar

from records import Fault, Outcome


class QueryEnd(Exception):
    """Raised where a query, or one detail of it, can go no further: its outcome and one Chinese sentence."""

    def __init__(self, outcome: Outcome, note: str) -> None:
        super().__init__(note)
        self.outcome = outcome
        self.note = note

    @property
    def is_wall(self) -> bool:
        """True where the platform shut us out, so that asking on would be impolite."""
        return self.outcome in (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED)

    @property
    def closes_details(self) -> bool:
        """True where the next detail would end the same way: a wall, or a limit of ours that is used up."""
        return self.is_wall or self.outcome in (Outcome.BUDGET_SPENT, Outcome.NOT_RUN)


class ListLost(QueryEnd):
    """Raised where the browser died under a list; the page may be as well as ever, so it is worth another try."""


class NoBrowser(Fault):
    """没有找到可用的 Chromium 浏览器。

    No usable Chromium was found.
    """

    code: ClassVar[str] = "E-CRAWLER-111"
    remedy: ClassVar[tuple[str, str]] = (
        "请安装（Debian/Ubuntu：apt-get install -y chromium fonts-noto-cjk），"
        "或用 XUNWANG_CHROMIUM 指明浏览器程序的位置。",
        "Install one (Debian/Ubuntu: apt-get install -y chromium fonts-noto-cjk) "
        "or name its program in XUNWANG_CHROMIUM.",
    )


class Interrupted(Fault):
    """巡查在完成全部检索之前被中止。

    The patrol was stopped before all of its queries had ended.
    """

    code: ClassVar[str] = "E-CRAWLER-112"
    remedy: ClassVar[tuple[str, str]] = (
        "重新运行即可：已完成的检索不会重做。",
        "Run it again: queries that ended are not repeated.",
    )


class NoDisplay(Fault):
    """这台机器没有图形界面（或只装了无界面的浏览器），打不开看得见的浏览器窗口。

    This machine has no display, or only a browser without windows: no visible browser can be opened.
    """

    code: ClassVar[str] = "E-CRAWLER-113"
    remedy: ClassVar[tuple[str, str]] = (
        "请在有桌面、装有完整 Chromium 或 Chrome 的机器上运行（同一个 DATABASE_URL，密钥目录 secrets 相同）。",
        "Run it on a machine with a desktop and a full Chromium or Chrome (same DATABASE_URL, same secrets folder).",
    )


class LoginBroken(Fault):
    """浏览器窗口在确认之前被关闭，或平台打不开；没有保存任何内容。

    The window was closed before the login was confirmed, or the platform did not open; nothing was saved.
    """

    code: ClassVar[str] = "E-CRAWLER-114"
    remedy: ClassVar[tuple[str, str]] = (
        "请重新运行，登录后不要关闭窗口，先回到命令行按回车。",
        "Run it again; after logging in, leave the window open and press Enter at the command line first.",
    )


class NotLoggedIn(Fault):
    """平台没有留下任何登录信息；没有保存任何内容。

    The platform left nothing to be recognised by; nothing was saved.
    """

    code: ClassVar[str] = "E-CRAWLER-115"
    remedy: ClassVar[tuple[str, str]] = (
        "请确认已用本单位账号登录成功，再回到命令行按回车。",
        "Make sure that the unit's account is logged in before you press Enter.",
    )
