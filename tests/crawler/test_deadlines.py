"""A page that hangs is left in time: the deadline itself, and that nothing of a browser is awaited outside one."""

import ast
import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright import async_api

from crawler.deadline import Deadline

ROOMS = Path(__file__).resolve().parents[2] / "crawler"
KINDS = ("Browser", "BrowserContext", "BrowserType", "CDPSession", "Page", "Playwright", "Request", "Response", "Route")
#: Whatever of a browser can be awaited, and so can hang (FAULTS §0.9). `check` is also what asks robots.txt.
CALLS = {
    name
    for kind in KINDS
    for name, method in inspect.getmembers(getattr(async_api, kind), inspect.iscoroutinefunction)
    if not name.startswith("_") and name != "check"
}
#: Functions that say of themselves that they have no deadline; whoever calls them has one.
BARE = {
    ("sheet.py", "ask"),
    ("sheet.py", "unseen"),
    ("sheet.py", "still"),  # whoever leaves a page, and whoever opens the next, waits for them so long
    ("sheet.py", "wake"),
    ("hops.py", "watch_hops"),
    ("weight.py", "weigh"),
    ("overheard.py", "_body"),  # both inside `trail`, which keeps its caller's deadline
    ("overheard.py", "_tls"),
    ("renderer.py", "_download_request_with_page"),  # inside `download_request`, which keeps the page's deadline
    ("studio.py", "serve"),  # a handler of its own task: nobody waits for it but the page
    ("hops.py", "decide"),  # likewise
    ("gate.py", "let_through"),  # likewise
    ("sheet.py", "let_go"),  # whoever closes waits for them so long
    ("sheet.py", "shut_down"),
    ("sheet.py", "shut"),
    ("chromium.py", "_what_it_is"),  # inside `_launch`, which waits for it so long
}


def bare_awaits(file: str, source: str) -> Iterator[str]:
    """Each await of a browser's call that stands outside a deadline."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.AsyncFunctionDef) or (file, function.name) in BARE:
            continue
        for node in ast.walk(function):
            if not (isinstance(node, ast.Await) and isinstance(node.value, ast.Call)):
                continue
            called = node.value.func
            ours = (
                isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "self"
            )
            if isinstance(called, ast.Attribute) and called.attr in CALLS and not ours:
                yield f"{file}:{node.lineno} {function.name}: {ast.unparse(node)}"


def test_nothing_of_a_browser_is_awaited_outside_a_deadline() -> None:
    sources = {path.name: path.read_text("utf-8") for path in ROOMS.glob("*.py")}
    driving = {name: text for name, text in sources.items() if "from playwright.async_api" in text}
    assert len(driving) >= 6
    assert [found for name, text in driving.items() for found in bare_awaits(name, text)] == []
    assert all(f"async def {function}(" in sources[name] for name, function in BARE)


@pytest.mark.parametrize("call", ["page.content()", "session.send('x')", "context.close()", "answer.body()"])
def test_a_bare_await_would_be_seen(call: str) -> None:
    assert list(bare_awaits("x.py", f"async def read(page):\n    return await {call}"))
    assert not list(bare_awaits("x.py", f"async def read(page):\n    return await deadline.keep({call})"))


def test_all_waits_for_a_page_share_its_time() -> None:
    async def run() -> tuple[str, float]:
        deadline = Deadline(0.2)
        assert await deadline.keep(asyncio.sleep(0.01, "in time")) == "in time"
        with pytest.raises(TimeoutError):
            await deadline.keep(asyncio.sleep(30))
        with pytest.raises(TimeoutError):
            await deadline.keep(asyncio.sleep(30))
        return "left", deadline.left

    assert asyncio.run(run()) == ("left", 0.0)


def test_standing_in_line_is_not_the_pages_time() -> None:
    async def run() -> str:
        deadline = Deadline(0.3)

        async def in_line() -> str:
            with deadline.paused():
                await asyncio.sleep(0.6)
            await asyncio.sleep(0.05)
            return "done"

        return await deadline.keep(in_line())

    assert asyncio.run(run()) == "done"


def test_a_page_that_is_ended_ends_who_waits_for_it_even_in_line() -> None:
    async def run() -> None:
        deadline = Deadline(60)

        async def in_line() -> None:
            with deadline.paused():
                asyncio.get_running_loop().call_later(0.05, deadline.expire)
                await asyncio.sleep(60)

        with pytest.raises(TimeoutError):
            await deadline.keep(in_line())

    asyncio.run(run())
