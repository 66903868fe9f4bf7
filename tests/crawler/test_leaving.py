"""A page that was left goes nowhere, unless it is needed before: once, and nobody navigates while it goes."""

import asyncio

import pytest

from crawler import leaving
from crawler.leaving import Leaving


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_A_MOMENT", 0.02)


def went(*, times: int = 1, needed_at_once: bool = False) -> list[str]:
    """What happens where a page is left `times` times and needed at once, or while it goes."""
    told: list[str] = []

    async def run() -> None:
        under_way = asyncio.Event()

        async def go() -> None:
            told.append("goes")
            under_way.set()
            await asyncio.sleep(0.1)
            told.append("gone")

        page = Leaving(go)
        for _ in range(times):
            page.begin()
        if not needed_at_once:
            await under_way.wait()
        await page.stay()
        told.append("needed")
        await asyncio.sleep(0.2)

    asyncio.run(run())
    return told


def test_what_is_needed_again_at_once_stays() -> None:
    assert went(times=2, needed_at_once=True) == ["needed"]


def test_what_nobody_needs_goes_once_however_often_it_is_left_and_nobody_navigates_meanwhile() -> None:
    assert went(times=3) == ["goes", "gone", "needed"]
