"""Write locks/*.txt anew from pyproject.toml: every dependency with its hashes, no index address."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links",
          "--no-annotate", "--no-header", "-q"]  # fmt: skip


def compile_lock(target: str, *wanted: str) -> None:
    """Resolve `wanted` into locks/<target>."""
    subprocess.run([UV, "pip", "compile", *COMMON, *wanted, "-o", f"locks/{target}"], cwd=ROOT, check=True)


def cut_installer() -> None:
    """Copy uv's own lines out of the development lock: what the setup script installs first."""
    lines = (ROOT / "locks/dev.txt").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("uv=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    (ROOT / "locks/installer.txt").write_text("\n".join(lines[start : end + 1]) + "\n")


if __name__ == "__main__":
    compile_lock("s3.txt", "pyproject.toml", "--extra", "s3")
    compile_lock("runtime.txt", "pyproject.toml", "-c", "locks/s3.txt")  # botocore wants an older dateutil
    compile_lock("dev.txt", "pyproject.toml", "--extra", "s3", "--group", "dev", "-c", "locks/s3.txt")
    compile_lock("bench.txt", "--group", "bench")
    compile_lock("learn.txt", "--group", "learn")
    compile_lock("archives.txt", "--group", "archives")
    cut_installer()
