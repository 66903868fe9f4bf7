"""Own pages read again: what changed, what is gone, and what a wall leaves unread. No network."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crawler.closer import Tally
from crawler.details import Detail, Unread
from crawler.ends import QueryEnd
from crawler.limits import Delivered, Hooks, Visit, Visits
from crawler.rounds import Rounds
from records import Assessment, Capture, Gone, Level, Listing, Outcome, Page, Sighting, now

PAGE = Page(url="https://goods.test/1", final_url="https://goods.test/1", status=200, body=b"x", fetched_at=now())


def item(number: int, title: str = "象牙", description: str = "旧话") -> Listing:
    return Listing(
        platform="goods", item_id=str(number), url=f"https://goods.test/{number}", title=title,
        description=description, price=Decimal(5), price_text="¥5", detail_read=True,
    )  # fmt: skip


class Clerk:
    async def capture(self, listing: Listing, page: Page, photographer: Any, gaps: Any = ()) -> Capture:
        return Capture(captured_at=now(), url=page.final_url, files=(), method=f"photograph of {listing.item_id}")


class Details:
    def __init__(self, answers: list[Detail | Unread | QueryEnd]) -> None:
        self._answers = answers
        self.asked: list[Listing] = []

    async def read(self, card: Listing) -> Detail | Unread:
        self.asked.append(card)
        answer = self._answers.pop(0)
        if isinstance(answer, QueryEnd):
            raise answer
        return answer


async def photographer(_pictures: object) -> Any:
    raise AssertionError("the clerk of this test takes none")


def shows(listing: Listing) -> Detail:
    return Detail(listing=listing, page=PAGE, photographer=photographer)


def walk(visits: Visits, *answers: Detail | Unread | QueryEnd) -> tuple[Any, list[Sighting], list[Gone], Details]:
    delivered: list[Sighting] = []
    gone: list[Gone] = []
    details = Details(list(answers))

    def deliver(sightings: list[Sighting]) -> Delivered:
        delivered.extend(sightings)
        return Delivered(new=0, hits=len(sightings))

    def judge(listing: Listing) -> Assessment:
        level = Level.REVIEW if "象牙" in listing.title else Level.NONE
        return Assessment(level=level, score=0, parts=(), matches=(), lexicon_version="v", matcher_version="m")

    hooks = Hooks(
        known=lambda *_: set(), judge=judge, deliver=deliver, starting=lambda _: None, report=lambda _: None,
        visits=lambda: visits, gone=gone.append,
    )  # fmt: skip
    rounds = Rounds(hooks=hooks, details=details, clerk=Clerk())  # type: ignore[arg-type]
    try:
        end: Any = asyncio.run(rounds.walk(Tally()))
    except QueryEnd as stopped:
        end = stopped
    return end, delivered, gone, details


def test_what_changed_is_captured_what_is_gone_is_told_and_the_rest_is_seen() -> None:
    due = tuple(Visit(listing=item(n)) for n in range(5))
    taken_down = Unread(why="商品已下架或不存在", gone=PAGE, photographer=photographer)
    changed, plain = shows(item(1, description="新话")), shows(item(4, title="木头"))
    end, delivered, gone, details = walk(
        Visits(due=due, left=2), shows(item(0)), changed, taken_down, Unread(why="读不出"), plain
    )
    assert end == (Outcome.SEARCHED, "回访 5 件：未变 1，有变化 2，已下架 1，未能读出 1；另有 2 件到期未读")
    assert [(one.listing.item_id, one.capture is not None) for one in delivered] == [
        ("0", False), ("1", True), ("4", False),
    ]  # fmt: skip
    # the list that showed it stays the one by which it is missed
    assert {one.query_id for one in delivered} == {None}
    assert [one.item_id for one in gone] == ["2"]
    # a page that has lost its text must not be given the old one
    assert {one.description for one in details.asked} == {""}


def test_a_capture_that_is_owed_is_made_although_nothing_changed() -> None:
    _, [one], _, _ = walk(Visits(due=(Visit(listing=item(0), owed=True),)), shows(item(0)))
    assert one.capture is not None


def test_a_wall_ends_the_round_and_the_note_counts_what_was_left() -> None:
    due = tuple(Visit(listing=item(n)) for n in range(4))
    end, delivered, _, _ = walk(Visits(due=due, left=1), shows(item(0)), QueryEnd(Outcome.BLOCKED, "滑块"))
    assert isinstance(end, QueryEnd) and end.outcome is Outcome.BLOCKED
    assert end.note == "滑块；回访 1 件：未变 1；另有 4 件到期未读"
    assert len(delivered) == 1


def test_nothing_due_costs_nothing() -> None:
    end, _, _, details = walk(Visits())
    assert end == (Outcome.SEARCHED, "没有到期的回访") and details.asked == []


@pytest.mark.parametrize("stamps", [("2026-11-20 10:00", "2026-11-21 10:00")])
def test_a_card_whose_time_of_change_moved_is_another_card(stamps: tuple[str, str]) -> None:
    early, late = (replace(item(0), updated=stamp) for stamp in stamps)
    assert early.fingerprint == late.fingerprint and early.card_mark != late.card_mark
    assert item(0).card_mark == item(0).fingerprint
