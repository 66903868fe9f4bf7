"""What the house says when it cannot do what was asked: cause, remedy and a code, in two languages."""

from typing import ClassVar, Literal

Lang = Literal["zh", "en"]


class Fault(Exception):
    """操作没有完成。

    The operation was not completed.
    """

    # The docstring of each subclass is its message: first paragraph Chinese, second English.
    code: ClassVar[str] = "E-000"
    #: What the reader can do about it: (Chinese, English).
    remedy: ClassVar[tuple[str, str]] = ("", "")
    #: The exit code of the command line (DESIGN §11): 1 failed, 2 usage, 3 degraded, 4 nothing to do.
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str = "") -> None:
        """`detail` is what this very case adds: a file, a cell, a key. Shown as it is, in either language."""
        super().__init__(detail)
        self.detail = detail

    def message(self, lang: Lang = "zh") -> str:
        """Cause, detail, remedy and code, in `lang`."""
        chinese, _, english = (type(self).__doc__ or "").strip().partition("\n\n")
        cause = " ".join((chinese if lang == "zh" else english or chinese).split())
        remedy = self.remedy[0 if lang == "zh" else 1]
        lines = [cause, self.detail, remedy]
        return "\n".join(line for line in lines if line) + f" [{self.code}]"

    def told(self, lang: Lang = "zh") -> tuple[str, ...]:
        """Cause, detail and remedy, without the code: what a page shows, which has no use for it."""
        return tuple(self.message(lang).removesuffix(f" [{self.code}]").split("\n"))

    def __str__(self) -> str:
        return self.message("zh")
