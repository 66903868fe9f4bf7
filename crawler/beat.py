"""The walk over the queries of one platform: each reads its list, looks closer where it pays, ends in one outcome."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from crawler.closer import CloserLook, Sifted, Tally
from crawler.contained import contained
from crawler.definition import Definition
from crawler.ends import ListLost, NoBrowser, QueryEnd
from crawler.fetch import RETRIES
from crawler.gauge import Gauge
from crawler.imprint import read_imprint
from crawler.limits import Courtesy, Hooks, Limits
from crawler.lists import ListReader, Read
from crawler.politeness import Politeness
from crawler.refusals import PlatformCannot
from crawler.rounds import Rounds
from crawler.shells import Readers
from crawler.shown import Shown
from records import KNOWN_BEHIND, Control, Listing, Outcome, Query, QueryKind, QueryReport, now

log = structlog.get_logger(__name__)

# After so many queries one after the other that got no page at all, the platform is down tonight.
_SILENCES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What a beat works with; made by the spider."""

    hooks: Hooks
    limits: Limits
    politeness: Politeness
    courtesy: Courtesy
    readers: Readers
    closer: CloserLook
    rounds: Rounds
    #: No page of a query lives on when it has ended.
    leave: Callable[[], Awaitable[None]]


class Beat:
    """One platform, its queries one after the other."""

    def __init__(self, definition: Definition, tools: Tools) -> None:
        self._definition = definition
        self._tools = tools
        self._hooks = tools.hooks
        self._walls = 0
        self._silences = 0
        #: By region: a term may well give the same page for a city and for everywhere.
        self._gauges: dict[str, Gauge] = defaultdict(Gauge)
        self._imprinted = False

    async def walk(self, queries: Sequence[Query]) -> None:
        """Every query ends in one report. What a hook raises goes through."""
        for query in queries:
            if why := self._closed():
                await self._report(query, Tally(), (Outcome.NOT_RUN, why))
            else:
                await asyncio.to_thread(self._hooks.starting, query)
                await self._run(query)
        await self._resolve(() if self._closed() else await asyncio.to_thread(self._hooks.doubt))

    async def _resolve(self, words: Sequence[str]) -> None:
        control: Control | None = None
        for word in words:
            if control is None or control.outcome is Outcome.EMPTY:  # a wall is not asked twice
                control = await self._control(word, control)
        if control is not None:
            await asyncio.to_thread(self._hooks.controlled, control)

    def _closed(self) -> str:
        """Why nothing more is asked of the platform tonight; empty while it may be asked."""
        if self._walls >= self._tools.limits.walls:
            return "该平台接连拦截，本次不再访问"
        return f"该平台接连 {_SILENCES} 次没有应答，本次不再访问" if self._silences >= _SILENCES else ""

    async def _control(self, word: str, before: Control | None) -> Control:
        """The first page for an ordinary word: whether nothing for ours is an answer. Nothing of it is kept."""
        asked = self._tools.politeness.requests - (before.requests if before else 0)
        cards = 0
        try:
            _, read = await self._tools.readers.first(self._definition.address(_search_for(self._definition.key, word)))
            cards = len(read.cards.listings)
            outcome, note = read.cards.outcome or Outcome.SEARCHED, read.cards.note
        except QueryEnd as stop:
            outcome, note = stop.outcome, stop.note
        requests = self._tools.politeness.requests - asked
        if before and not cards:
            word = f"{before.word}”“{word}"
        log.info("control word asked", platform=self._definition.key, outcome=outcome.value, cards=cards)
        return Control(word=word, outcome=outcome, cards=cards, note=note, requests=requests)

    async def _run(self, query: Query) -> None:
        tally, started_at, asked = Tally(), now(), self._tools.politeness.requests
        try:
            end = await self._persevere(query, tally)
        except QueryEnd as stop:
            end = (stop.outcome, stop.note)
        except (NoBrowser, PlatformCannot) as fault:
            end = (Outcome.FAILED, fault.message())
        if end[0] is Outcome.LOGIN_REQUIRED:
            end = (end[0], _what_then(self._tools.courtesy, end[1]))
        await self._tools.leave()
        await self._tools.closer.settle(tally)
        if end[0] is Outcome.NOT_RUN and tally.pages:  # stopped on its way: part of it was seen
            end = (Outcome.BUDGET_SPENT, end[1])
        requests = self._tools.politeness.requests - asked
        # a login asked for from page 3 on leaves every query its first pages: no reason to ask nothing more
        members_only = end[0] is Outcome.LOGIN_REQUIRED and tally.pages > 0
        walled = end[0] in (Outcome.BLOCKED, Outcome.LOGIN_REQUIRED) and requests > 0 and not members_only
        self._walls = self._walls + 1 if walled else 0
        silent = end[0] is Outcome.FAILED and requests > 0 and not tally.pages
        self._silences = self._silences + 1 if silent else 0
        await self._report(query, tally, end, requests=requests, started_at=started_at)

    async def _persevere(self, query: Query, tally: Tally) -> tuple[Outcome, str]:
        """A list whose browser died under it is read again from its start; what it has shown is delivered by then."""
        for _ in range(RETRIES):
            try:
                return await self._search(query, tally)
            except ListLost as lost:
                log.warning("list begun again", platform=query.platform, query=query.id, why=lost.note)
                await self._tools.closer.settle(tally)
                tally.rewind()
        return await self._search(query, tally)

    async def _search(self, query: Query, tally: Tally) -> tuple[Outcome, str]:
        if self._definition.access == "walled" and self._tools.courtesy.session is None:
            return Outcome.LOGIN_REQUIRED, f"平台不对公众开放，未访问。{self._definition.lawful}"
        if query.kind is QueryKind.REVISIT:
            return await self._tools.rounds.walk(tally)
        reader, read = await self._tools.readers.first(self._definition.address(query))
        shown = Shown()
        most = _least(self._tools.limits.max_pages, self._definition.max_pages)
        while read.cards.outcome is None:
            tally.pages += 1
            await self._imprint(reader, read)
            tally.measures += self._gauges[query.region].measure(query.id, read.cards)
            cards = shown.new(read.cards.listings)
            tally.cards += len(cards)
            fresh = await self._tools.closer.sift(query, cards)
            await self._tools.closer.look(query, read, fresh, tally)
            if self._all_known(query, cards, fresh) and tally.pages >= self._reread:
                return Outcome.SEARCHED, f"读到第 {tally.pages} 页，{KNOWN_BEHIND}"
            if not cards:
                tally.to_end = True
                return Outcome.SEARCHED, f"第 {tally.pages} 页没有新的商品"
            if tally.pages >= most and reader.goes_on(read):
                return Outcome.BUDGET_SPENT, f"读满 {most} 页，后面还有"
            following = await reader.after(read)
            if following is None:
                tally.to_end = True
                return Outcome.SEARCHED, f"共 {tally.pages} 页，已读到末页" + _unread(read)
            read = following
        return self._stopped(read, tally)

    async def _imprint(self, reader: ListReader, read: Read) -> None:
        """Reads once a patrol, where that is due, who runs the platform: its pages say so at their foot."""
        if self._imprinted:
            return
        self._imprinted = True
        if not await asyncio.to_thread(self._hooks.imprint_due):
            return
        try:
            page = await reader.whole(read)
            imprint = contained(read_imprint, self._definition, page) if page else None
        except QueryEnd:  # logged; a foot that cannot be read costs no search its end
            return
        if imprint is None:
            return
        if imprint.says_who:
            await asyncio.to_thread(self._hooks.imprint, imprint)

    def _stopped(self, read: Read, tally: Tally) -> tuple[Outcome, str]:
        """The end that a page without cards stands for."""
        outcome = read.cards.outcome or Outcome.DRIFTED
        tally.to_end = outcome is Outcome.EMPTY
        if outcome is Outcome.EMPTY and tally.pages:
            return Outcome.SEARCHED, f"共 {tally.pages} 页，已读到末页"
        return outcome, f"第 {tally.pages + 1} 页：{read.cards.note}"

    def _all_known(self, query: Query, cards: list[Listing], fresh: Sifted) -> bool:
        """True where the rest of a list, newest first and read to its end before, holds nothing new either."""
        return bool(cards) and not fresh and query.read_before and self._definition.sort != "other"

    @property
    def _reread(self) -> int:
        """Pages that are read whatever they hold: listings change in place, unless a change puts them on top."""
        return 1 if self._definition.sort == "updated" else self._tools.limits.reread_pages

    async def _report(self, query: Query, tally: Tally, end: tuple[Outcome, str], **costs: object) -> None:
        finished_at = now()
        outcome, note = end
        log.info("query ended", platform=query.platform, query=query.id, outcome=outcome.value, pages=tally.pages)
        report = QueryReport(
            query=query,
            outcome=outcome,
            note=note,
            pages=tally.pages,
            cards=tally.cards,
            new=tally.new,
            card_only=tally.card_only,
            hits=tally.hits,
            to_end=tally.to_end,
            measures=tally.measures,
            finished_at=finished_at,
            **{"started_at": finished_at, **costs},  # type: ignore[arg-type]
        )
        await asyncio.to_thread(self._hooks.report, report)


def _search_for(platform: str, word: str) -> Query:
    return Query(platform=platform, kind=QueryKind.SEARCH, text=word)


def _what_then(courtesy: Courtesy, note: str) -> str:
    """The note of a query that met a login, with what can be done about it."""
    if courtesy.session is not None:
        note = f"会话失效：{note}（用的是{courtesy.session.name}）"
    return f"{note}；{courtesy.login_hint}" if courtesy.login_hint else note


def _least(limit: int | None, own: int) -> int:
    return own if limit is None else min(limit, own)


def _unread(read: Read) -> str:
    return f"（末页有 {read.cards.unread} 张卡片未能读出）" if read.cards.unread else ""
