"""Facts of this machine and this program, for who writes down where something was made."""

import hashlib
import platform
import subprocess
from pathlib import Path
from typing import Any

from evidence.manifest import not_collected

_ROOT = Path(__file__).resolve().parent.parent
_HOSTS = Path("/etc/hosts")


def place() -> dict[str, Any]:
    """Host, system, commit and hosts file, each the fact itself or 未采集 with the reason."""
    try:
        hosts: Any = hashlib.sha256(_HOSTS.read_bytes()).hexdigest()
    except OSError as error:
        hosts = not_collected(f"hosts 文件读不出：{error.strerror}")
    return {
        "host": platform.node() or not_collected("主机没有名称"),
        "os": platform.platform(),
        "commit": commit() or not_collected("以安装包运行，不含提交号；版本号见 version"),
        "image_digest": not_collected("程序不知道自己是否在容器中运行"),
        "hosts_file_sha256": hosts,
    }


def commit() -> str:
    """The commit of the source tree this runs from; empty where it is an installed package."""
    if not (_ROOT / ".git").exists():
        return ""
    asked = ["git", "rev-parse", "HEAD"]
    try:
        told = subprocess.run(asked, cwd=_ROOT, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()
