"""The player of web archives: ReplayWeb.page, an optional part that is installed by hand and never shipped.

It is licensed under the AGPL, so it is no dependency: the person who runs the command takes it from npm, and its
licence lies beside it. Only the two files that run in browsers are kept, with the hash that npm gave at the time of
writing; another package under the same version is refused.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from records import Fault

NAME, VERSION = "replaywebpage", "2.4.6"
#: npm's integrity of that version: sha512, base64.
INTEGRITY = "uG50jESRld0p+fY7+nUxIWl7hvfimreNjSmaNkc/a9a8gBdmb7PH4J42Iib+vgk9KrHd0HLScVT++LgqV5fwpQ=="
FILES = ("ui.js", "sw.js", "LICENSE")
_LARGEST = 64 << 20
_SECONDS = 300


class PlayerRefused(Fault):
    """回放组件没有装上，原有的没有改动。

    The player was not installed; what was there is unchanged.
    """

    code = "E-OPS-090"
    remedy = (
        "需要 Node.js 18 或更新版本的 npm 和可用的软件源；内网可用 --file 指定另行取得的 replaywebpage-2.4.6.tgz。",
        "npm of Node.js 18 or newer and a registry are needed; offline, name a fetched package with --file.",
    )


def install(home: Path, package: Path | None = None) -> Path:
    """Puts the player into `home`, from npm or from the fetched `package`; its folder. Raises PlayerRefused."""
    with tempfile.TemporaryDirectory() as scratch:
        body = _read(package or _fetched(Path(scratch)))
        if base64.b64encode(hashlib.sha512(body).digest()).decode() != INTEGRITY:
            raise PlayerRefused("文件与预期的 sha512 不符，可能被换过")
        fresh = Path(scratch) / "player"
        _unpack(body, fresh)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        arriving = home / f"player.{os.getpid()}"
        shutil.copytree(fresh, arriving)
        shutil.rmtree(home / "player", ignore_errors=True)
        arriving.rename(home / "player")
    return home / "player"


def installed(home: Path) -> Path | None:
    """The player's folder, whole; None where there is none."""
    folder = home / "player"
    return folder if all((folder / name).is_file() for name in FILES) else None


def remove(home: Path) -> bool:
    """False where there was none."""
    there = (home / "player").exists()
    shutil.rmtree(home / "player", ignore_errors=True)
    return there


def _fetched(scratch: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise PlayerRefused("没有找到 npm")
    words = [npm, "pack", f"{NAME}@{VERSION}", "--ignore-scripts", "--pack-destination", str(scratch)]
    try:
        ended = subprocess.run(words, cwd=scratch, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise PlayerRefused("npm 没有在五分钟内完成") from None
    if ended.returncode:
        raise PlayerRefused((ended.stderr.strip().splitlines() or ["npm 失败"])[-1][:200])
    return scratch / f"{NAME}-{VERSION}.tgz"


def _read(package: Path) -> bytes:
    try:
        with package.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as fault:
        raise PlayerRefused(f"{package}：{fault.strerror}") from fault


def _unpack(body: bytes, folder: Path) -> None:
    """The wanted files alone, by their content: no path of the package becomes one of ours."""
    folder.mkdir(mode=0o700)
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            for name in FILES:
                member = archive.extractfile(f"package/{name}")
                if member is None:
                    raise PlayerRefused(f"包中没有 {name}")
                (folder / name).write_bytes(member.read())
