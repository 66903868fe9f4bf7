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
