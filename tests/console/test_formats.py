"""Numbers, prices and dates stand on a page as the language writes them: each page is searched for a raw one."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import html as parser
from markupsafe import Markup
from sqlalchemy import select

from console import formats, language, rendering
from console.language import CHINESE, ENGLISH
from db import tables
from db.engine import transaction
from records import SHANGHAI
from tests.console import seed
from tests.console.matrix import Target

MOMENT = datetime(2026, 1, 5, 14, 5, 9, tzinfo=SHANGHAI)

#: Stand around whatever a template printed as it was.
OPEN, CLOSE = "\ue000", "\ue001"
#: What a person reads beside the text itself.
READ = ("title", "aria-label", "placeholder", "alt")


@pytest.mark.parametrize(
    ("function", "value", "chinese", "english"),
    [
        (formats.number, 1234567, "1,234,567", "1,234,567"),
        (formats.percent, 0.1234, "12.3%", "12.3%"),
        (formats.money, Decimal("1234.5"), "¥1,234.50", "CN¥1,234.50"),
        (formats.day, MOMENT.date(), "2026/1/5", "Jan 5, 2026"),
        (formats.day_of_year, MOMENT, "1月5日", "Jan 5"),
        (formats.moment, MOMENT, "2026/1/5 14:05", "Jan 5, 2026, 2:05\u202fPM"),
    ],
)
def test_each_language_has_its_own(function, value, chinese, english):
    assert (function(value, CHINESE), function(value, ENGLISH)) == (chinese, english)


def test_sentences_are_filled_as_the_language_writes():
    assert language._("共 %(count)s 条", count=12345) == "共 12,345 条"
    assert language._("共 %(count)s 条", count=MOMENT.date()) == "共 2026/1/5 条"
    assert language._("共 %(count)s 条", count=True) == "共 True 条"  # no number


@pytest.fixture
def marking(monkeypatch):
    """Whatever a template prints that is no text is marked as such."""

    def marked(value):
        raw = isinstance(value, int | float | Decimal | date) and not isinstance(value, bool)
        return Markup(f"{OPEN}{value}{CLOSE}") if raw else value

    made = rendering.environment.__wrapped__()
    made.finalize = marked
    monkeypatch.setattr(rendering, "environment", lambda: made)


def raw_in(page: str) -> list[str]:
    """What a person would read as it came from a table: in text, and in what is said of an element."""
    found = []
    for node in parser.fromstring(page).iter():
        if not isinstance(node.tag, str) or node.tag in ("script", "style", "textarea"):
            continue
        texts = [node.text or "", node.tail or "", *(node.get(name, "") for name in READ)]
        found += [f"{node.tag}: {text.strip()}" for text in texts if OPEN in text]
    return found


PAGES = {
    "head": ("/", "/review?district=*", "/review/{lead_id}", "/review/bulk?district=*", "/leads/{lead_id}",
             "/search?q=象牙", "/leads/{lead_id}/related", "/leads/{lead_id}/licences",
             "/leads/{lead_id}/verdict?to=属实",
             "/leads/{lead_id}/disposition", "/leads/{lead_id}/packages", "/leads/{lead_id}/extract",
             "/leads/{lead_id}/print", "/leads/{lead_id}/replay/{listing_id}", "/extractions/{extraction_id}",
             "/listings/{listing_id}", "/sellers/{seller_id}", "/review/second", "/review/second/figures", "/exports",
             "/retention", "/stats?from=2026-11-20&to=2026-11-24", "/scans", "/intake", "/settings/keys", "/password"),
    "admin": ("/settings/users", "/"),
    "auditor": ("/settings/audit",),
}  # fmt: skip


@pytest.mark.db
@pytest.mark.parametrize("spoken", [CHINESE, ENGLISH])
def test_no_page_prints_a_number_or_a_date_raw(account, desk, leads, engine, marking, spoken):
    with transaction(engine) as conn:
        seed.package(conn, desk.store, leads[0])
        target = Target(engine=engine, lead_id=leads[0], extraction_id=seed.extraction(conn, leads[0]))
        conn.execute(tables.leads.update().values(hits=12345))
        at_first = select(tables.scans.c.id)
        assert conn.execute(at_first).first()
    found = {}
    for role, paths in PAGES.items():
        visitor = account(role, role)
        visitor.http.cookies.set("xunwang_language", spoken)
        for path in paths:
            where, _mark, query = path.partition("?")
            part = {"HX-Request": "true"} if where == "/review/{lead_id}" else {}
            answer = visitor.get(target.path(where) + (f"?{query}" if query else ""), headers=part)
            assert answer.status_code == 200 and (part or f'lang="{spoken}"' in answer.text), path
            found[path] = raw_in(answer.text)
    assert {path: raw for path, raw in found.items() if raw} == {}


def test_the_watch_sees_a_raw_one():
    assert raw_in(f"<p>{OPEN}5{CLOSE}</p><input value='{OPEN}5{CLOSE}'><i title='{OPEN}6{CLOSE}'></i>") == [
        f"p: {OPEN}5{CLOSE}",
        f"i: {OPEN}6{CLOSE}",
    ]
