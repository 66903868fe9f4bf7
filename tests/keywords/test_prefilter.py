"""The compiled prefilter clears what nothing counts in, and nothing else; without it all is judged alike."""

import dataclasses
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keywords import Matcher, builtin, prefilter
from keywords.terms import ContextGroup
from records import Listing
from scripts import compile_prefilter
from tests.keywords.conftest import lexicon_of
from tests.keywords.test_sets import development

#: All committed sets but the seams, which have a form of their own.
SETS = sorted(path.name for path in (Path(__file__).parent / "sets").glob("*.tsv") if path.stem != "seams")
IS_COMPILED = prefilter.built_from() == prefilter.source_hash()
needs_it = pytest.mark.skipif(not IS_COMPILED, reason="the prefilter is not compiled here: no C compiler at setup")


def listing(title: str, description: str = "") -> Listing:
    return Listing(platform="demo", item_id="1", url="", title=title, description=description)


@pytest.fixture(scope="module")
def clears(matcher: Matcher) -> Callable[[str], bool]:
    found = matcher._scanner.clears
    assert found is not None
    return found


@pytest.fixture(scope="module")
def bare() -> Iterator[Matcher]:
    """A matcher as it is where nothing was compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefilter, "_prefilter", None)
        made = Matcher(builtin())
    assert made._scanner.clears is None
    yield made


def test_it_is_compiled_where_everything_must_be_tested() -> None:
    assert IS_COMPILED or not os.environ.get("CI"), "CI has a C compiler: run `make setup` and see what it says"


@needs_it
@pytest.mark.parametrize(
    "text",
    [
        "老象牙手串",
        "象 牙 手串",
        "象1牙手串 包真",
        "熊0胆粉",
        "虎哈哈哈骨酒",
        "虎666骨 泡酒",
        "犭虎皮 一张",
        "石车石渠手串 懂的来",
        "ㄒㄧㄤㄧㄚ手串",
        "xiangya手串",
        "xiàng yá 手串",
        "ngà voi",
        "象<b>牙</b>",
        "象&nbsp;牙",
        "象&#29273;",
        "象\\u7259",
        "穿(别)山(问)甲(价)",
        "穿【别】山【问】甲【价】",
        "🐘🦷手串",
        "象⽛手串",
        "ＸＩＡＮＧＹＡ手串",
        "牙象手串 倒过来看",
        "象今天出\n牙手串一条\n懂的私聊",
        "象牌的\n牙膏\n出一支",
        "麝麝香香",
        "兄胆粉",
        "果子狸 现杀 自家养",
        "穿山甲 鳞片",
        "高速捕鸟网 5米",
        "\u202e牙象\u202c 手串",
        "象" * 3000,
        "手串" * 400,
        "塑料" + "实心" * 300,
        "\u202e牙象\u202c 一份",
    ],
)
def test_what_may_count_is_never_cleared(clears: Callable[[str], bool], text: str) -> None:
    assert not clears(text)


@needs_it
@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "纯棉碎花连衣裙 夏装新款",
        "塑料一体机 打印复印",
        "毛绒大象 抱枕",
        "M&M 巧克力 <3 [8折] 100$ @店主",
        "毛绒玩具【包邮】（现货）",
        "红3色 8888 aaa",
        "Air Jordan 11 retro",
        "宝宝护脚 手脚套",
        "普通描述\n第二行",
    ],
)
def test_ordinary_goods_are_cleared(clears: Callable[[str], bool], text: str) -> None:
    assert clears(text)


@needs_it
def test_most_ordinary_rows_are_cleared(clears: Callable[[str], bool]) -> None:
    rows = [row.title for name in SETS for row in development(name) if row.label == "confusable"]
    assert sum(map(clears, rows)) > len(rows) / 5, "rows that share words with the trade: most are to be read"
    plain = ["纯棉连衣裙", "保温杯 500ml", "儿童书包 小学生", "九成新 显示器 27寸", "考研英语 真题", "自行车 出"]
    assert all(map(clears, plain))


@needs_it
@pytest.mark.parametrize("name", SETS)
def test_with_and_without_it_all_sets_are_judged_alike(matcher: Matcher, bare: Matcher, name: str) -> None:
    listings = [row.listing() for row in development(name)]
    alone = [bare.assess(one) for one in listings]
    assert [matcher.assess(one) for one in listings] == alone
    assert list(matcher.assess_many(listings)) == alone
    assert list(bare.assess_many(listings)) == alone


_WORDS = [term.text for term in builtin().terms[::60]]
_PIECES = [
    *_WORDS,
    *[word for group in builtin().contexts for word in group.words[:6]],
    *[exclusion.text for exclusion in builtin().exclusions[::20]],
    *"1a哈嘻 ,，。【】()（）[]<>&\\@$#;\n\u200b\u202e\u0301ㄧㄚ🐘🦷٣Ⅳ①",
    "&#29273;", "<b>", "666", "aaa", "哈哈", "倒过来看", "每行首字", "克", "厘米",
]  # fmt: skip


@needs_it
@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=8).map("".join))
def test_what_is_cleared_holds_nothing(matcher: Matcher, bare: Matcher, text: str) -> None:
    if matcher._scanner.clears is not None and matcher._scanner.clears(text):
        assert not any(match.counts for match in bare.explain(text).matches)
    assert matcher.assess(listing(text)) == bare.assess(listing(text))


@needs_it
def test_a_term_split_between_title_and_description_is_read(matcher: Matcher, bare: Matcher) -> None:
    one = listing("出一个老象", "牙手串 包真")
    assert matcher.assess(one) == bare.assess(one)
    assert matcher.assess(one).level.is_hit


@needs_it
@pytest.mark.parametrize("terms", [(), ("象",), ("象牙", "\U0002f800牙", "a", "1", "亁㐀\U00031fff")])
def test_any_lexicon_is_written_down(terms: tuple[str, ...]) -> None:
    lexicon = lexicon_of(*terms)
    clears = Matcher(lexicon)._scanner.clears
    assert clears is not None
    assert clears("纯棉连衣裙")
    assert clears("老象牙手串") == (not terms)


@needs_it
def test_a_digit_of_any_script_may_be_what_an_expression_asks_for() -> None:
    numbers = ContextGroup(key="numbers", name="数字", effect="up", points=1, company=True, patterns=(r"\d",))
    lexicon = dataclasses.replace(lexicon_of("象牙", strength="weak"), contexts=(numbers,))
    clears = Matcher(lexicon)._scanner.clears
    assert clears is not None
    assert clears("象牙")
    assert not clears("象牙 3")
    assert not clears("象牙 ٣")


@needs_it
def test_a_lexicon_without_anything_clears_everything() -> None:
    nothing = dataclasses.replace(builtin(), version="nothing", terms=(), exclusions=(), contexts=())
    clears = Matcher(nothing)._scanner.clears
    assert clears is not None
    assert clears("老象牙手串")


@needs_it
def test_texts_of_any_size_and_kind_do_no_harm(clears: Callable[[str], bool]) -> None:
    for text in ("\ud800", "\0", "\U0010ffff", "a" * 2048, "象" * 2048, "1象" * 1024, "\U0001f418" * 100, "é" * 2048):
        assert clears(text) in (True, False)
    with pytest.raises(TypeError):
        clears(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        clears(b"x")  # type: ignore[arg-type]


def test_what_was_compiled_from_another_source_is_not_used(monkeypatch: pytest.MonkeyPatch, matcher: Matcher) -> None:
    monkeypatch.setattr(prefilter, "source_hash", lambda: "another")
    other = Matcher(builtin())
    assert other._scanner.clears is None
    assert other.assess(listing("老象牙手串")) == matcher.assess(listing("老象牙手串"))


def test_without_a_compiler_setup_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(compile_prefilter, "built_from", lambda: "")
    monkeypatch.setattr(compile_prefilter, "compiler", lambda: None)
    compile_prefilter.main()
    assert "no C compiler" in capsys.readouterr().err


def test_what_does_not_compile_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(compile_prefilter, "built_from", lambda: "")
    monkeypatch.setattr(compile_prefilter, "compiler", lambda: ["false"])
    monkeypatch.setattr(compile_prefilter, "TARGET", tmp_path / "library.so")
    compile_prefilter.main()
    assert "not compiled" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@needs_it
def test_what_is_compiled_says_from_what(tmp_path: Path) -> None:
    command = compile_prefilter.compiler()
    if command is None:
        pytest.skip("compiled elsewhere: no C compiler now")
    library = compile_prefilter.compile_into(tmp_path, command)
    spec = importlib.util.spec_from_file_location("keywords._prefilter", library)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert prefilter.source_hash() == made.BUILT_FROM
