"""The nastiest pages in one patrol, each with a named end, and honest pages between them; the rest are drilled."""

import pytest

from tests.crawler.errands import Told, patrol
from tests.crawler.traps import Market, standing

pytestmark = pytest.mark.slow

FAILED = "failed"
#: Trap → outcome and a part of the note, by HTTP.
PLAIN = {
    "broken_br": (FAILED, "回应有误"),
    "broken_gzip": (FAILED, "回应有误"),
    "bomb_br": (FAILED, "大小上限"),
    "to_nowhere": (FAILED, "回应有误"),
    "to_file": (FAILED, "HTTP 302"),
    "short": (FAILED, "回应不完整"),
    "to_tls": ("robots_refused", "站点证书未通过校验"),  # the first thing asked there
    "charset_rot13": ("searched", ""),
    "odd_headers": (FAILED, "回应有误"),
}
#: In a browser.
RENDERED = {
    "busy_later": (FAILED, "浏览器页面超时"),
    "meta_refresh": (FAILED, "跳转或刷新"),
    "fetches": (FAILED, "不停地发出请求"),
    "download": (FAILED, "下载"),
    "chain": (FAILED, "跳转超过"),
    "to_tls": ("robots_refused", "站点证书未通过校验"),  # the first thing asked there
    "charset_rot13": ("searched", ""),
    "bends_the_language": ("searched", ""),
    "surrogates": ("searched", ""),
}


def scan(market: Market, traps: list[str], render: str) -> Told:
    """A patrol of the traps with an honest page after every second one."""
    pages = [page for at, trap in enumerate(traps) for page in ([trap, f"good/{at}"] if at % 2 else [trap])]
    browse = {page: f"/{page}" if page.startswith("good/") else f"/trap/{page}" for page in pages}
    detail = "render" if render == "always" else "http"
    return patrol(
        "demo_ads",
        market.url,
        *(("browse", page) for page in pages),
        changes={"delay": 0.02, "render": render, "detail": detail, "browse": browse, "max_pages": 3},
        limits={"page_deadline": 6.0, "max_details": 0},
        words=["象牙"],
        **({"browser": {"screenshots": False}} if render == "never" else {}),
    )


def judge(told: Told, expected: dict[str, tuple[str, str]]) -> None:
    """Every trap came to its own end, every honest page was read to its item and captured, nothing was begun anew."""
    assert told.code == 0, told.errors
    ends = [(report["outcome"], report["note"]) for report in told.reports]
    traps, honest = list(expected), len(expected) // 2
    assert len(ends) == len(traps) + honest
    fair = [end for at, end in enumerate(ends) if at % 3 == 2]
    assert [outcome for outcome, _ in fair] == ["searched"] * honest, (ends, told.errors)
    for trap, end in zip(traps, (end for at, end in enumerate(ends) if at % 3 != 2), strict=True):
        assert end[0] == expected[trap][0] and expected[trap][1] in end[1], (trap, end, told.errors)
    captured = {hit["item_id"] for hit in told.hits if hit["detail_read"]}
    assert captured == {f"good{at}" for at in range(len(traps)) if at % 2}


def test_hostile_answers_by_http() -> None:
    with standing() as market:
        judge(scan(market, list(PLAIN), "never"), PLAIN)
    assert market.through_tls == []


@pytest.mark.browser
def test_hostile_pages_in_a_browser() -> None:
    with standing() as market:
        judge(scan(market, list(RENDERED), "always"), RENDERED)
    assert market.times("/trap/meta_refresh") <= 6  # a storm of reloads is no storm of requests
    assert market.times("/api/x") <= 21
