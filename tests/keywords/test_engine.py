"""The engine: a batch says what one text after the other says, whatever the texts are."""

import pickle
import random
import sys
import threading
from collections.abc import Iterator

import pytest

from keywords import Matcher, builtin
from keywords.blocks import blocks
from keywords.folding import folding
from keywords.patterns import factors, patterns
from keywords.scanning import Scanner
from keywords.view import View
from records import Listing
from tests.keywords.conftest import lexicon_of

_FOLD = folding()
#: What is put together to hostile texts: words, what stands between them, and what breaks programs.
_PIECES = (
    *("象牙", "象", "牙", "虎骨酒", "穿山甲", "捕兽夹", "套子", "野猪", "象牙白", "手串", "加V", "xiang", "ya", "xy"),
    *(" ", "\n", "\r\n", "\t", "*", "1", "a", "12", "。", "·", "&nbsp;", "<b>", "</b>", "<", "&", "<a href='"),
    *(
        "\x00",
        "\u200b",
        "\u202e",
        "\u2066",
        "\ufe0f",
        "\u0336",
        "\u20dd",
        "\U000e0041",
        "\ud83d",
        "\udc00",
        "\U0010ffff",
    ),
    *("🐘", "🦷", "🦣", "⽛", "⻆", "🆇", "ｘ", "Ⅳ", "㎏", "ﷺ", "ß", "İ", "𧰼", "麞", "黏", "瑇"),
)


def _listing(title: str, description: str = "") -> Listing:
    return Listing(platform="demo", item_id="1", url="https://example.invalid/1", title=title, description=description)


def _hostile(dice: random.Random) -> str:
    kind = dice.randrange(5)
    if kind == 0:
        return "".join(chr(dice.randrange(0x110000)) for _ in range(dice.randrange(40)))
    if kind == 1:
        start = dice.randrange(0, 0x110000, 0x80)
        return "象" + "".join(chr(start + dice.randrange(0x80)) for _ in range(8)) + "牙 手串"
    if kind == 2:
        return "".join(char + "".join(chr(dice.randrange(0x300, 0x370)) for _ in range(9)) for char in "象牙手串")
    return "".join(dice.choices(_PIECES, k=dice.randrange(14)))


def _hostile_listings(count: int) -> list[Listing]:
    dice = random.Random(20)
    return [_listing(_hostile(dice), _hostile(dice) if dice.random() < 0.3 else "") for _ in range(count)]


def test_ten_thousand_hostile_texts_alone_and_in_a_batch(matcher: Matcher) -> None:
    listings = _hostile_listings(10_000)
    alone = [matcher.assess(listing) for listing in listings]
    assert list(matcher.assess_many(listings)) == alone
    assert sum(assessment.level.is_hit for assessment in alone) > 100
    for listing, assessment in zip(listings, alone, strict=True):
        fields = {
            "title": listing.title,
            "description": listing.description,
            "title+description": f"{listing.title}\n{listing.description}",
        }
        for match in assessment.matches:
            assert fields[match.field][match.start : match.end] == match.surface


def test_a_batch_of_every_block_of_unicode(matcher: Matcher) -> None:
    listings = [
        _listing(f"象{''.join(map(chr, range(start, start + 0x80)))}牙手串") for start in range(0, 0x110000, 0x80)
    ]
    assert list(matcher.assess_many(listings)) == [matcher.assess(listing) for listing in listings]


def test_a_megabyte_among_short_texts(matcher: Matcher) -> None:
    longest = ["象1" * 300_000, "<" * 500_000, "\u0336" * 1_000_000, "好" * 1_000_000, "&nbsp" * 200_000]
    listings = [_listing(text) for text in ["象牙手串", *longest, "气象牙医"] * 2] + [_listing("棉布裙")] * 300
    assert list(matcher.assess_many(listings)) == [matcher.assess(listing) for listing in listings]


def test_a_batch_reads_a_stream_a_block_at_a_time(matcher: Matcher) -> None:
    read = 0

    def stream() -> Iterator[Listing]:
        nonlocal read
        while True:
            read += 1
            yield _listing("象牙手串" if read % 7 == 0 else "纯棉连衣裙")

    judged = matcher.assess_many(stream())
    levels = [next(judged).level.is_hit for _ in range(3000)]
    assert [place for place, hit in enumerate(levels, 1) if hit] == list(range(7, 3001, 7))
    assert read <= 4096


def test_blocks_are_bounded_by_texts_and_by_characters() -> None:
    assert [len(block) for block in blocks(["x"] * 2500, len)] == [1024, 1024, 452]
    assert [len(block) for block in blocks(["x" * 100_000] * 7, len)] == [3, 3, 1]
    assert list(blocks([], len)) == []


@pytest.mark.parametrize("terms", [(), ("牙",), ("象牙",), ("xy",), ("狒狒", "ab")])
def test_small_lexicons_judge_alike_in_a_batch(terms: tuple[str, ...]) -> None:
    finder = Matcher(lexicon_of(*terms))
    listings = _hostile_listings(300) + [_listing(text) for text in ("狒狒一只", "卖xy", "ab", "象\n牙", "")]
    assert list(finder.assess_many(listings)) == [finder.assess(listing) for listing in listings]


def test_every_pattern_of_a_term_holds_a_factor() -> None:
    known = patterns(builtin(), _FOLD)
    pieces = set(factors(known))

    def holds(text: str) -> bool:
        return any(text[a:b] in pieces for a in range(len(text)) for b in range(a + 1, len(text) + 1))

    for text, meanings in known.items():
        for meaning in meanings:
            # Of a pair any one part will do, since all of them must stand in the text.
            assert meaning.term is None or any(map(holds, (text, *meaning.partners))), (text, meaning.partners)


def test_eight_threads_judge_batches_alike_and_a_pickled_matcher_too() -> None:
    finder = Matcher(builtin())
    listings = _hostile_listings(400)
    expected = [finder.assess(listing) for listing in listings]
    copy = pickle.loads(pickle.dumps(finder))
    results: list[bool] = []

    def run(one: Matcher) -> None:
        results.append(list(one.assess_many(listings)) == expected)

    threads = [threading.Thread(target=run, args=(finder if n % 2 else copy,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


@pytest.mark.parametrize(
    "text", ["象牙", "象1牙手串", "象\u200b牙", "大象 牙刷", "套子 野猪 ", "<b>象牙</b>&nbsp;", "xiangya"]
)
def test_twice_the_text_is_twice_the_work(text: str) -> None:
    scanner = Scanner(builtin())
    steps = [_steps(scanner, text * times) for times in (200, 400, 800)]
    assert steps[1] <= 2.2 * steps[0] and steps[2] <= 2.2 * steps[1]


def _steps(scanner: Scanner, text: str) -> int:
    """Lines of Python that one scan runs, and findings that it gives."""
    lines = 0

    def count(frame: object, event: str, arg: object) -> object:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        found = scanner.scan(View(text, _FOLD))
    finally:
        sys.settrace(before)
    return lines + len(found)


def test_listings_are_judged_in_linear_steps(matcher: Matcher) -> None:
    steps = []
    for times in (50, 100, 200):
        lines = 0

        def count(frame: object, event: str, arg: object) -> object:
            nonlocal lines
            lines += event == "line"
            return count

        before = sys.gettrace()
        sys.settrace(count)
        try:
            matcher.explain("出象牙手串 加V 大象 牙刷 气象牙医 套子 野猪 象1牙 " * times)
        finally:
            sys.settrace(before)
        steps.append(lines)
    assert steps[1] <= 2.4 * steps[0] and steps[2] <= 2.4 * steps[1]
