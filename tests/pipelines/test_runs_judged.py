"""What a run is judged by, without a database: its numbers against those before it, and which nothing is believed."""

from dataclasses import replace

import pytest

from pipelines.baseline import deviations
from pipelines.doubts import Changed, End, Known, reconsider_empty, reconsider_searched
from records import Control, Figures, Measures, Outcome, QueryKind

ORDINARY = Figures(
    queries=10, pages=20, cards=100, new=15, measures=Measures(price=95, seller=100, pictures=90, place=40, unread=2)
)
PHONE = Control(word="手机", outcome=Outcome.SEARCHED, cards=20)
NO_PHONE = Control(word="手机", outcome=Outcome.EMPTY, note="平台提示没有结果")


def measured(**changes: int) -> Figures:
    return replace(ORDINARY, measures=replace(ORDINARY.measures, **changes))


def before(count: int = 5) -> list[Figures]:
    """Runs that vary a little."""
    return [replace(ORDINARY, cards=100 + 6 * number, new=15 + number) for number in range(-count // 2, count // 2 + 1)]


@pytest.mark.parametrize(
    ("tonight", "key", "words"),
    [
        (
            replace(ORDINARY, cards=40, measures=Measures(price=40, seller=40, pictures=38)),
            "items",
            "约 97 条降到 40 条",
        ),
        (replace(ORDINARY, new=0), "new", "降到 0 条"),
        (measured(price=10), "price", "降到 10%"),
        (measured(seller=0), "seller", "卖家"),
        (measured(pictures=40), "pictures", "图片"),
        (measured(unread=60), "title", "读不出标题"),
        (measured(repeated=10), "repeated", "50%（平时 0%）"),
        (replace(ORDINARY, walled=4), "walled", "0% 升到 40%"),
    ],
)
def test_a_number_that_fell_is_told_with_both_values(tonight: Figures, key: str, words: str) -> None:
    [finding] = deviations(tonight, before())
    assert finding.key == key and words in finding.sentence


@pytest.mark.parametrize(
    "tonight",
    [
        ORDINARY,
        replace(ORDINARY, cards=60, measures=Measures(price=50, seller=60, pictures=50, place=20)),
        replace(ORDINARY, new=1),
        measured(place=0),  # four in ten at best: too few to miss
        measured(repeated=2, price=60),
        replace(ORDINARY, cards=250, new=120, measures=Measures(price=240, seller=250, pictures=230, place=80)),
        replace(ORDINARY, walled=2),
    ],
)
def test_what_varies_from_night_to_night_is_not_told(tonight: Figures) -> None:
    assert deviations(tonight, before()) == ()


def test_two_runs_are_no_measure_but_copies_need_none() -> None:
    assert deviations(replace(ORDINARY, cards=0, new=0), before()[:2]) == ()
    [finding] = deviations(measured(repeated=15), [])
    assert finding.key == "repeated"


def test_what_was_declared_may_be_zero() -> None:
    assert deviations(replace(ORDINARY, cards=0, new=0, measures=Measures()), before(), ("items", "new")) == ()
    assert {one.key for one in deviations(replace(ORDINARY, cards=0, new=0, measures=Measures()), before())} == {
        "items",
        "new",
    }


def end(number: int, text: str, outcome: Outcome, cards: int = 0, kind: QueryKind = QueryKind.SEARCH) -> End:
    return End(id=number, kind=kind, text=text, outcome=outcome, note="原话", pages=1, cards=cards, measures=Measures())


def known(
    control: Control | None = None,
    usual: dict[str, tuple[int, float]] | None = None,
    shown: dict[str, int] | None = None,
) -> Known:
    return Known(control=control, usual=usual or {}, shown=shown or {})


EMPTY = [end(1, "象牙", Outcome.EMPTY), end(2, "虎骨", Outcome.EMPTY)]
SEARCHED = end(3, "穿山甲", Outcome.SEARCHED, cards=7)
LATEST = end(4, "最新", Outcome.SEARCHED, cards=30, kind=QueryKind.BROWSE)


def ends_of(changed: list[Changed]) -> dict[int, Outcome]:
    return {one.id: one.outcome for one in changed}


def test_zero_for_an_ordinary_word_too_is_no_answer() -> None:
    changed = reconsider_empty([*EMPTY, LATEST], known(NO_PHONE))
    assert ends_of(changed) == {1: Outcome.DRIFTED, 2: Outcome.DRIFTED}
    assert "手机" in changed[0].note and "原记：平台无结果，原话" in changed[0].note


def test_an_ordinary_word_at_a_wall_makes_the_others_a_wall() -> None:
    walled = Control(word="手机", outcome=Outcome.BLOCKED, note="HTTP 403")
    assert ends_of(reconsider_empty(EMPTY, known(walled))) == {1: Outcome.BLOCKED, 2: Outcome.BLOCKED}


def test_a_search_that_answers_makes_nothing_an_answer_and_says_what_cannot_be_told() -> None:
    changed = reconsider_empty(EMPTY, known(PHONE))
    assert ends_of(changed) == {1: Outcome.EMPTY, 2: Outcome.EMPTY}
    assert "“手机”有 20 条" in changed[0].note and "无法分辨" in changed[0].note


def test_another_word_that_was_answered_is_as_good_as_the_control() -> None:
    for control in (None, NO_PHONE):
        changed = reconsider_empty([*EMPTY, SEARCHED], known(control))
        assert ends_of(changed) == {1: Outcome.EMPTY, 2: Outcome.EMPTY}
        assert "同晚“穿山甲”有 7 条" in changed[0].note


def test_a_word_that_always_gave_much_is_filtered_and_one_that_gave_little_may_have_run_dry() -> None:
    changed = reconsider_empty(EMPTY, known(PHONE, {"象牙": (9, 12.0), "虎骨": (9, 2.0)}))
    assert ends_of(changed) == {1: Outcome.BLOCKED, 2: Outcome.EMPTY}
    assert "平时约 12 条" in changed[0].note and "平时约 2 条" in changed[1].note
    seldom = reconsider_empty(EMPTY, known(PHONE, {"象牙": (2, 12.0)}))
    assert ends_of(seldom) == {1: Outcome.EMPTY, 2: Outcome.EMPTY}


def test_a_word_that_stands_on_other_pages_of_the_night_is_filtered() -> None:
    changed = reconsider_empty(EMPTY, known(PHONE, shown={"象牙": 3, "虎骨": 1}))
    assert ends_of(changed) == {1: Outcome.BLOCKED, 2: Outcome.EMPTY}


def test_without_a_control_nothing_is_believed_and_nothing_is_changed() -> None:
    changed = reconsider_empty(EMPTY, known())
    assert ends_of(changed) == {1: Outcome.EMPTY, 2: Outcome.EMPTY} and "未核实" in changed[0].note


def test_a_vanished_field_drifts_the_queries_that_lack_it() -> None:
    bare = replace(LATEST, id=5, measures=Measures(seller=30, pictures=30))
    whole = replace(SEARCHED, measures=Measures(price=7, seller=7, pictures=7))
    figures = measured(price=7)
    changed = reconsider_searched([bare, whole, *EMPTY], figures, deviations(figures, before()))
    assert ends_of(changed) == {5: Outcome.DRIFTED}
