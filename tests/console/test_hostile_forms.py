"""Hostile strings typed into every text field of every form: a field that a template has and nobody fills fails; what
was typed is stored as it was and read so on the pages that tell of it and in the lists; nothing of it runs."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from argon2 import PasswordHasher

import console
from console import accounts
from console.beginning import OwnUnit
from crawler import definitions
from db import users
from db.engine import transaction
from pipelines import Tip, intake
from records import masking
from tests.console import filling, hostile, seed
from tests.console.conftest import PASSWORD, Browser
from tests.console.filling import Ground, Unit
from tests.console.forms import FORMS, SHOWN, Form
from tests.console.test_browser import page as page
from tests.console.test_browser import served
from tests.console.test_hostile import FORMULA, NOT_PLAIN, UNSTORABLE, on_screen
from tests.console.test_verdicts import sql, version
from tests.pipelines.made import reception

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

TEMPLATES = Path(console.__file__).parent / "templates"
_TAG = re.compile(r"<(input|textarea)\b([^>]*)>")
_MACRO = re.compile(r"p\.field\('(\w+)'")
#: No text is typed into these.
_OTHER_TYPES = frozenset(("hidden", "checkbox", "radio", "submit", "button", "file", "date", "number", "password"))


def text_fields() -> set[str]:
    """`template:name` of all that takes a text, by the templates themselves; by its id where it has no name
    of its own."""
    found: set[str] = set()
    for template in sorted(TEMPLATES.glob("*.html")):
        for tag, inside in _TAG.findall(template.read_text("utf-8")):
            kind = re.search(r'\btype="(\w+)"', inside)
            named = re.search(r'\bname="([^"]+)"', inside)
            marked = re.search(r'\bid="([^"]+)"', inside)
            if (tag == "textarea" or not kind or kind[1] not in _OTHER_TYPES) and "readonly" not in inside:
                assert named or marked, f"{template.name}: a field without name and id"
                names = [f"{template.name}:{one[1]}" for one in (named, marked) if one]
                found.add(names[-1] if names[0] in found else names[0])
        found |= {f"{template.name}:{name}" for name in _MACRO.findall(template.read_text("utf-8"))}
    return found - {"parts.html:{{ name }}"}  # the macro itself


def test_no_form_has_a_text_field_that_nobody_fills() -> None:
    filled = Counter([*SHOWN, *(name for form in FORMS.values() for name in form.fields)])
    assert max(filled.values()) == 1 and set(filled) == text_fields()


# --- who types --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ground(desk, engine, account, seat, tmp_path, monkeypatch) -> Iterator[Callable[[int], Ground]]:
    """Makes the ground with so many leads that were screened in."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what hashing costs is looked at elsewhere
    monkeypatch.setattr(accounts, "_hasher", quick)
    monkeypatch.setattr(accounts, "_NOBODY", quick.hash("-"))
    kept = OwnUnit(name="网监科", city="枣庄", province="山东", districts=())
    unit, reading = Unit(kept=kept), reception(engine, tmp_path / "brought")

    def take_in(given: Any) -> list[int]:
        facts = {name: getattr(given, name) for name in ("source", "brought_by", "text", "page", "page_name", "note")}
        return list(intake(Tip(**facts), reading, definitions()).lead_ids)

    with ExitStack() as open_ones:

        def opened(browser: Browser) -> Browser:
            """With one loop for all its requests instead of one for each."""
            open_ones.enter_context(browser.http)
            return browser

        def make(leads: int) -> Ground:
            more = {"first_run": unit, "intake": take_in, "api_per_minute": 10**9}
            made = Ground(
                engine=engine,
                desk=replace(desk, **more),
                head=opened(account("ke", "head", **more)),
                other=opened(account("li")),
                admin=opened(account("gl", "admin", **more)),
                auditor=opened(account("sj", "auditor")),
                another=lambda name: opened(seat(name, "head")),
                unit=unit,
                leads=[],
            )
            with transaction(engine) as conn:
                users.set_password(conn, users.find(conn, "ke")[0].id, quick.hash(PASSWORD), must_change=False)
                campaign = seed.campaign(conn)
                plant = replace(seed.SAMPLES[0], hits=1)
                made.leads = [seed.lead(conn, desk.store, plant, campaign, serial=at) for at in range(leads)]
            # it ended the session that the account was made with
            with transaction(engine) as conn:
                made.head.holding(accounts.open_session(conn, users.find(conn, "ke")[0], desk.now()))
            for lead in made.leads:
                sent = {"action": "转核查", "version": version(engine, lead)}
                assert made.head.key(f"/review/{lead}/screen", sent).status_code == 200
            return made

        yield make


# --- what is stored ---------------------------------------------------------------------------------------------------


def stored(on: Ground, form: Form, wanted: str) -> list[str]:
    """What is kept of the last text that was taken, once for each column."""
    if form.kept:
        return [str(one) for row in sql(on.engine, form.kept, wanted=wanted) for one in row]
    unit = on.unit.kept
    return {
        "unit": lambda: [unit.name, unit.city, unit.province],
        "districts": lambda: [" ".join((one.name, *one.aliases)) for one in unit.districts],
        "first_file": lambda: on.unit.brought_of[-1:],
    }[next(name for name, one in FORMS.items() if one is form)]()


def counted(on: Ground, form: Form) -> list[int]:
    """How many rows there are where the form writes."""
    table = re.search(r"from (\w+)", form.kept)
    column = "count(nullif(lifted_why, ''))" if "lifted_why" in form.kept else "count(*)"
    return [sql(on.engine, f"select {column} from {table[1]}")[0][0]] if table else [len(on.unit.brought_of)]


def same(got: str, wanted: str) -> bool:
    """As it was; or with U+FFFD, one for one, for what JSON cannot hold."""
    return got in (wanted, UNSTORABLE.sub("\ufffd", wanted))


def type_all(on: Ground, form: Form, given: list[str]) -> tuple[list[str], list[tuple[object, ...]]]:
    """Types them all; what is to be read of them afterwards, and what was not as it should be."""
    kept, wrong = [], []
    for typed in given:
        wanted = form.wanted(typed)
        before = counted(on, form) if wanted is None else []
        answer = form.send(on, typed)
        if wanted is None:
            said = unescape(answer.text)
            as_wanted = answer.status_code in form.refusals and form.refused in said and counted(on, form) == before
        else:
            got = stored(on, form, wanted)
            as_wanted = answer.status_code in form.statuses and bool(got) and all(same(one, wanted) for one in got)
            kept += [wanted] if as_wanted else []
        if not as_wanted:
            wrong.append((ascii(typed), answer.status_code, ascii(wanted), ascii(stored(on, form, wanted or ""))))
        on.serial, on.taken = on.serial + 1, on.taken + (wanted is not None)
    return kept, wrong


# --- what is shown ----------------------------------------------------------------------------------------------------


#: Everything on a page that may be read, with the values of its fields; and what in it would run.
READ = """of => [of.body.textContent + [...of.querySelectorAll('input, option, [title]')]
  .map(e => e.value + ' ' + e.title).join(' '),
  [...of.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^(on|hx-on)/i.test(a.name)
    || /^(href|src|action|formaction|srcdoc)$/i.test(a.name) && /^\\s*(javascript|data|http|\\/\\/)/i.test(a.value)
       && !/^https?:\\/\\/(127.0.0.1|market.example|tips.example)/.test(a.value))
    || (e.tagName === 'SCRIPT' && !e.getAttribute('src')?.startsWith('/static/') && e.type !== 'application/json')
    || ['IFRAME', 'MATH', 'BASE', 'OBJECT', 'EMBED'].includes(e.tagName)).map(e => e.outerHTML.slice(0, 200))]"""
#: The same of many pages that are not opened, only read, six at a time.
READ_MANY = f"""async ([paths, field]) => {{
  const read = {READ}, found = new Array(paths.length);
  const one = async at => {{
    const answer = await fetch(paths[at]);
    const of = new DOMParser().parseFromString(await answer.text(), 'text/html');
    found[at] = [answer.status, ...(field ? [of.querySelector(field)?.value ?? null, read(of)[1]] : read(of))];
  }};
  for (let at = 0; at < paths.length; at += 6)
    await Promise.all([...Array(6).keys()].map(k => at + k).filter(k => k < paths.length).map(one));
  return found;
}}"""
#: Pages of one person that are opened, evenly dealt; the others are read without being opened.
MOST_OPENED = 40


def come_in(opened: Any, url: str, visitor: Browser) -> None:
    opened.context.clear_cookies()
    cookies = [{"name": name, "value": value, "url": url} for name, value in visitor.http.cookies.items()]
    opened.context.add_cookies(cookies)
    opened.goto(f"{url}/settings/keys")


def read_of(opened: Any, url: str, visitor: Browser, paths: list[str]) -> tuple[str, list[str]]:
    """What is to be read on those pages in that visitor's browser, and what in them would run."""
    come_in(opened, url, visitor)
    text, running, step = [], [], -(-len(paths) // MOST_OPENED)
    for path in paths[::step]:
        assert opened.goto(url + path).status == 200, path
        told, found = opened.evaluate(f"({READ})(document)")
        text, running = [*text, told], [*running, *found]
    for at in range(0, len(paths) if step > 1 else 0, 60):
        for status, told, found in opened.evaluate(READ_MANY, [paths[at : at + 60], ""]):
            assert status == 200
            text, running = [*text, told], [*running, *found]
    return " ".join(" ".join(text).split()), running


def shown(one: str, flat: str) -> bool:
    """As it is, or as a row of the audit has it; personal data masked."""
    stands = [UNSTORABLE.sub("\ufffd", one), one]
    stands += [json.dumps(each, ensure_ascii=False)[1:-1] for each in stands]
    stands += [masking.veiled(each) for each in stands]
    return any(" ".join(on_screen(each).split()) in flat for each in stands)


def look(on: Ground, form: Form, kept: list[str], page: tuple) -> None:
    """Everything that was kept is read in Chromium, nothing of it runs there, and what watches would have seen it."""
    opened, seen = page
    by_person: dict[int, tuple[Browser, list[str]]] = {}
    for person, path in form.pages(on):
        by_person.setdefault(id(person), (person, []))[1].append(path)
    flat, running = "", []
    with served(on.desk) as url:
        for person, paths in by_person.values():
            told, found = read_of(opened, url, person, paths)
            flat, running = f"{flat} {told}", [*running, *found]
        executed = opened.evaluate("window.__ran || []") if by_person else []
    assert (seen.dialogs, seen.violations, seen.away, executed, running) == ([], [], [], [], [])
    missing = [ascii(one) for one in kept[-form.shown :] if not shown(one, flat)] if by_person else []
    assert missing == []


# --- what is exported -------------------------------------------------------------------------------------------------


def listed(on: Ground, column: str) -> dict[str, list[str]]:
    """That column of 线索清单, as Excel files and CSV have it; nothing in either is a formula or a link."""
    told = {"unmasked": "true", "why": "核对导出文字"}
    book, sheet = (on.head.post("/exports", {"kind": kind, **told}) for kind in ("xlsx", "csv"))
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        sheets = b"".join(parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/"))
    assert not re.search(rb"<f[ >]|<hyperlink", sheets)
    cells = [[one.value or "" for one in row] for row in openpyxl.load_workbook(io.BytesIO(book.content))["线索清单"]]
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"), newline="")))
    assert not [one for row in rows for one in row if FORMULA.match(one)]
    return {
        kind: [row[table[0].index(column)] for row in table[1:]] for kind, table in (("xlsx", cells), ("csv", rows))
    }


def lists(on: Ground, form: Form, kept: list[str]) -> None:
    """What reaches a list reaches it as it is: why a lead was put aside, and who did."""
    found = listed(on, form.column or "排除原因")
    if not form.column:
        return
    wanted = [form.before + one for one in kept if one and not NOT_PLAIN.search(one)]
    assert len(wanted) > len(kept) // 2
    for kind, values in found.items():
        led = [f"'{one}" if kind == "csv" and FORMULA.match(one) else one for one in wanted]
        assert [ascii(one) for one in led if one not in values] == [], kind


# --- the drill --------------------------------------------------------------------------------------------------------


def whole(on: Ground, form: Form, given: list[str], page: tuple) -> list[tuple[object, ...]]:
    """Through one form: typed, stored, shown, exported; what was not stored or refused as it should be."""
    on.serial = on.taken = 0
    kept, wrong = type_all(on, form, given)
    assert len(kept) >= form.some(len(given)), wrong
    look(on, form, kept, page)
    lists(on, form, kept)
    return wrong


def shown_again(on: Ground, given: list[str], page: tuple) -> list[Any]:
    """What is asked for stands in the field again, as text; whatever of it ran, or tried to."""
    opened, seen = page
    with served(on.desk) as url:
        for turn, (who, path, selector, most) in enumerate(SHOWN.values()):
            come_in(opened, url, getattr(on, who))
            paths = [path + quote(one.encode("utf-8", "surrogatepass"), safe="") for one in given]
            for at in range(0, len(paths), 60):
                answers = opened.evaluate(READ_MANY, [paths[at : at + 60], selector])
                for one, (status, value, running) in zip(given[at : at + 60], answers, strict=True):
                    wanted = filling.sent(one)
                    fits = len(wanted) <= most
                    assert (status, running) == (200 if fits else 400, []), ascii(one)
                    assert not fits or same_line(value, wanted), (path, ascii(one), ascii(value))
            for one in paths[turn : max(100, len(SHOWN)) : len(SHOWN)]:  # those with scripts, each on one of the pages
                opened.goto(url + one)
        return [*seen.dialogs, *seen.violations, *seen.away, *opened.evaluate("window.__ran")]


def same_line(value: str | None, wanted: str) -> bool:
    """A field of one line holds no line breaks and no NUL."""
    plain = re.sub("[\r\n]", "", wanted)
    return value is not None and value.strip() in (plain.strip(), re.sub("\x00", "", plain).strip(),
                                                   re.sub("\x00", "\ufffd", plain).strip())  # fmt: skip


#: What a form says of a text that is longer than any field of it takes, which no browser sends.
MALFORMED = "这个请求不完整或格式不对"


def test_the_longest_text_of_each_field_is_kept_and_a_longer_one_refused(ground):
    """Counted in characters, also where a character has two units."""
    on = ground(1)
    for name, form in FORMS.items():
        if form.most > 300 or name in ("credit_code", "name", "phrase"):  # no length of their own
            continue
        longest, longer = "𠮷" * form.most, "𠮷" * (form.most + 1)
        assert form.wanted(longest) and form.wanted(longer) is None
        assert form.send(on, longest).status_code in form.statuses, name
        assert longest in stored(on, form, longest), name
        before = counted(on, form)
        answer = form.send(on, longer)
        assert answer.status_code in (400, 422), name
        assert form.most != 300 or MALFORMED in answer.text, name
        assert counted(on, form) == before or name in ("second", "lift"), name
        on.serial, on.taken = on.serial + 1, on.taken + 1


def test_a_sample_of_hostile_strings_in_every_form(ground, page):
    on = ground(2)
    for form in FORMS.values():
        assert whole(on, form, hostile.sample(), page) == []
    assert shown_again(on, hostile.sample(), page) == []


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FORMS)
def test_a_thousand_hostile_strings_in_each_form(ground, page, name):
    assert whole(ground(20), FORMS[name], hostile.strings(), page) == []


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_a_thousand_hostile_strings_asked_for(ground, page):
    assert shown_again(ground(2), hostile.strings(), page) == []
