"""What is kept of a suspicious listing while its page is open."""

import asyncio
from collections.abc import Awaitable, Callable

from crawler.circumstances import Course, written_down
from crawler.fetch import Fetcher
from crawler.limits import Limits
from crawler.manners import RobotsBook
from crawler.program import NO_SANDBOX_NOTE, runs_as_root
from crawler.studio import Photograph
from records import Capture, CapturedFile, Exchange, FileRole, Listing, Page, Surroundings, now, withheld

#: Takes the pictures that were fetched; the photograph of the page they stand on.
Photographer = Callable[[list[CapturedFile]], Awaitable[Photograph]]

_FRESH = "本次启动的浏览器，新建的临时上下文，无扩展程序，不留存登录状态"


class Clerk:
    """Puts captures together: the bytes as received, the listing's pictures, and what the browser made of them."""

    def __init__(
        self,
        fetcher: Fetcher,
        limits: Limits,
        *,
        robots: RobotsBook,
        delay: float,
        surroundings: Callable[[], Surroundings],
    ) -> None:
        """`robots` names what people decided about asking this platform; `delay` in seconds between two requests."""
        self._fetcher = fetcher
        self._limits = limits
        self._robots = robots
        self._delay = delay
        self._surroundings = surroundings

    async def capture(
        self, listing: Listing, page: Page, photographer: Photographer, gaps: tuple[str, ...] = ()
    ) -> Capture:
        """The whole capture of `listing`, read from `page`; `gaps` are those already known."""
        captured_at = now()
        most = self._limits.max_pictures
        gallery = await self._fetcher.pictures(listing.pictures[:most])
        pictures, missing = gallery.files, list(gallery.gaps)
        if self._limits.browser.screenshots:
            photograph = await photographer(list(pictures))
        else:
            photograph = Photograph(files=(), gaps=("截图：本次巡查未启用",))
        if len(listing.pictures) > most:
            missing.append(f"图片：共 {len(listing.pictures)} 张，只保留前 {most} 张")
        body = CapturedFile(role=FileRole.PAGE, body=page.body, media_type=page.media_type, url=page.final_url)
        method = "；".join((_method(page, photograph), *self._robots.permits()))
        files = (body, *photograph.files, *pictures)
        course = Course(
            url=page.url,
            final_url=page.final_url,
            began=captured_at,
            ended=now(),
            method=method,
            exchanges=(*(photograph.trail or page.trail or _as_kept(page)), *gallery.trail),
            console=photograph.console,
            surroundings=await asyncio.to_thread(self._surroundings),
            user_agent=self._limits.user_agent,
            robots=self._robots.basis,
            delay=self._delay,
            browser=_FRESH if photograph.method and not self._limits.browser.remote else "",
        )
        return Capture(
            captured_at=captured_at,
            url=page.final_url,
            files=(*files, *written_down(course, files)),
            method=method,
            gaps=(*gaps, *missing, *photograph.gaps),
        )


def _as_kept(page: Page) -> tuple[Exchange, ...]:
    """A page that a browser had read before its listing was suspected: the answer alone is there."""
    return (
        Exchange(
            url=page.final_url,
            status=page.status,
            answered=withheld(page.headers),
            body=page.body,
            note="请求头未留存：该页由浏览器在命中之前读取",
            peer=page.peer,
            began=page.fetched_at,
            ended=page.fetched_at,
            client=page.fetched_by,
        ),
    )


def _method(page: Page, photograph: Photograph) -> str:
    read = "由浏览器取得" if page.fetched_by == "browser" else "由 HTTP 客户端取得"
    sandbox = f"；{NO_SANDBOX_NOTE}" if photograph.method and runs_as_root() else ""
    peer = f"，服务器地址 {page.peer}" if page.peer else ""
    return f"页面{read}{peer}；{photograph.method or '未制作截图'}{sandbox}"
