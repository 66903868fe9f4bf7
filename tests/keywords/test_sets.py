"""The floors that hold on the development sets, and what holds for every match on every set there is."""

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from keywords import Matcher, Term, builtin
from keywords.evaluating import Evaluation, Sample, evaluate
from keywords.folding import folding, without_markup
from keywords.parts import characters
from keywords.variants import spellings
from ops.labelled import read_samples
from ops.texts import Source
from records import Assessment, Level, Listing, Match
from tests.conftest import ROOT

SETS = ROOT / "tests" / "keywords" / "sets"
NAMES = ("development.tsv", "second.tsv", "third.tsv", "fourth.tsv", "fifth.tsv")
#: Written by somebody else after everything was tuned; a few single characters and names were learnt from it since.
UNLEARNT = "sixth.tsv"
#: Worked on by class, some of them only after they had told what holds on listings that nobody has read.
READ = (
    "seventh.tsv", "eighth.tsv", "ninth.tsv", "tenth.tsv", "eleventh.tsv", "twelfth.tsv", "thirteenth.tsv",
    "fourteenth.tsv", "fifteenth.tsv", "sixteenth.tsv", "seventeenth.tsv", "eighteenth.tsv",
)  # fmt: skip
SHARED = ROOT.parent / "shared"
_MATCHER = Matcher(builtin())


def development(name: str = "development.tsv") -> list[Sample]:
    with (SETS / name).open("rb") as stream:
        source = Source(name=name, stream=stream, tell=pytest.fail)
        return list(read_samples(source, builtin()))


@cache
def measured(name: str) -> Evaluation:
    return evaluate(development(name), _MATCHER)


# --- the development sets ---


def test_the_set_is_what_it_says() -> None:
    rows = development()
    assert len(rows) >= 400
    assert len({(row.title, row.description) for row in rows}) == len(rows)
    groups = Counter((row.label, row.group if row.label == "suspicious" else "") for row in rows)
    assert groups["suspicious", "overt"] >= 100
    assert groups["suspicious", "disguised"] >= 100
    assert groups["suspicious", "code_word"] >= 50
    assert groups["borderline", ""] >= 50
    assert groups["confusable", ""] >= 200
    assert {row.category for row in rows if row.label == "suspicious"} == {one.key for one in builtin().categories}


def test_the_second_set_is_what_it_says() -> None:
    rows = development("second.tsv")
    assert len({(row.title, row.description) for row in rows}) == len(rows) == 505
    assert Counter(row.label for row in rows) == {"suspicious": 282, "borderline": 47, "confusable": 176}


def test_the_third_set_is_what_it_says() -> None:
    rows = development("third.tsv")
    assert len({(row.title, row.description) for row in rows}) == len(rows) == 582
    assert Counter(row.label for row in rows) == {"suspicious": 345, "borderline": 61, "confusable": 176}


def test_the_fourth_set_is_what_it_says() -> None:
    rows = development("fourth.tsv")
    assert len({(row.title, row.description) for row in rows}) == len(rows) == 546
    assert Counter(row.label for row in rows) == {"suspicious": 312, "borderline": 76, "confusable": 158}


def test_the_fifth_set_is_what_it_says() -> None:
    rows = development("fifth.tsv")
    assert len({(row.title, row.description) for row in rows}) == len(rows) == 688
    assert Counter(row.label for row in rows) == {"suspicious": 380, "borderline": 75, "confusable": 233}


def test_the_sixth_set_is_what_it_says() -> None:
    rows = development(UNLEARNT)
    assert len({(row.title, row.description) for row in rows}) == len(rows) == 591
    assert Counter(row.label for row in rows) == {"suspicious": 328, "borderline": 67, "confusable": 196}


def test_the_last_sets_are_what_they_say() -> None:
    counts = (
        (512, 74, 303), (450, 73, 273), (375, 69, 213), (402, 75, 223), (278, 49, 130), (281, 46, 106), (412, 76, 362),
        (396, 68, 234), (312, 62, 160), (278, 60, 193), (384, 65, 214),
        (330, 69, 213),
    )  # fmt: skip
    for name, told in zip(READ, counts, strict=True):
        rows = development(name)
        assert len({(row.title, row.description) for row in rows}) == len(rows) == sum(told)
        labels = Counter(row.label for row in rows)
        assert (labels["suspicious"], labels["borderline"], labels["confusable"]) == told


@pytest.mark.parametrize("name", [*NAMES, UNLEARNT, *READ])
def test_the_set_names_nobody(name: str) -> None:
    """An @ that stands for a letter within a word (l@ohu) is no address."""
    text = (SETS / name).read_text("utf-8")
    assert not re.search(r"\d{7,}|https?:|www\.|(?<!\w)@|@\w+\.", text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("group", "floor"), [("overt", 0.98), ("disguised", 0.95), ("code_word", 0.95)])
def test_recall(name: str, group: str, floor: float) -> None:
    result = measured(name)
    missed = [one.sample.title for one in result.failures if one.kind == "missed" and one.sample.group == group]
    assert (result.groups[group].value or 0) >= floor, missed


@pytest.mark.parametrize("name", NAMES)
def test_confusables_borderline_and_categories(name: str) -> None:
    result = measured(name)
    told = [(one.kind, one.sample.title) for one in result.failures]
    assert (result.confusables_raised.value or 0) <= (0.02 if name == "third.tsv" else 0.01), told
    assert (result.borderline_at_review.value or 0) >= (0.88 if name == "fifth.tsv" else 0.92), told
    assert (result.category_right.value or 0) >= 0.97, told


def test_the_unlearnt_set_does_not_get_worse() -> None:
    """What holds on listings nobody had read: lower than what was learnt, and no figure of it is to fall."""
    result = measured(UNLEARNT)
    found = {name: rate.value for name, rate in result.groups.items()}
    assert found["overt"] >= 0.98 and found["disguised"] >= 0.95 and found["code_word"] >= 0.97
    assert (result.borderline_at_review.value or 0) >= 0.82
    assert (result.confusables_raised.value or 0) <= 0.011
    assert (result.category_right.value or 0) >= 0.97


# --- spans ---


@cache
def _terms() -> dict[str, tuple[Term, ...]]:
    found: dict[str, list[Term]] = {}
    for term in builtin().terms:
        found.setdefault(term.text, []).append(term)
    return {text: tuple(terms) for text, terms in found.items()}


@cache
def _spelled(text: str) -> frozenset[str]:
    """Every skeleton that the term of that text may have in a listing: as written, or in a generated spelling."""
    skeleton = folding().skeleton(text)
    return frozenset({skeleton, *(one.text for term in _terms()[text] for one in spellings(term, skeleton))})


def is_what_it_claims(match: Match, text: str) -> bool:
    """True when its place in `text`, folded, is the term or a spelling of it; of a pair, when it holds every part."""
    seen = folding().skeleton(without_markup(text)[match.start : match.end])
    if match.technique == "pair":
        bare = _unstuffed(seen)
        return all(part in seen or part in bare for part in map(folding().skeleton, match.term.split()))
    if match.technique in ("split", "zhuyin"):
        together = _put_together(seen)
        return together == folding().skeleton(match.term) or (
            match.technique == "zhuyin" and together in _spelled(match.term)
        )
    if match.technique == "turned":
        return seen[::-1] == folding().skeleton(match.term)
    if match.technique == "acrostic":
        lines, phrases = (
            re.split(marks, text[match.start : match.end]) for marks in (r"\n+", r"[\n\s,，.。;；、!！?？|/]+")
        )
        return folding().skeleton(match.term) in ("".join(map(_head, lines)), "".join(map(_head, phrases)))
    if match.technique == "filled" and _is_filled(seen, folding().skeleton(match.term)):
        return True
    if match.technique == "stuffed":
        seen = _unstuffed(seen)
    return seen in _spelled(match.term)


def _is_filled(seen: str, name: str) -> bool:
    """True for the name with the same in all its gaps, or letters and digits in each."""
    parts = re.fullmatch("(.+?)".join(map(re.escape, name)), seen)
    return parts is not None and (len({*parts.groups()}) == 1 or all(map(str.isascii, parts.groups())))


def _head(piece: str) -> str:
    return folding().skeleton(piece)[:1]


def _put_together(text: str) -> str:
    """With every character that is written in parts as one; by another way than the scanner's, the longest first."""
    for parts in sorted(characters(), key=len, reverse=True):
        text = text.replace(parts, characters()[parts])
    return text


def _unstuffed(text: str) -> str:
    """Without letters, digits, what is written three times and laughter between other characters."""
    for filling in (
        r"(?<=[^0-9a-z])(?:[0-9a-z〇]{1,2}|([0-9a-z])\1+)(?=[^0-9a-z])",
        r"([^0-9a-z])\1\1+",
        "(?<=.)[哈呵嘿嘻嘎咯啊呀哦呢嗯哎诶嘞呗咦喵汪哒吖噢喔唉嗨啦嘤噗]+(?=.)",
    ):
        text = re.sub(filling, "", text)
    return text


def wrong_spans(judged: Iterable[tuple[str, str, Assessment]]) -> Iterator[tuple[str, Match]]:
    for title, description, assessment in judged:
        fields = {"title": title, "description": description, "title+description": f"{title}\n{description}"}
        for match in assessment.matches:
            text = fields[match.field]
            if text[match.start : match.end] != match.surface or not is_what_it_claims(match, text):
                yield title, match


def judged(texts: Iterable[tuple[str, str]]) -> list[tuple[str, str, Assessment]]:
    pairs = list(texts)
    listings = (
        Listing(platform="set", item_id=str(n), url="", title=title, description=description)
        for n, (title, description) in enumerate(pairs)
    )
    assessments = _MATCHER.assess_many(listings)
    return [(title, description, one) for (title, description), one in zip(pairs, assessments, strict=True)]


def real_texts() -> list[str]:
    path = SHARED / "data" / "real_texts.tsv.gz"
    if not path.is_file():
        pytest.skip("../shared/data/real_texts.tsv.gz is absent: the real texts are not part of the project")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        return [line.rstrip("\n").split("\t")[2] for line in lines]


def examples() -> list[str]:
    path = SHARED / "domain" / "examples.tsv"
    if not path.is_file():
        pytest.skip("../shared/domain/examples.tsv is absent: it is not part of the project")
    return [line.split("\t")[2] for line in path.read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize(
    ("name", "disguised", "code_word", "borderline", "ordinary"),
    [
        ("seventh.tsv", 0.96, 0.94, 0.92, 0.005),
        ("eighth.tsv", 0.95, 0.90, 0.92, 0.005),
        ("ninth.tsv", 0.95, 0.98, 0.92, 0.005),
        ("tenth.tsv", 0.94, 0.86, 0.87, 0.01),
        ("eleventh.tsv", 0.93, 0.97, 0.90, 0.01),
        ("twelfth.tsv", 0.96, 0.97, 0.84, 0.01),
        ("thirteenth.tsv", 0.93, 0.86, 0.88, 0.02),
        ("fourteenth.tsv", 0.96, 0.94, 0.88, 0.01),
        ("fifteenth.tsv", 0.94, 0.95, 0.92, 0.02),
        ("sixteenth.tsv", 0.93, 0.96, 0.88, 0.05),
        ("seventeenth.tsv", 0.92, 0.93, 0.92, 0.03),
    ],
)
def test_what_was_read_last(name: str, disguised: float, code_word: float, borderline: float, ordinary: float) -> None:
    """Floors where it holds. Of the sixteenth's ordinary goods, meant to be hard, more are raised than is asked."""
    read = measured(name)
    assert (read.groups["overt"].value or 0) >= 0.98
    assert (read.groups["disguised"].value or 0) >= disguised
    assert (read.groups["code_word"].value or 0) >= code_word
    assert (read.borderline_at_review.value or 0) >= borderline and (read.category_right.value or 0) >= 0.95
    assert (read.confusables_raised.value or 0) <= ordinary


def test_what_holds_on_listings_from_which_nothing_was_learnt() -> None:
    """All that is asked, and not more: who wants more writes another set, or this one no longer tells anything."""
    found = measured("eighteenth.tsv")
    assert (found.groups["overt"].value or 0) >= 0.98 and (found.groups["disguised"].value or 0) >= 0.93
    assert (found.groups["code_word"].value or 0) >= 0.85 and (found.borderline_at_review.value or 0) >= 0.80
    assert (found.confusables_raised.value or 0) <= 0.02 and (found.category_right.value or 0) >= 0.95


@pytest.mark.parametrize("name", [*NAMES, UNLEARNT, *READ])
def test_spans_on_the_development_sets(name: str) -> None:
    found = judged((row.title, row.description) for row in development(name))
    assert sum(len(one.matches) for _, _, one in found) > 400
    assert list(wrong_spans(found)) == []


@pytest.mark.shared
def test_spans_on_the_examples() -> None:
    found = judged((text, "") for text in examples())
    assert sum(len(one.matches) for _, _, one in found) > 80
    assert list(wrong_spans(found)) == []


@pytest.mark.shared
def test_spans_on_real_texts() -> None:
    """Of the titles that are raised, and of what `explain` tells of the others that hold a term at all."""
    likely = (text for text in real_texts() if set(text) & set("牙角骨甲虎熊"))
    found = [(text, "", _MATCHER.explain(text)) for text in likely]
    assert sum(len(one.matches) for _, _, one in found) > 100
    assert list(wrong_spans(found)) == []


def test_a_wrong_span_would_be_seen() -> None:
    """The test of the test: one character off, or another term, is no longer what it claims."""
    title = "老象 牙手串 包真"
    [(_, _, right)] = judged([(title, "")])
    match = next(one for one in right.matches if one.surface == "象 牙手串")
    off = replace(match, surface="老象 牙手串", start=match.start - 1)
    moved = replace(match, start=match.start + 1, end=match.end + 1)
    for wrong in (off, moved, replace(match, term="犀角")):
        assert list(wrong_spans([(title, "", replace(right, matches=(wrong,)))])) == [(title, wrong)]
    assert list(wrong_spans([(title, "", right)])) == []


# --- real texts ---


@pytest.mark.shared
def test_real_texts_are_left_alone() -> None:
    """Of 100,000 real texts at most 5 are high and 30 reach a person; here of 98,398."""
    texts = real_texts()
    raised = [(one.level, one.score, title) for title, _, one in judged((text, "") for text in texts)]
    high = [row for row in raised if row[0] is Level.HIGH]
    review = [row for row in raised if row[0].is_hit]
    per_100_000 = 100_000 / len(texts)
    assert len(high) * per_100_000 <= 5, high
    assert len(review) * per_100_000 <= 30, review
