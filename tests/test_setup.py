"""`make setup` on a machine that lacks what only an administrator can install."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What the script itself runs, beside the prerequisites.
TOOLS = ("sh", "dirname", "id", "sed", "ls", "cat", "cksum", "printf")


def bare_machine(place: Path, *also: str) -> dict[str, str]:
    """An environment in which only the shell's tools and `also` are found."""
    folder = place / "bin"
    folder.mkdir()
    for name in (*TOOLS, *also):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return {"PATH": str(folder), "HOME": str(place)}


def run_setup(environment: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("sh") or "/bin/sh", "scripts/setup.sh"]
    return subprocess.run(command, cwd=ROOT, env=environment | more, capture_output=True, text=True, timeout=60)


def test_what_is_missing_is_named_with_the_command_to_run(tmp_path: Path) -> None:
    done = run_setup(bare_machine(tmp_path), PYTHON="/nowhere/python3")
    assert done.returncode == 1
    assert "sudo apt-get" in done.stderr
    command = next(line for line in done.stderr.splitlines() if "sudo apt-get" in line)
    for package in ("python3", "python3-venv", "npm", "chromium", "fonts-noto-cjk"):
        assert package in command.split()


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    environment = bare_machine(tmp_path)
    (Path(environment["PATH"]) / "npm").symlink_to("/bin/true")
    (Path(environment["PATH"]) / "chromium").symlink_to("/bin/true")
    done = run_setup(environment, PYTHON="/nowhere/python3")
    command = next(line for line in done.stderr.splitlines() if "sudo apt-get" in line)
    assert "npm" not in command.split() and "chromium" not in command.split()
    assert "python3" in command.split()


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    environment = bare_machine(tmp_path, "npm", "chromium", "fc-list")
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert run_setup(environment, PYTHON=str(old)).returncode == 1
