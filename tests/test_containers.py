"""docker-compose.yml and the Dockerfile held against the code: no engine is needed to see them go stale."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from ops.cli import app
from ops.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def stages() -> dict[str, str]:
    found = re.split(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return {found[i + 1]: found[i + 2] for i in range(1, len(found), 3)}


def test_every_process_of_the_house_has_its_service() -> None:
    assert {"console", "worker", "clock"} == set(OURS)
    assert "postgres" in SERVICES


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_exist(name: str) -> None:
    assert OURS[name]["command"][0] in get_command(app).commands  # type: ignore[attr-defined]
    assert OURS[name]["build"]["target"] in stages()


@pytest.mark.parametrize("name", sorted(OURS))
def test_variables_are_settings(name: str) -> None:
    fields = Settings.model_fields
    for variable in OURS[name]["environment"]:
        if variable == "DATABASE_URL":
            continue
        assert variable.startswith("XUNWANG_")
        part, _, item = variable.removeprefix("XUNWANG_").lower().partition("__")
        assert part in fields
        assert not item or item in fields[part].annotation.model_fields  # type: ignore[union-attr]


def test_ports_agree() -> None:
    port = str(Settings.model_fields["console"].default.port)
    assert f"EXPOSE {port}" in DOCKERFILE
    assert f"console:{port}" in SERVICES["tls"]["command"]
    assert all(str(p).startswith("127.0.0.1:") for s in SERVICES.values() for p in s.get("ports", []))


def test_no_password_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert re.findall(r"\$\{POSTGRES_PASSWORD[^}]*\}", text)
    assert all(":?" in use for use in re.findall(r"\$\{POSTGRES_PASSWORD[^}]*\}", text))


def test_images_run_as_nobody_special_and_install_from_the_locks() -> None:
    assert stages()["house"].rstrip().endswith('CMD ["serve"]') and "USER xunwang" in stages()["house"]
    assert re.findall(r"^USER (\w+)$", stages()["browser"], re.MULTILINE)[-1] == "xunwang"
    assert DOCKERFILE.count("--require-hashes") == 2
    assert "chromium" in stages()["browser"] and "fonts-noto-cjk" in stages()["browser"]


def test_what_the_dockerfile_copies_exists() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
