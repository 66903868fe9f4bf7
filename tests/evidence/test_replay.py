"""A package's web archive shows the page again, in a real Chromium that reaches no network at all."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, sync_playwright
from warcio.archiveiterator import ArchiveIterator

from evidence.wacz import Answer, Received, Visit, write_wacz

pytestmark = pytest.mark.browser

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SITE = "https://shop.example"
DOCUMENT = """<!DOCTYPE html><meta charset=gbk><title>象牙 手串</title><h1>正在载入</h1><img src=/pic/1.png>
<script>
fetch('/api/item?id=1').then(r => r.json()).then(item => { document.querySelector('h1').textContent = item.title; });
</script>"""
DATA = json.dumps({"title": "老象牙手串"}, ensure_ascii=False)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005000"
    "1ff56c72f0d0000000049454e44ae426082"
)


def answer(media_type: str, **more: object) -> Answer:
    facts: dict[str, object] = {"status": 200, "headers": (("Content-Type", media_type),), "method": "GET", "asked": ()}
    facts |= {"peer": "203.0.113.7", "encryption": "TLSv1.3", "at": AT, "recoded": False}
    return Answer(media_type=media_type.partition(";")[0], **(facts | more))  # type: ignore[arg-type]


def archived(folder: Path, document: str, *more: Received) -> bytes:
    """A WACZ of one page with its data and its picture."""

    def kept(url: str, body: bytes, media_type: str) -> Received:

        sha256 = hashlib.sha256(body).hexdigest()
        (folder / sha256).write_bytes(body)
        said = answer(media_type)
        return Received(
            url=url, media_type=said.media_type, path=folder / sha256, sha256=sha256, size=len(body), answer=said
        )

    gone = answer("text/html", status=302, headers=(("Location", f"{SITE}/item/1"),))
    received = (
        Received(url=f"{SITE}/go", media_type="text/html", path=None, sha256="", size=0, answer=gone),
        kept(f"{SITE}/item/1", document.encode("gbk"), "text/html; charset=gbk"),
        kept(f"{SITE}/api/item?id=1", DATA.encode(), "application/json"),
        kept(f"{SITE}/pic/1.png", PIXEL, "image/png"),
        *more,
    )
    out = io.BytesIO()
    visit = Visit(url=f"{SITE}/item/1", title="象牙 手串", at=AT, received=received, told={})
    write_wacz(out, [visit], software="test")
    return out.getvalue()


@dataclass
class Reader:
    """Answers a browser's requests from a web archive by its index, and from nothing else."""

    wacz: bytes
    asked: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with zipfile.ZipFile(io.BytesIO(self.wacz)) as archive:
            self._warc = archive.read("archive/data.warc.gz")
            lines = archive.read("indexes/index.cdx").decode().splitlines()
            pages = archive.read("pages/pages.jsonl").decode().splitlines()
        told = (json.loads(line.split(" ", 2)[2]) for line in lines)
        self._places = {one["url"]: (one["offset"], one["length"]) for one in told}
        self.page = json.loads(pages[1])["url"]

    def answer(self, route: Route, request: Request) -> None:
        self.asked.append(request.url)
        if request.url not in self._places:
            self.missed.append(request.url)
            route.abort()
            return
        offset, length = self._places[request.url]
        record = next(iter(ArchiveIterator(io.BytesIO(self._warc[offset : offset + length]))))
        headers = dict(record.http_headers.headers)
        status = int(record.http_headers.get_statuscode())
        route.fulfill(status=status, headers=headers, body=record.content_stream().read())


@pytest.fixture(scope="module")
def window(chromium: str) -> Iterator[Page]:
    """A page of a browser whose every name leads nowhere."""
    with sync_playwright() as driver:
        words = ["--host-resolver-rules=MAP * ~NOTFOUND", "--no-sandbox"]
        browser = driver.chromium.launch(executable_path=chromium, args=words)
        yield browser.new_page()
        browser.close()


def shown(window: Page, reader: Reader) -> str:
    window.unroute("**/*")
    window.route("**/*", reader.answer)
    window.goto(reader.page, wait_until="networkidle")
    return window.inner_text("h1")


def test_the_page_its_data_and_its_picture_come_from_the_archive_alone(window: Page, tmp_path: Path) -> None:
    reader = Reader(archived(tmp_path, DOCUMENT))
    assert shown(window, reader) == "老象牙手串"  # what the script wrote, from the archived data
    assert window.title() == "象牙 手串"  # GBK, as the archived header says
    assert window.evaluate("document.images[0].naturalWidth") == 1
    assert reader.missed == [] and f"{SITE}/api/item?id=1" in reader.asked


def test_what_was_not_captured_is_not_there(window: Page, tmp_path: Path) -> None:
    reader = Reader(archived(tmp_path, DOCUMENT.replace("id=1", "id=2")))
    assert shown(window, reader) == "正在载入"
    assert reader.missed == [f"{SITE}/api/item?id=2"]
