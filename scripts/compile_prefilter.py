"""Compiles keywords/_prefilter.pyx where there is a C compiler; `make setup` and the image run it.

Does nothing where it was compiled from the source as it is. Without a compiler, or Python's headers, it says so and all
works as before, only slower.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from keywords.prefilter import INCLUDED, SOURCE, built_from, source_hash

#: How the linker is told to make a library that Python loads.
SHARED = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
WITHOUT = "匹配器照样能用，只是慢些 / the matcher works all the same, only slower\n"
TARGET = SOURCE.with_name(f"{SOURCE.stem}{SUFFIX}")


def compiler() -> list[str] | None:
    """The machine's C compiler: what CC says, what built Python, or the usual names."""
    asked = os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang"
    for command in (shlex.split(one) for one in asked if one):
        if command and shutil.which(command[0]):
            return command
    return None


def compile_into(folder: Path, command: list[str]) -> Path:
    """The library, in `folder`. Raises CalledProcessError where it cannot be made."""
    source, written, library = folder / SOURCE.name, folder / "prefilter.c", folder / TARGET.name
    named = f'\nBUILT_FROM = "{source_hash()}"\n'
    source.write_text(SOURCE.read_text(encoding="utf-8") + named, encoding="utf-8")
    shutil.copy(INCLUDED, folder)
    cython = [sys.executable, "-m", "cython", "-3", "--module-name", f"keywords.{SOURCE.stem}"]
    subprocess.run([*cython, source, "-o", written], check=True, cwd=folder)
    headers = [f"-I{sysconfig.get_path(name)}" for name in ("include", "platinclude")]
    quick = ["-O2", "-fPIC", *SHARED, "-w", "-DNDEBUG", "-fwrapv"]
    subprocess.run([*command, *quick, *headers, written, "-o", library], check=True, cwd=folder)
    return library


def main() -> None:
    """Compile it whole or not at all."""
    if built_from() == source_hash():
        return
    command = compiler()
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if command is None or not headers.exists():
        sys.stderr.write("没有 C 编译器或 Python 头文件 / no C compiler or Python headers\n" + WITHOUT)
        return
    try:
        with tempfile.TemporaryDirectory(dir=TARGET.parent) as folder:
            compile_into(Path(folder), command).replace(TARGET)
    except subprocess.CalledProcessError as refused:
        sys.stderr.write(f"编译未成 / not compiled: {refused}\n" + WITHOUT)


if __name__ == "__main__":
    main()
