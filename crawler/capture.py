"""What is kept of a suspicious listing while its page is open."""

from collections.abc import Awaitable, Callable

from crawler.fetch import Fetcher
from crawler.limits import Limits
from crawler.program import NO_SANDBOX_NOTE, runs_as_root
from crawler.studio import Photograph
from records import Capture, CapturedFile, FileRole, Listing, Page, now

#: Takes the pictures that were fetched; the photograph of the page they stand on.
Photographer = Callable[[list[CapturedFile]], Awaitable[Photograph]]


class Clerk:
    """Puts captures together: the bytes as received, the listing's pictures, and what the browser made of them."""

    def __init__(self, fetcher: Fetcher, limits: Limits, permits: Callable[[], list[str]]) -> None:
        """`permits` names what people decided about asking this platform, as far as it was made use of (Chinese)."""
        self._fetcher = fetcher
        self._limits = limits
        self._permits = permits

    async def capture(
        self, listing: Listing, page: Page, photographer: Photographer, gaps: tuple[str, ...] = ()
    ) -> Capture:
        """The whole capture of `listing`, read from `page`; `gaps` are those already known."""
        captured_at = now()
        most = self._limits.max_pictures
        pictures, missing = await self._fetcher.pictures(listing.pictures[:most])
        if self._limits.browser.screenshots:
            photograph = await photographer(pictures)
        else:
            photograph = Photograph(files=(), gaps=("截图：本次巡查未启用",))
        if len(listing.pictures) > most:
            missing.append(f"图片：共 {len(listing.pictures)} 张，只保留前 {most} 张")
        body = CapturedFile(role=FileRole.PAGE, body=page.body, media_type=page.media_type, url=page.final_url)
        return Capture(
            captured_at=captured_at,
            url=page.final_url,
            files=(body, *photograph.files, *pictures),
            method="；".join((_method(page, photograph), *self._permits())),
            gaps=(*gaps, *missing, *photograph.gaps),
        )


def _method(page: Page, photograph: Photograph) -> str:
    read = "由浏览器取得" if page.fetched_by == "browser" else "由 HTTP 客户端取得"
    sandbox = f"；{NO_SANDBOX_NOTE}" if photograph.method and runs_as_root() else ""
    peer = f"，服务器地址 {page.peer}" if page.peer else ""
    return f"页面{read}{peer}；{photograph.method or '未制作截图'}{sandbox}"
