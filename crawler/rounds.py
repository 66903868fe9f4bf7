"""Going round: own pages of listings already stored, read once more. 下架? changed? on sale again?"""

import asyncio
from collections import Counter
from dataclasses import replace

from crawler.capture import Clerk
from crawler.closer import Tally, shows_change
from crawler.details import Detail, DetailReader, Unread
from crawler.ends import QueryEnd
from crawler.limits import Hooks, Visit
from records import Capture, Gone, Listing, Outcome, Sighting

_SAME, _CHANGED, _GONE, _UNREAD = "未变", "有变化", "已下架", "未能读出"


class Rounds:
    """One round over the pages that are due."""

    def __init__(self, *, hooks: Hooks, details: DetailReader, clerk: Clerk) -> None:
        self._hooks = hooks
        self._details = details
        self._clerk = clerk

    async def walk(self, tally: Tally) -> tuple[Outcome, str]:
        """How the round ended. Raises QueryEnd, with what was seen till then, where a wall or a budget stops it."""
        visits = await asyncio.to_thread(self._hooks.visits)
        found: Counter[str] = Counter()
        for visit in visits.due:
            try:
                found[await self._look(visit, tally)] += 1
            except QueryEnd as end:
                left = visits.left + len(visits.due) - found.total()
                raise QueryEnd(end.outcome, f"{end.note}；{_told(found, left)}") from end
            tally.cards += 1
        return Outcome.SEARCHED, _told(found, visits.left)

    async def _look(self, visit: Visit, tally: Tally) -> str:
        stored = visit.listing
        # what the page does not say comes from what is stored, as it came from a card; its text must be its own
        detail = await self._details.read(replace(stored, description="", detail_read=False))
        if isinstance(detail, Unread):
            return await self._unread(stored, detail)
        changed = shows_change(stored, detail.listing)
        hit = (await asyncio.to_thread(self._hooks.judge, detail.listing)).level.is_hit
        capture = await self._captured(detail) if hit and (changed or visit.owed) else None
        # no query of its own: the list that showed it stays the one by which it is missed
        sighting = Sighting(listing=detail.listing, page=detail.page, capture=capture)
        delivered = await asyncio.to_thread(self._hooks.deliver, [sighting])
        tally.hits += delivered.hits
        return _CHANGED if changed else _SAME

    async def _unread(self, stored: Listing, unread: Unread) -> str:
        if unread.gone is None or unread.photographer is None:
            return _UNREAD
        bare = replace(stored, pictures=())  # they are kept already, or gone with the item
        capture = await self._clerk.capture(bare, unread.gone, unread.photographer)
        gone = Gone(platform=stored.platform, item_id=stored.item_id, capture=capture)
        await asyncio.to_thread(self._hooks.gone, gone)
        return _GONE

    async def _captured(self, detail: Detail) -> Capture:
        return await self._clerk.capture(detail.listing, detail.page, detail.photographer)


def _told(found: Counter[str], left: int) -> str:
    told = "，".join(f"{what} {found[what]}" for what in (_SAME, _CHANGED, _GONE, _UNREAD) if found[what])
    seen = f"回访 {found.total()} 件：{told}" if found else "没有到期的回访"
    return f"{seen}；另有 {left} 件到期未读" if left else seen
