"""Documentation as a tested artefact: what the program has, the pages name."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import typer
from pydantic import BaseModel

from alerts.channels import Channel
from crawler import definitions, platform_table
from keywords import builtin
from ops import cli
from ops.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def every_command(command: object = None, words: tuple[str, ...] = ()) -> list[str]:
    children = getattr(command, "commands", None) if command else cli.every_command()
    if children is None:
        return [" ".join(words)]
    return [name for word, child in children.items() for name in every_command(child, (*words, word))]


def test_the_written_pages_are_what_the_program_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_has_a_line_and_a_help_text() -> None:
    names = every_command()
    assert len(names) > 25
    text = page("commands.md")
    for name in names:
        [line] = re.findall(rf"^\| `{re.escape(name)}` \| (.*)$", text, re.MULTILINE)
        assert re.match("[一-鿿]", line), f"{name} has no help"


def test_the_table_of_contents_is_whole() -> None:
    for file in {file for file, _ in cli.CONTENTS.values()}:
        part = typer.Typer()
        importlib.import_module(f"ops.commands.{file}").register(part)
        there = {name for name, (written, _) in cli.CONTENTS.items() if written == file}
        assert set(typer.main.get_group(part).commands) == there


def test_the_contract_of_this_issue_is_kept() -> None:
    """The commands that the first issue promises (DESIGN §11)."""
    promised = {"demo", "init", "up", "scan", "extract", "assess", "rematch", "import", "intake", "serve", "worker"}
    promised |= {"schedule", "doctor", "bench", "platform list", "leads list", "leads show", "leads export"}
    promised |= {"lexicon lint", "lexicon test", "lexicon import", "audit verify", "report build", "digest send"}
    promised |= {"alerts test", "user add", "db migrate"}
    assert not promised - set(every_command())


def test_every_setting_stands_in_the_default_file() -> None:
    default = tomllib.loads((ROOT / "ops" / "xunwang.default.toml").read_text("utf-8"))
    text = (ROOT / "ops" / "xunwang.default.toml").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert re.search(rf"^(# )?{name} =|^\[{name}\]", text, re.MULTILINE), name
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            assert set(default[name]) == set(kind.model_fields), name


def test_every_category_has_a_line() -> None:
    words = builtin()
    text = page("lexicon.md")
    assert len(words.categories) > 20
    for category in words.categories:
        assert f"| `{category.key}` | {category.name} |" in text


def test_every_channel_has_a_line() -> None:
    text = page("operating.md")
    kinds = get_args(Channel)
    assert len(kinds) >= 3
    for kind in kinds:
        assert f"| `{kind.__name__}` |" in text


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readmes_platforms_are_the_definitions(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert platform_table() in text
    assert all(f"`{key}`" in text for key in definitions())


def test_links_between_the_pages_lead_somewhere() -> None:
    for source in [*ROOT.glob("README*.md"), *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", source.read_text("utf-8")):
            assert (source.parent / target).exists(), f"{source.name}: {target}"


def test_the_pages_name_no_command_that_does_not_exist() -> None:
    names = set(every_command())
    groups = {name.rpartition(" ")[0] for name in names if " " in name}
    groups |= {group.split()[0] for group in groups}
    for source in [*ROOT.glob("README*.md"), *DOCS.glob("*.md")]:
        for said in re.findall(r"`xunwang ([a-z]+(?: [a-z]+){0,2})", source.read_text("utf-8")):
            words = said.split()
            tries = {" ".join(words[:count]) for count in (1, 2, 3)}
            assert tries & names - groups, f"{source.name}: xunwang {said}"


def test_the_map_names_every_room() -> None:
    text = page("README.md")
    rooms = ["records", "keywords", "crawler", "evidence", "pipelines", "db", "alerts"]
    rooms += ["reports", "console", "ops", "demo"]
    assert all(f"`{room}/`" in text for room in rooms)
