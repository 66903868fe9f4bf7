"""What the reading half of the room refuses, and what to do about it."""

from records import Fault


class PlatformUnknown(Fault):
    """没有这个平台的定义。

    There is no definition of this platform.
    """

    code = "E-CRAWLER-101"
    remedy = (
        "用 xunwang platform list 查看已有平台，或给出一个 .yml 定义文件的路径（写法见 docs/adding-a-platform.md）。",
        "See `xunwang platform list`, or give the path of a .yml definition (docs/adding-a-platform.md).",
    )
    exit_code = 2


class DefinitionRefused(Fault):
    """平台定义文件有错，没有采用。

    The platform definition is faulty and was not taken.
    """

    code = "E-CRAWLER-102"
    remedy = (
        "按上面指出的键改正后重试；全部可用的键见 docs/adding-a-platform.md。",
        "Correct the keys named above and try again; docs/adding-a-platform.md lists every key.",
    )
    exit_code = 2


class PlatformCannot(Fault):
    """这个平台的定义里没有这样的入口。

    The definition of this platform has no such entrance.
    """

    code = "E-CRAWLER-103"
    remedy = (
        "换一个检索方式，或在定义里补上 search_url 或 browse。",
        "Ask in another way, or add search_url or browse to the definition.",
    )
    exit_code = 2


class PageFileRefused(Fault):
    """这个页面文件读不了。

    This page file cannot be read.
    """

    code = "E-CRAWLER-104"
    remedy = (
        "请给出一个不超过 64 MB 的 .html、.json 或 .js 页面文件。",
        "Give an .html, .json or .js page file of at most 64 MB.",
    )
    exit_code = 2
