"""What a build leaves of the built-in lexicon is what would be made anew, or it is not used."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from keywords import Matcher, builtin, compiled
from keywords.files import own_lexicon
from keywords.folding import folding
from keywords.patterns import Spelled, spell
from keywords.terms import Lexicon
from records import Listing
from scripts import compile_lexicon


@pytest.fixture(scope="module")
def fresh() -> tuple[Lexicon, Spelled]:
    lexicon = own_lexicon()
    return lexicon, spell(lexicon, folding())


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what the file is made from, in which it can be damaged."""
    own = Path(compiled.__file__).parent
    for path in (*own.glob("*.py"), *own.glob("lexicon/*.yml"), *own.glob("tables/*.json")):
        if path.name != compiled.FILE:
            copy = tmp_path / path.relative_to(own)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(compiled, "files", lambda _package: tmp_path)
    monkeypatch.setattr(compile_lexicon, "TABLES", tmp_path / "tables")
    compiled.compiled.cache_clear()
    yield tmp_path
    compiled.compiled.cache_clear()


def _file(room: Path, fresh: tuple[Lexicon, Spelled]) -> Path:
    path = room / "tables" / compiled.FILE
    path.write_text(compiled.written(*fresh), encoding="utf-8")
    return path


def test_it_says_what_the_files_say(room: Path, fresh: tuple[Lexicon, Spelled]) -> None:
    lexicon, spelled = fresh
    _file(room, fresh)
    kept = compiled.compiled()
    assert kept is not None
    assert kept.lexicon == lexicon
    assert list(kept.spelled.texts) == list(spelled.texts)
    for index, meanings in enumerate(spelled.meanings):
        assert kept.spelled.meanings[index] == meanings, spelled.texts[index]
    assert len(kept.spelled.meanings) == len(spelled.meanings)
    assert list(kept.spelled.factors) == list(spelled.factors)
    assert [kept.spelled.factors[place] for place in range(50)] == list(spelled.factors[:50])
    assert kept.spelled[3:] == spelled[3:]


@pytest.mark.parametrize("damage", ["absent", "cut", "changed", "another lexicon", "another release", "nonsense"])
def test_it_is_not_used_where_it_does_not_belong(room: Path, fresh: tuple[Lexicon, Spelled], damage: str) -> None:
    path = _file(room, fresh)
    body = path.read_bytes()
    if damage == "absent":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(body[: len(body) // 2])
    elif damage == "changed":
        path.write_bytes(body.replace("象牙".encode(), "象芽".encode()))
    elif damage == "another lexicon":
        (room / "lexicon" / "ivory.yml").write_bytes((room / "lexicon" / "ivory.yml").read_bytes() + b"\n# changed\n")
    elif damage == "another release":
        (room / "variants.py").write_bytes((room / "variants.py").read_bytes() + b"\n# changed\n")
    else:
        path.write_bytes(b"\xff\xfe\x00")
    assert compiled.compiled() is None


def test_it_is_written_once_and_whole(room: Path) -> None:
    compile_lexicon.main()
    path = room / "tables" / compiled.FILE
    written = path.read_bytes()
    assert json.loads(written.partition(b"\n")[2])["lexicon"]["version"] == builtin().version
    compiled.compiled.cache_clear()
    path.touch()
    before = path.stat().st_mtime_ns
    compile_lexicon.main()
    assert path.stat().st_mtime_ns == before
    assert [one.name for one in path.parent.glob(compiled.FILE + "*")] == [compiled.FILE]


def test_a_matcher_without_it_judges_alike(room: Path) -> None:
    assert compiled.compiled() is None
    lexicon = own_lexicon()
    bare = Matcher(lexicon)
    compile_lexicon.main()
    compiled.compiled.cache_clear()
    kept = compiled.compiled()
    assert kept is not None
    quick = Matcher(kept.lexicon)
    for title in ("老象牙手串 包真", "象 1牙", "xiangya手串 加V", "套子 抓野猪", "毛绒大象 牙刷架"):
        listing = Listing(platform="demo", item_id="1", url="", title=title)
        assert quick.explain(listing) == bare.explain(listing)
