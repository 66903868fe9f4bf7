"""Which drills a run takes: all of them come round, none twice, and a misread SHARD is never a silent one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST, ONE_TOWN, ROOT, in_shard

FILES = [f"tests/acceptance/test_{name}.py" for name in ("kill", "titles", "night", "wheel", "disk")]

DRILLS = ["tests/acceptance/test_kill.py", "tests/acceptance/test_real_titles.py"]


def collected(shard: str) -> tuple[int, set[str]]:
    """Exit code and files of a collection of the drills in a run of its own."""
    command = [sys.executable, "-m", "pytest", "-m", "drill", "--collect-only", "-q", "-p", "no:cacheprovider", *DRILLS]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "SHARD": shard}, capture_output=True, text=True)
    return done.returncode, {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_the_shards_together_are_all_drills_and_share_none(count: int) -> None:
    shards = [in_shard(FILES, f"{index}/{count}") for index in range(count)]
    assert set().union(*shards) == set(FILES)
    assert sum(map(len, shards)) == len(FILES)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_shard_is_the_same_in_whatever_order_the_files_are_found() -> None:
    assert in_shard(FILES, "1/2") == in_shard(reversed(FILES), "1/2")


def test_all_is_all() -> None:
    assert in_shard(FILES, "all") == set(FILES)


@pytest.mark.parametrize("wrong", ["", "1", "2/2", "3/2", "-1/2", "1/0", "a/b", "0/", "/2", "1/2/3"])
def test_another_shard_is_refused(wrong: str) -> None:
    with pytest.raises(pytest.UsageError):
        in_shard(FILES, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(("shard", "taken"), [("all", DRILLS), ("1/2", DRILLS[1:]), ("2/3", [])])
def test_pytest_itself_takes_the_shard_from_the_environment(shard: str, taken: list[str]) -> None:
    assert collected(shard) == (0, set(taken))


@pytest.mark.slow
def test_pytest_itself_refuses_a_misread_shard() -> None:
    assert collected("2/2")[0] == pytest.ExitCode.USAGE_ERROR


def test_every_file_of_drills_has_its_turn_in_ci() -> None:
    others = set((ROOT / "tests").rglob("test_*.py")) - {Path(__file__)}
    drills = [path for path in others if "pytest.mark.drill" in path.read_text("utf-8")]
    assert 1 <= int((ROOT / ".ci" / "shards").read_text()) <= len(drills)


def test_one_worker_runs_a_file_whose_fixtures_it_has_made() -> None:
    files = ["tests/test_containers.py", "tests/keywords/test_papers.py"]
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    ran = {tuple(found) for found in re.findall(r"\[(gw\d)\] .*? PASSED (\S+?)::", done.stdout)}
    assert {file for _, file in ran} == set(files) and len(ran) == len(files), done.stdout


def test_the_files_that_share_a_town_are_those_that_ask_for_it() -> None:
    asked = re.compile(r"\b(?:opening|second|changed|busy)_night: Scanned")
    found = {str(file.relative_to(ROOT)) for file in ROOT.glob("tests/**/test_*.py") if asked.search(file.read_text())}
    assert found == set(ONE_TOWN)


def test_the_files_that_take_longest_stand_where_they_are_looked_for() -> None:
    assert [file for file in LONGEST if not (ROOT / file).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)
