"""One status from outcomes, deviations and the canary: never green where something was not seen."""

import pytest

from records import Coverage, Finding, Outcome, ScanStatus, night_status, scan_status, unseen

S, E, B, L, R, D, G, F, N = (
    Outcome.SEARCHED,
    Outcome.EMPTY,
    Outcome.BLOCKED,
    Outcome.LOGIN_REQUIRED,
    Outcome.ROBOTS_REFUSED,
    Outcome.DRIFTED,
    Outcome.BUDGET_SPENT,
    Outcome.FAILED,
    Outcome.NOT_RUN,
)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([], "未运行"),
        ([S, None], "运行中"),
        ([S, S, E], "正常"),
        ([E, E], "漂移"),
        ([N, N], "未运行"),
        ([F, F, N], "未运行"),
        ([B, B, N], "被拦截"),
        ([L, E], "被拦截"),
        ([R, R], "被拦截"),
        ([D, D, E], "漂移"),
        ([S, B], "部分"),
        ([S, D], "部分"),
        ([S, G], "部分"),
        ([G, G], "部分"),
        ([S, F], "部分"),
        ([E, F], "部分"),
        ([S, N], "部分"),
    ],
)
def test_the_status_of_a_run(outcomes: list[Outcome | None], status: str) -> None:
    assert scan_status(outcomes) == status


def test_only_all_seen_is_green() -> None:
    for one in Outcome:
        if one not in (S, E):
            assert scan_status([S, S, one]) is not ScanStatus.NORMAL
    assert scan_status([S, E], deviates=True) is ScanStatus.PARTIAL
    assert scan_status([E, E], proven=True) is ScanStatus.NORMAL
    assert scan_status([B, E], proven=True) is ScanStatus.PARTIAL


@pytest.mark.parametrize(
    ("platforms", "status"),
    [
        (["正常", "正常"], "正常"),
        (["正常", "漂移"], "部分"),  # one platform without a word of truth is no green night
        (["正常", "未运行"], "部分"),
        (["部分", "正常"], "部分"),
        (["被拦截", "漂移"], "被拦截"),
        (["漂移", "未运行"], "漂移"),
        (["未运行"], "未运行"),
        (["正常", "运行中"], "运行中"),
        ([], "未运行"),
    ],
)
def test_the_status_of_a_night(platforms: list[str], status: str) -> None:
    assert night_status([ScanStatus(one) for one in platforms]) == status


def test_a_night_whose_canary_did_not_sing_is_red() -> None:
    assert night_status([ScanStatus.NORMAL], canary=True) is ScanStatus.NORMAL
    assert night_status([ScanStatus.NORMAL], canary=False) is ScanStatus.DRIFTED
    assert night_status([ScanStatus.BLOCKED], canary=False) is ScanStatus.BLOCKED


def test_what_was_not_seen_adds_up() -> None:
    ends = [("a", S, ""), ("a", B, "HTTP 403"), ("a", B, "滑块"), ("a", B, "滑块"), ("b", F, "超时"), ("b", E, "")]
    found = unseen(ends)
    assert [(one.platform, one.outcome, one.queries, one.why) for one in found] == [
        ("a", B, 3, "滑块"),
        ("b", F, 1, "超时"),
    ]


def test_the_coverage_of_a_night_is_said_a_fact_a_line() -> None:
    ends = [("a", S, ""), ("a", B, "滑块"), ("b", None, ""), ("b", E, "")]
    fell = (("a", Finding(key="items", sentence="读到的商品从平时约 90 条降到 9 条")),)
    told = Coverage(
        planned=4, seen=2, empty=1, open=1, unseen=unseen(ends), findings=fell, canary=False, canary_note="没有读到"
    )
    assert told.lines(str.upper) == [
        "计划 4 个检索任务，看到 2 个，没有看到 1 个",
        "还有 1 个检索任务没有结束",
        "A：1 个检索任务被拦截：滑块",
        "A：读到的商品从平时约 90 条降到 9 条",
        "金丝雀：没有形成线索，本次研判结果不可信（没有读到）",
        "1 个检索任务平台无结果：确无此物还是被屏蔽，能分辨的已写在各自的说明里",
    ]
    assert "滑块" not in "".join(told.lines(quoting=False))


def test_the_coverage_tells_by_region_and_who_could_not_be_narrowed_down() -> None:
    told = Coverage(
        planned=9, seen=7, empty=0, left_early=2, regions={"枣庄市": (4, 4), "": (5, 3)}, unnarrowed=("b", "c")
    )
    assert told.lines(str.upper)[1:] == [
        "先本市后全国：枣庄市计划 4 个、看到 4 个；全国计划 5 个、看到 3 个",
        "B、C不能按地区筛选，只检索了全国",
        "2 个列表读到只剩已知商品处为止，其后的改动和下架本次未看",
    ]
