"""Facts of this machine and this program, as a package names them: the fact itself, or 未采集 with the reason."""

from typing import Any

from evidence.manifest import not_collected
from ops.settings import Settings
from ops.surroundings import machine

#: Name in a package → name in the surroundings of a capture, and why it may be missing.
_FACTS = {
    "host": ("host", "本机没有 machine-id"),
    "os": ("system", "系统没有名称"),
    "commit": ("commit", "以安装包运行，不含提交号；版本号见 version"),
    "image_digest": ("image", "没有设置 image；程序不知道自己是否在容器中运行"),
    "hosts_file_sha256": ("hosts_file", "hosts 文件读不出"),
}


def place(settings: Settings) -> dict[str, Any]:
    """Host, system, commit, image and hosts file of where a package is made."""
    facts = machine(settings)
    return {name: facts.get(fact) or not_collected(why) for name, (fact, why) in _FACTS.items()}
