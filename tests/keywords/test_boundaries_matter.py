"""What jieba's word boundaries decide: the same titles with them and without them, in both directions."""

import pytest

from keywords import Lexicon, Matcher, builtin
from tests.keywords.conftest import lexicon_of
from tests.keywords.seams import SEAMS, Count, Seam, count, seams, without_exclusions, without_jieba

#: Seams that jieba's dictionary cannot see: it knows no 骨瓷, no 肉串机. Exclusions have them.
UNSEEN = 6


@pytest.mark.parametrize("lexicon", [builtin(), without_exclusions()], ids=["whole lexicon", "without exclusions"])
def test_seams_become_false_alarms_without_boundaries(lexicon: Lexicon) -> None:
    kept = count(lexicon)
    with without_jieba():
        lost = count(lexicon)
    print(kept, lost)
    assert kept.titles >= 60
    assert kept.crossed <= UNSEEN
    # Less than all: an exclusion takes the second piece of a term written apart, boundary or not.
    assert lost.crossed >= 50
    assert lost.raised >= 30 + kept.raised


def test_no_seam_is_left_with_the_whole_lexicon() -> None:
    assert count(builtin()).crossed == 0


def test_the_named_seams_are_in_the_set() -> None:
    named = {line.split("\t")[0] for line in SEAMS.read_text("utf-8").splitlines()[1:]}
    assert {"清香|牙膏", "大象|牙刷", "狩猎|夹克", "聊天|网站", "气象|牙医"} <= named


@pytest.mark.parametrize(
    ("term", "title"),
    [
        ("香牙", "清香牙膏"),
        ("象牙", "大象牙刷"),
        ("象牙", "大象 牙刷"),
        ("猎夹", "狩猎夹克"),
        ("天网", "聊天网站"),
        ("象酒", "好象酒店"),
        ("象牙", "气象牙医"),
    ],
)
def test_one_seam_without_a_persons_exclusion(term: str, title: str) -> None:
    """The term alone in a lexicon: nothing but a boundary stands between the title and a false alarm."""
    matcher = Matcher(lexicon_of(term))
    assert not _counts(matcher, title)
    with without_jieba():
        assert _counts(matcher, title)


@pytest.mark.parametrize(
    ("title", "exclusion"),
    [("老象牙白玉手串", "象牙白"), ("象牙白菜摆件", "象牙白")],
)
def test_without_boundaries_true_hits_are_lost_too(title: str, exclusion: str) -> None:
    """An exclusion stands only where its own edges are boundaries; without them it hides 象牙 before 白玉."""
    matcher = Matcher(lexicon_of("象牙", exclusions=(exclusion,)))
    assert _counts(matcher, title)
    with without_jieba():
        assert not _counts(matcher, title)


def test_what_stands_alone_is_found_with_and_without() -> None:
    matcher = Matcher(builtin())
    for title in ("老象 牙手串 包真", "穿山甲片 干货 药用", "捕兽夹 野猪用 大号"):
        assert matcher.explain(title).level.is_hit
        with without_jieba():
            assert matcher.explain(title).level.is_hit


def test_the_count_counts() -> None:
    """A title is crossed only by a match that counts and lies on both sides."""
    [seam] = [one for one in seams() if one.title.startswith("复古狩猎 夹克")]
    matcher = Matcher(lexicon_of("猎夹"))
    assert not seam.crossed(matcher.explain(seam.title))
    with without_jieba():
        assert seam.crossed(matcher.explain(seam.title))
    assert not Seam(title=seam.title, left=1, right=1).crossed(matcher.explain(seam.title))
    assert count(lexicon_of("犀角")) == Count(titles=len(seams()), crossed=0, raised=0)


def _counts(matcher: Matcher, title: str) -> bool:
    return any(match.counts for match in matcher.explain(title).matches)
