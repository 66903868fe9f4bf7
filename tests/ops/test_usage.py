"""Calls that are wrong, in two languages; the version; and what a command must not pay for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.houses import ROOT, Place, place

#: Wrong call → what its Chinese must name.
WRONG = [
    (["no-such"], "没有命令 no-such"),
    (["scna"], "scan"),
    (["leads", "lst"], "list"),
    (["extract"], "缺少参数"),
    (["report", "build"], "缺少参数"),
    (["lexicon", "import", str(ROOT / "pyproject.toml")], "缺少选项 --note"),
    (["scan", "--max-pages", "-1"], "不能小于 0"),
    (["demo", "--port", "70000"], "不能大于 65535"),
    (["scan", "--max-pages", "x"], "应为整数"),
    (["scan", "--max-pages"], "缺少值"),
    (["scan", "--json=3"], "不带值"),
    (["scan", "--maxpages", "3"], "--max-pages"),
    (["worker", "-z"], "没有选项 -z"),
    (["leads", "list", "--state", "foo"], "不在可选值之中"),
    (["report", "build", "a.xlsx", "--until", "yesterday"], "YYYY-MM-DD"),
    (["import", "/nowhere"], "不存在"),
    (["import", "/tmp"], "是文件夹"),
    (["db", "status", "extra"], "多余的参数"),
    (["--lang", "fr", "platform", "list"], "--lang"),
    (["--config"], "缺少值"),
]


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return place(tmp_path, "postgresql://nobody@127.0.0.1:1/none")


@pytest.mark.parametrize(("words", "named"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_call_is_told_in_chinese(there: Place, words: list[str], named: str) -> None:
    said = there.xunwang(*words)
    assert (said.code, said.out) == (2, "")
    first, _, second = said.err.strip().partition("\n")
    assert first.startswith("命令用法有误：") and named in first
    # names of commands, options and values may stand in it, English sentences may not
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", first), first
    assert re.search(r"用法见 xunwang.* --help \[E-OPS-002\]$", second)


def test_and_in_english_where_that_is_asked_for(there: Place) -> None:
    said = there.xunwang("--lang", "en", "scan", "--max-pages", "-1")
    assert said.code == 2
    assert "greater than or equal to 0" in said.err and "--help" in said.err
    assert not re.search("[一-鿿]", said.err)


def test_a_group_without_a_command_shows_its_help(there: Place) -> None:
    said = there.xunwang("leads")
    assert said.code == 2
    assert "export" in said.out and "Traceback" not in said.err


def test_the_version_names_program_matcher_and_lexicon(there: Place) -> None:
    said = there.xunwang("--version")
    assert said.code == 0
    assert re.fullmatch(r"xunwang \d+\.\d+\.\d+  matcher \S+  lexicon builtin-[0-9a-f]{8}\n", said.out)


#: Command → packages that it has no business with.
HEAVY = {"scrapy", "playwright", "fastapi", "uvicorn", "alembic", "openpyxl", "procrastinate", "apscheduler"}
SPARED = {
    "--help": HEAVY | {"sqlalchemy", "psycopg", "lxml", "pydantic_settings"},
    "--version": HEAVY | {"sqlalchemy", "psycopg", "lxml"},
    "leads list --help": HEAVY,
    "assess --help": HEAVY | {"psycopg_pool"},
    "db status --help": HEAVY,
    "scan --help": HEAVY,
}


@pytest.mark.parametrize("words", list(SPARED))
def test_a_command_imports_what_it_needs(words: str) -> None:
    script = (
        "import sys, atexit; sys.argv = ['xunwang', *sys.argv[1:]]\n"
        "atexit.register(lambda: print('\\nLOADED', *{name.partition('.')[0] for name in sys.modules}))\n"
        "from ops.cli import main; main()"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, *words.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert loaded & SPARED[words] == set()
