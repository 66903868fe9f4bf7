"""House policy as tests: who may import whom, how big things may grow, what every part must carry along."""

import ast
import itertools
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent

#: Each room with the rooms it may import (DESIGN §2). Imports go down only; neighbours never meet.
MAY_IMPORT = {
    "records": set(),
    "keywords": {"records"},
    "egress": {"records"},
    "crawler": {"keywords", "records"},
    "evidence": {"keywords", "records"},
    "db": {"keywords", "records"},
    "pipelines": {"evidence", "db", "crawler", "keywords", "records"},
    "alerts": {"egress", "evidence", "db", "crawler", "keywords", "records"},
    "reports": {"evidence", "db", "crawler", "keywords", "records"},
    "console": {"alerts", "reports", "pipelines", "evidence", "db", "crawler", "keywords", "records"},
    "demo": {"records"},
}
MAY_IMPORT["ops"] = set(MAY_IMPORT) | {"ops"}

#: Libraries that one room keeps to itself, each with the rooms that may import it.
KEPT_IN = {
    "boto3": {"evidence"},
    "botocore": {"evidence"},
    "scrapy": {"crawler"},
    "scrapy_playwright": {"crawler"},
    "playwright": {"crawler"},
    "twisted": {"crawler"},
    "sqlalchemy": {"db"},
    "psycopg": {"db"},
    "alembic": {"db"},
    "jieba": {"keywords"},
    "ahocorasick_rs": {"keywords"},
    "babel": {"console"},
    "fastapi": {"console"},
    "starlette": {"console", "demo"},
    "typer": {"ops"},
    "rich": {"ops"},
    "apscheduler": {"ops"},
    "procrastinate": {"ops", "db"},  # db installs its schema
}

#: What can open a connection.
CONNECTS = re.compile(
    r"^\s*(import|from) (socket|ssl|httpx|httpcore|requests|aiohttp|urllib\.request|http\.client)\b"
    r"|^\s*(import|from) (ftplib|smtplib|ntplib|boto3|botocore)\b"
    r"|open_connection\(|create_connection\(|HTTP11DownloadHandler|chromium\.(launch|connect)",
    re.MULTILINE,
)
#: Who may (FAULTS C8): the guard, and those whose every connection is the guard's to decide or stays in the house.
MAY_CONNECT = {
    "egress/guard.py",
    "egress/proof.py",  # asks the guard itself
    "evidence/objects.py",  # the unit's own bucket, named in the settings: no page can name it
    "egress/dialling.py",  # finds the address for the alerts
    "ops/stamps.py",  # the same
    "alerts/channels.py",  # connects to the address that egress.dialling found
    "crawler/broken.py",  # is Scrapy's handler; Manners gives every request the proxy
    "crawler/visible.py",  # a person's window is told the guard too
    "crawler/chromium.py",  # every browser is told the guard, or reaches nothing
    "ops/surroundings.py",  # asks the unit's own time source for the time, by UDP: no page can name it
    "ops/desk.py",  # asks whether its own port is free
    "demo/hosting.py",  # listens
    "demo/serve.py",  # asks the market that it started
}

#: The two fences (TASTE 16): one around a listing, one around a delivery.
FENCES = {"pipelines/fence.py", "alerts/sender.py"}

#: Files over 400 lines and functions over 60, each with the reason. Empty is how it should be.
TOO_BIG_WITH_REASON: dict[str, str] = {}

LICENCE_REFUSED = re.compile(r"\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
#: Locked distributions whose metadata names a GPL beside a licence that we take, with the reason.
LICENCE_EXPLAINED: dict[str, str] = {}


def room_files() -> list[Path]:
    return [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level:
            raise AssertionError("rooms are imported by name, not by dots")
    return found


@pytest.mark.parametrize("path", room_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    names = imported(parsed(path))
    others = (names & set(MAY_IMPORT)) - {room}
    assert others <= MAY_IMPORT[room], f"{room} must not import {others - MAY_IMPORT[room]}"
    strangers = {name for name in names if name in KEPT_IN and room not in KEPT_IN[name]}
    assert not strangers, f"{strangers} is kept in {[KEPT_IN[name] for name in strangers]}"
    assert not names & {"tests", "bench", "docs"}


def test_environment_is_read_in_one_place() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in room_files()
        if re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))
    }
    assert readers == {"ops/settings.py"}


@pytest.mark.parametrize("path", room_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_size_budget(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert path.read_text("utf-8").count("\n") <= 400 or name in TOO_BIG_WITH_REASON
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60 or f"{name}:{node.name}" in TOO_BIG_WITH_REASON, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", sorted(ROOT.glob("keywords/*.p[yx][xi]")), ids=lambda path: path.name)
def test_what_is_compiled_is_as_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r" *(cdef|def) .*\(", line)]
    assert starts
    assert len(lines) <= 400
    assert max(later - first for first, later in itertools.pairwise([*starts, len(lines)])) <= 60


def test_nobody_but_the_guard_opens_a_connection() -> None:
    found = {str(path.relative_to(ROOT)) for path in room_files() if CONNECTS.search(path.read_text("utf-8"))}
    assert found == MAY_CONNECT


def test_every_table_says_what_the_consoles_roles_may_do_with_it() -> None:
    """A table without a row in `db.walls.WALLS` is closed to the console; one that stands there twice is no table."""
    from db.tables import metadata
    from db.walls import WALLS

    views = {"audit_head", "custody_head"}
    assert set(WALLS) == set(metadata.tables) | views, "db.walls.WALLS: say who may read and write the new table"


#: Where the console works as the owner of the tables: sessions and accounts, which no role may read.
OWNERS_WORK = {"console/door.py", "console/login.py", "console/people.py", "console/today.py"}
OWNERS_WORK |= {"console/token_pages.py", "console/api/gate.py"}


def test_pages_work_in_the_name_of_their_visitor() -> None:
    """`db.walls.transaction_as`, not `transaction`; today.py asks for the latter once: readyz has no visitor."""
    plain = re.compile(r"(?<![\w.])transaction\(")
    found = {str(path.relative_to(ROOT)): len(plain.findall(path.read_text("utf-8"))) for path in room_files()}
    found = {name: count for name, count in found.items() if count and name.startswith("console/")}
    assert set(found) == OWNERS_WORK and found["console/today.py"] == 1


def test_every_form_that_posts_carries_a_token() -> None:
    pages = {path.name: path.read_text() for path in (ROOT / "console" / "templates").rglob("*.html")}
    forms = [(name, form) for name, page in pages.items() for form in re.findall(r"<form\b.*?</form>", page, re.S)]
    posting = [(name, form) for name, form in forms if 'method="post"' in form]
    assert len(posting) > 40
    assert [name for name, form in posting if "token()" not in form and 'name="csrf_token"' not in form] == []


def test_no_folder_for_odds_and_ends() -> None:
    refused = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert not [
        path for path in tracked() if refused & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]


def test_broad_excepts_stand_in_the_two_fences_alone() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in room_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    }
    assert found <= FENCES


def test_nothing_hostile_is_evaluated() -> None:
    refused = re.compile(r"\b(eval|exec)\(|\bpickle\b|yaml\.load\(|shell=True|os\.system")
    allowed = {
        "keywords/matcher.py",  # speaks of being picklable
        "keywords/files.py",  # a SafeLoader of its own that refuses duplicate keys
    }
    found = {str(p.relative_to(ROOT)) for p in room_files() if refused.search(p.read_text("utf-8"))} - allowed
    assert not found


def test_every_fault_says_cause_remedy_and_code_in_two_languages() -> None:
    from records import Fault

    for path in room_files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if re.search(r"\((\w*Fault|\w+Refused)\):", path.read_text("utf-8")) and not module.endswith("__main__"):
            __import__(module)
    codes: dict[str, str] = {}
    for fault in _descendants(Fault):
        chinese, _, english = (fault.__doc__ or "").partition("\n\n")
        assert re.search("[一-鿿]", chinese), fault
        assert re.search("[A-Za-z]{3}", english), fault
        assert all(fault.remedy), f"{fault} has no remedy"
        assert fault.code not in codes, f"{fault} and {codes.get(fault.code)} share {fault.code}"
        codes[fault.code] = fault.__name__
    assert len(codes) > 10


def _descendants(kind: type) -> list[type]:
    return [one for child in kind.__subclasses__() for one in (child, *_descendants(child))]


def test_no_locked_distribution_installs_a_room() -> None:
    assert not {
        room: names
        for room, names in packages_distributions().items()
        if room in MAY_IMPORT and set(names) != {"xunwang"}
    }


def test_locks_carry_hashes_and_no_addresses() -> None:
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        text = lock.read_text()
        assert "://" not in text, lock
        assert "--index" not in text and "--find-links" not in text
        pinned = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
        blocks = re.split(r"^(?=[\w.\[\]-]+==)", text, flags=re.MULTILINE)[1:]
        assert pinned and all("--hash=sha256:" in block for block in blocks)
    packages = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in packages and '"integrity"' in packages


def test_no_copyleft_library_is_imported() -> None:
    for name in re.findall(r"^([\w.-]+)(?:\[.*\])?==", (ROOT / "locks/s3.txt").read_text(), re.MULTILINE):
        try:
            meta = distribution(name).metadata
        except ModuleNotFoundError:  # for another system or Python
            continue
        told = [meta.get("License-Expression") or meta.get("License") or ""]
        told += [value for key, value in meta.items() if key == "Classifier" and value.startswith("License")]
        text = (
            " ".join(line for line in told if len(line) < 200).replace("LGPL", "").replace("Lesser General Public", "")
        )
        assert name in LICENCE_EXPLAINED or not LICENCE_REFUSED.search(text), f"{name}: {text}"


def test_no_commit_carries_this_machine() -> None:
    refused = re.compile(r"(?<![\w.])/(work|farm)/\w|https?://[\w.-]*(npmjs|npmmirror|pythonhosted|pypi)\.[a-z]+")
    for path in tracked():
        if path.stat().st_size < 2_000_000 and path != Path(__file__):
            text = path.read_text("utf-8", errors="ignore")
            assert not refused.search(text), path


def test_every_platform_obeys_or_says_why() -> None:
    for path in sorted((ROOT / "crawler/platforms").glob("*.yml")):
        facts = yaml.safe_load(path.read_text("utf-8"))
        assert facts.get("delay", 3.0) >= 3.0 or path.stem.startswith("demo_"), (
            f"{path.stem} is faster than the default"
        )
        assert list((path.parent / "pages").glob(f"{path.stem}*")), f"{path.stem} has no saved page"


def test_the_rooms_import_without_the_tests() -> None:
    script = "import records, keywords, crawler, evidence, db, pipelines, alerts, reports, console, ops.cli"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
