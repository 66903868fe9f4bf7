"""Hostile strings in every text field, from a page to screen, CSV and XLSX: nothing runs, nothing is a formula, and
what can be stored comes back as it was."""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

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


@dataclass
class Found:
    """What was looked at, and all that was not as it should be, each with the string that did it."""

    #: Strings that were compared, by place.
    looked: Counter[str] = field(default_factory=Counter)
    #: (place, string) where a text is not the one that was given.
    differing: list[tuple[str, str]] = field(default_factory=list)
    #: Cells and fields that a program would take for a formula, a link or a program; parts of a book that may hold one.
    formulas: list[str] = field(default_factory=list)
    #: Dialogs, violations of the policy, addresses asked for elsewhere, calls that ran.
    executed: list[object] = field(default_factory=list)
    #: True where what watches the browser saw a call that was made to run.
    watched: bool = False

    def same(self, place: str, given: str, *, as_wanted: bool) -> None:
        """Counts one comparison."""
        self.looked[place] += 1
        if not as_wanted:
            self.differing.append((place, ascii(given)))


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


def look_at_database(engine: Engine, root, kept: list[Kept], found: Found) -> None:
    """As stored, character for character; what was replaced is recorded and its bytes stand in the evidence."""
    columns = "title, description, price_text, place, url, note, sanitised"
    told = {
        row[0]: row[1:]
        for row in rows(engine, f"select h.lead_id, {columns} from listings l join lead_hits h on h.listing_id = l.id")
    }
    for one in kept:
        *texts, sanitised = told[one.lead_id]
        as_wanted = texts == [one.stored] * 6 and sanitised is (one.given.strip() != one.stored)
        found.same("database", one.given, as_wanted=as_wanted)
        digest = hashlib.sha256(f"<p>{one.given}</p>".encode("utf-8", "surrogatepass")).hexdigest()
        file = root / digest[:2] / digest[2:4] / digest if (root / digest[:2] / digest[2:4]).is_dir() else None
        found.same("evidence", one.given, as_wanted=(file or next(root.rglob(digest), root)).is_file())


def on_screen(text: str) -> str:
    seen = MARKED.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", UNSEEN.sub("", text))
    return seen.replace("\r\n", "\n").replace("\r", "\n")  # what HTML makes of a carriage return


TEXTS = """() => ({title: document.querySelector('.lead-top h1 bdi').textContent,
  description: document.querySelector('.description bdi').textContent, address: location.href})"""


def look_at_screen(opened: Page, url: str, kept: list[Kept], found: Found) -> None:
    """Every lead's page, the list with all of them, and one page of each other kind."""
    for one in kept:
        opened.goto(f"{url}/leads/{one.lead_id}")
        wanted = {"title": on_screen(one.stored), "description": on_screen(one.stored) or "—"}
        seen = opened.evaluate(TEXTS)
        found.same("screen", one.given, as_wanted=seen == {**wanted, "address": f"{url}/leads/{one.lead_id}"})
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


def look_at_exports(http, kept: list[Kept], found: Found) -> None:
    """The Excel file opened by another program, and the CSV read by Python's own reader."""
    wanted = {f"疑似-{one.lead_id}": one.stored for one in kept}
    told = {"unmasked": "true", "why": "核对导出文字"}
    book = http.post("/exports", {"kind": "xlsx", **told})
    assert book.status_code == 200
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        names = parts.namelist()
        sheets = {name: parts.read(name) for name in names if name.startswith("xl/worksheets/")}
    found.formulas += [name for name, sheet in sheets.items() if re.search(rb"<f[ >]|<hyperlink", sheet)]
    found.formulas += [name for name in names if "external" in name.lower() or "vba" in name.lower()]
    opened = openpyxl.load_workbook(io.BytesIO(book.content))
    cells = [cell for sheet in opened for row in sheet.iter_rows() for cell in row]
    found.formulas += [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    compare("xlsx", [[cell.value for cell in row] for row in opened["线索清单"].iter_rows()], wanted, found)
    sheet = http.post("/exports", {"kind": "csv", **told})
    read = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"), newline="")))
    found.formulas += [each for row in read for each in row if FORMULA.match(each)]
    compare("csv", read, wanted, found, led_by="'")


def compare(place: str, table: list[list], wanted: dict[str, str], found: Found, *, led_by: str = "") -> None:
    """Title, seller and place of each lead as they were, where a cell can hold them as they are."""
    head = table[0]
    columns = [head.index(name) for name in ("涉嫌商品标题（分值最高）", "卖家", "卖家自报地")]
    for row in table[1:]:
        text = wanted[row[head.index("线索编号")]]
        found.looked[f"rows of {place}"] += 1
        if not NOT_PLAIN.search(text):
            held = f"{led_by}{text}" if led_by and FORMULA.match(text) else text
            found.same(place, text, as_wanted=[row[at] or "" for at in columns] == [held] * 3)


def looked_at(desk, engine: Engine, opened: tuple, account, tmp_path, given: list[str]) -> Found:
    """The strings taken in, typed as notes too, and looked for in the four places."""
    root, found = tmp_path / "kept", Found()
    kept = taken_in(engine, root, given)
    look_at_database(engine, root, kept, found)
    page, seen = opened
    visitor = account("ke", "head")
    for one in kept:  # what people type, too
        said = visitor.post(f"/leads/{one.lead_id}/note", {"text": one.stored})
        found.same("note", one.given, as_wanted=said.status_code in (303, 400))
    with console(desk, engine) as url:
        look_at_screen(page, url, kept, found)
        found.executed += [*seen.dialogs, *seen.violations, *seen.away, *page.evaluate("window.__ran")]
        # and what watches would have seen it
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://evil.example/x\" onerror=\"alert(1)\">')"
        )
        page.wait_for_function("window.__ran.length > 0")
        found.watched = bool(page.evaluate("window.__ran"))
    look_at_exports(visitor, kept, found)
    return found


#: Where every string is compared; cells are, where they can hold it as it is.
EVERYWHERE = ("database", "evidence", "note", "screen", "rows of xlsx", "rows of csv")


def test_a_sample_of_hostile_strings(desk, engine, page, account, tmp_path):
    found = looked_at(desk, engine, page, account, tmp_path, hostile.sample())
    assert (found.differing, found.formulas, found.executed) == ([], [], [])
    assert [found.looked[place] for place in EVERYWHERE] == [20] * 6
    assert min(found.looked["xlsx"], found.looked["csv"]) > 20 // 3 and found.watched


@pytest.mark.drill
@pytest.mark.timeout(1500)
def test_a_thousand_hostile_strings(desk, engine, page, account, tmp_path):
    found = looked_at(desk, engine, page, account, tmp_path, hostile.strings())
    assert (found.differing, found.formulas, found.executed) == ([], [], [])
    assert [found.looked[place] for place in EVERYWHERE] == [1000] * 6
    assert min(found.looked["xlsx"], found.looked["csv"]) > 1000 // 3 and found.watched
