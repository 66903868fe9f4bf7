"""A page saved on disk, as a Page."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from crawler.addresses import absolute, canonical
from crawler.definition import Definition
from crawler.documents import Document
from crawler.encodings import detect_encoding
from crawler.refusals import PageFileRefused
from records import Page

_LARGEST = 64 * 1024 * 1024
_MEDIA_TYPES = {".json": "application/json", ".js": "application/javascript", ".jsonp": "application/javascript"}
_OWN_ADDRESS = "//link[@rel='canonical']/@href | //meta[@property='og:url']/@content | //meta[@itemprop='url']/@content"


def page_from_file(path: Path | str, definition: Definition | None = None) -> Page:
    """The page in this file, read in its real encoding; raises PageFileRefused.

    Its address is the one that it states itself (canonical link, og:url, the comment of a browser's "save as");
    failing that the site of `definition`, so that relative links resolve. Its time is that of the file.
    """
    path = Path(path)
    try:
        size, changed = path.stat().st_size, path.stat().st_mtime
        if not path.is_file() or size > _LARGEST:
            raise PageFileRefused(f"{path.name}：{'不是文件' if not path.is_file() else f'{size} 字节，过大'}")
        body = path.read_bytes()
    except OSError as error:
        raise PageFileRefused(f"{path.name}：{error.strerror or error}") from error
    fallback = definition.site + "/" if definition is not None else "http://localhost/"
    page = Page(
        url=fallback,
        final_url=fallback,
        status=200,
        body=body,
        media_type=_MEDIA_TYPES.get(path.suffix.lower(), "text/html"),
        encoding=detect_encoding(body),
        fetched_at=datetime.fromtimestamp(changed, UTC),
        fetched_by="file",
    )
    url = _own_address(page, fallback)
    return page if url == fallback else replace(page, url=url, final_url=url)


def _own_address(page: Page, fallback: str) -> str:
    saved = re.search(rb"<!-- saved from url=\(\d+\)(\S{1,1000}) -->", page.body[:2000])
    document = Document(page=page)
    stated = [saved[1].decode("ascii", "replace")] if saved else []
    stated += [str(one) for one in document.tree.xpath(_OWN_ADDRESS)] if document.tree is not None else []
    resolved = (canonical(absolute(fallback, one)) for one in stated)
    return next((one for one in resolved if one), fallback)
