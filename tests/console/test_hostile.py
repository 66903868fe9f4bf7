"""Hostile strings in every text field, from a page to screen, CSV and XLSX: nothing runs, nothing is a formula, and
what can be stored comes back as it was."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import openpyxl
import pytest
from playwright.sync_api import Page
from sqlalchemy import Engine

from console import add_demo_user
from db.engine import transaction
from pipelines import receive
from records import Capture, CapturedFile, FileRole, Seller, Source
from tests.console import hostile
from tests.console.test_browser import page as page
from tests.console.test_browser import served
from tests.pipelines.made import NIGHT, listing, reception, rows, sighting

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

#: What PostgreSQL or JSON cannot hold: U+FFFD stands in its place, one for one.
UNSTORABLE = re.compile("[\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U0010fffe\U0010ffff]")
#: Seen on the screen as a mark without text, and as ⟨U+202E⟩.
UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff]")
MARKED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2065-\u206f]")
#: Cells show these otherwise, too: see reports.cells.
NOT_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|_x[0-9a-fA-F]{4}_")
#: What a program that opens CSV may take for a formula.
FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠|%]")


@dataclass(frozen=True)
class Kept:
    """One string, in every text of one listing."""

    given: str
    stored: str
    lead_id: int


def sighted(number: int, text: str):
    """A listing that a person brought in, with the string in every text and its bytes in the page that was kept."""
    item = listing(
        f"{number}-{text}",
        text,
        description=text,
        price_text=text,
        place=text,
        url=text,
        pictures=(text,),
        seller=Seller(key=f"{number}-{text}", name=text, place=text, url=text),
    )
    body = f"<p>{text}</p>".encode("utf-8", "surrogatepass")
    files = (CapturedFile(role=FileRole.PAGE, body=body, media_type="text/html", url=text),)
    capture = Capture(captured_at=NIGHT, url=text, files=files, method=text)
    facts = {"capture": capture, "source": Source.COMPLAINT, "brought_by": text or "x", "note": text}
    return sighting(item, **facts)


def taken_in(engine: Engine, root, given: list[str]) -> list[Kept]:
    """Through the path of every listing."""
    received = receive([sighted(number, text) for number, text in enumerate(given)], reception(engine, root))
    assert (received.listings, received.quarantined, received.leads) == (len(given), 0, len(given))
    found = rows(
        engine, "select l.title, h.lead_id from listings l join lead_hits h on h.listing_id = l.id order by l.id"
    )
    by_title: dict[str, list[int]] = {}
    for title, lead_id in found:
        by_title.setdefault(title, []).append(lead_id)
    stored = [UNSTORABLE.sub("\ufffd", text.strip()) for text in given]
    return [Kept(text, held, by_title[held].pop()) for text, held in zip(given, stored, strict=True)]


@contextmanager
def console(desk, engine: Engine) -> Iterator[str]:
    with transaction(engine) as conn:
        add_demo_user(conn, desk.now())
    with served(replace(desk, demo=True)) as url:
        yield url


# --- the four places --------------------------------------------------------------------------------------------------


def check_database(engine: Engine, root, kept: list[Kept]) -> None:
    """As stored, character for character; what was replaced is recorded and its bytes stand in the evidence."""
    columns = "title, description, price_text, place, url, note, sanitised"
    found = {
        row[0]: row[1:]
        for row in rows(engine, f"select h.lead_id, {columns} from listings l join lead_hits h on h.listing_id = l.id")
    }
    for one in kept:
        *texts, sanitised = found[one.lead_id]
        assert texts == [one.stored] * 6, ascii(one.given)
        assert sanitised is (one.given.strip() != one.stored), ascii(one.given)
        digest = hashlib.sha256(f"<p>{one.given}</p>".encode("utf-8", "surrogatepass")).hexdigest()
        file = root / digest[:2] / digest[2:4] / digest if (root / digest[:2] / digest[2:4]).is_dir() else None
        assert (file or next(root.rglob(digest))).is_file(), ascii(one.given)


def on_screen(text: str) -> str:
    seen = MARKED.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", UNSEEN.sub("", text))
    return seen.replace("\r\n", "\n").replace("\r", "\n")  # what HTML makes of a carriage return


TEXTS = """() => ({title: document.querySelector('.lead-top h1 bdi').textContent,
  description: document.querySelector('.description bdi').textContent, address: location.href})"""


def check_screen(opened: Page, url: str, kept: list[Kept]) -> None:
    """Every lead's page, the list with all of them, and one page of each other kind."""
    for one in kept:
        opened.goto(f"{url}/leads/{one.lead_id}")
        seen = opened.evaluate(TEXTS)
        assert seen["address"] == f"{url}/leads/{one.lead_id}"
        assert seen["title"] == on_screen(one.stored), ascii(one.given)
        assert seen["description"] == (on_screen(one.stored) or "—"), ascii(one.given)
    for number in range(-(-len(kept) // 50)):
        opened.goto(f"{url}/review?district=*&page={number + 1}")
        opened.wait_for_selector(".lead-row")
    for one in kept[:: max(1, len(kept) // 40)]:
        for path in (
            f"/review?lead={one.lead_id}&district=*",
            f"/leads/{one.lead_id}/related",
            "/review/bulk?district=*",
        ):
            opened.goto(url + path)
        opened.goto(url + "/search")
        opened.fill("main [name=q]", one.stored[:70])
        opened.press("main [name=q]", "Enter")
        opened.wait_for_load_state()


def check_exports(http, kept: list[Kept]) -> None:
    """The Excel file opened by another program, and the CSV read by Python's own reader."""
    wanted = {f"疑似-{one.lead_id}": one.stored for one in kept}
    told = {"unmasked": "true", "why": "核对导出文字"}
    book = http.post("/exports", {"kind": "xlsx", **told})
    assert book.status_code == 200
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        names = parts.namelist()
        sheets = [parts.read(name) for name in names if name.startswith("xl/worksheets/")]
    assert not [sheet for sheet in sheets if re.search(rb"<f[ >]|<hyperlink", sheet)]
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower()]
    opened = openpyxl.load_workbook(io.BytesIO(book.content))
    cells = [cell for sheet in opened for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    compare([[cell.value for cell in row] for row in opened["线索清单"].iter_rows()], wanted)
    sheet = http.post("/exports", {"kind": "csv", **told})
    read = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"), newline="")))
    assert len(read) == len(kept) + 1
    assert not [field for row in read for field in row if FORMULA.match(field)]
    compare(read, wanted, led_by="'")


def compare(table: list[list], wanted: dict[str, str], *, led_by: str = "") -> None:
    """Title, seller and place of each lead as they were, where a cell can hold them as they are."""
    head = table[0]
    columns = [head.index(name) for name in ("涉嫌商品标题（分值最高）", "卖家", "卖家自报地")]
    plain = 0
    for row in table[1:]:
        text = wanted[row[head.index("线索编号")]]
        if not NOT_PLAIN.search(text):
            plain += 1
            held = f"{led_by}{text}" if led_by and FORMULA.match(text) else text
            assert [row[at] or "" for at in columns] == [held] * 3, ascii(text)
    assert plain > len(wanted) // 3


def check(desk, engine: Engine, opened: tuple, account, tmp_path, given: list[str]) -> None:
    root = tmp_path / "kept"
    kept = taken_in(engine, root, given)
    check_database(engine, root, kept)
    page, seen = opened
    visitor = account("ke", "head")
    for one in kept:  # what people type, too
        said = visitor.post(f"/leads/{one.lead_id}/note", {"text": one.stored})
        assert said.status_code in (303, 400), ascii(one.given)
    with console(desk, engine) as url:
        check_screen(page, url, kept)
        assert (seen.dialogs, seen.violations, seen.away) == ([], [], [])
        assert page.evaluate("window.__ran") == []
        # and what watches would have seen it
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://evil.example/x\" onerror=\"alert(1)\">')"
        )
        page.wait_for_function("window.__ran.length > 0")
    check_exports(visitor, kept)


def test_a_sample_of_hostile_strings(desk, engine, page, account, tmp_path):
    check(desk, engine, page, account, tmp_path, hostile.sample())


@pytest.mark.drill
@pytest.mark.timeout(1500)
def test_a_thousand_hostile_strings(desk, engine, page, account, tmp_path):
    check(desk, engine, page, account, tmp_path, hostile.strings())
