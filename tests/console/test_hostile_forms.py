"""Hostile strings typed into every text field of every form: a field that a template has and this drill does not fill
fails, what was typed comes back as it was, in the pages that tell of it, and nothing of it runs."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import console
from console.beginning import OwnUnit
from tests.console import hostile
from tests.console.conftest import PASSWORD, Browser
from tests.console.test_browser import page as page
from tests.console.test_browser import served
from tests.console.test_extraction import OPENING
from tests.console.test_hostile import MARKED, UNSEEN, UNSTORABLE, on_screen
from tests.console.test_verdicts import TRUE, conclude, papers, sql, version

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

TEMPLATES = Path(console.__file__).parent / "templates"
_TAG = re.compile(r"<(input|textarea)\b([^>]*)>")
_MACRO = re.compile(r"p\.field\('(\w+)'")
#: No text is typed into these.
_OTHER_TYPES = frozenset(("hidden", "checkbox", "radio", "submit", "button", "file", "date", "number", "password"))


def text_fields() -> set[str]:
    """`template:name` of all that takes a text, by the templates themselves; a field without a name goes by its id."""
    found = set()
    for template in sorted(TEMPLATES.glob("*.html")):
        for tag, inside in _TAG.findall(template.read_text("utf-8")):
            kind = re.search(r'\btype="(\w+)"', inside)
            name = re.search(r'\bname="([^"]+)"', inside) or re.search(r'\bid="([^"]+)"', inside)
            if (tag == "textarea" or not kind or kind[1] not in _OTHER_TYPES) and "readonly" not in inside:
                assert name, f"{template.name}: a field without name and id"
                found.add(f"{template.name}:{name[1]}")
        found |= {f"{template.name}:{name}" for name in _MACRO.findall(template.read_text("utf-8"))}
    return found - {"parts.html:{{ name }}"}  # the macro itself


@dataclass(kw_only=True)
class Unit:
    """The first run, as far as its forms go."""

    kept: OwnUnit

    @property
    def office(self) -> str:
        return self.kept.name

    def unit(self) -> OwnUnit:
        return self.kept

    def keep_unit(self, unit: OwnUnit, *, by: str) -> None:
        self.kept = unit

    def __getattr__(self, name: str) -> Any:  # platforms, channels, running, failure …: nothing there
        return lambda *_, **__: ()


@dataclass(kw_only=True)
class Ground:
    """Who types, and about what."""

    engine: Engine
    head: Browser
    other: Browser
    admin: Browser
    auditor: Browser
    #: With a verdict; screened out and back again; a candidate.
    kept: int
    fresh: int
    free: int
    unit: Unit
    serial: int = 0

    def last(self, statement: str) -> list[str]:
        """The columns of the newest row."""
        rows = sql(self.engine, f"{statement} order by id desc limit 1")
        return [str(one) for one in rows[0]] if rows else []

    def audited(self, key: str) -> list[str]:
        return [sql(self.engine, f"select detail->>'{key}' from audit order by seq desc limit 1")[0][0]]


#: Types a text into a form; what is stored of it afterwards, once for each field.
Typing = Callable[[Ground, str], tuple[Any, list[str]]]


def save_view(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """One of the same name is replaced where it stands."""
    sent = on.head.post("/review/views?district=*", {"name": typed})
    names = [row.name for row in sql(on.engine, "select name from saved_views")]
    return sent, [name for name in names if name in as_kept(typed)] or ["nothing"]


def note(on: Ground, typed: str) -> tuple[Any, list[str]]:
    return on.head.post(f"/leads/{on.kept}/note", {"text": typed}), on.last("select text from lead_notes")


def dismiss(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """其他 with words, on the queue and for many, each taken back at once; another person's second look between."""
    told: list[str] = []
    facts = {"action": "排除", "reason": "其他", "note": typed}
    one = on.head.key(f"/review/{on.fresh}/screen", {**facts, "version": version(on.engine, on.fresh)})
    if one.status_code != 200:
        return one, []
    [screened] = sql(on.engine, "select id, reason from screenings order by id desc limit 1")
    second = on.other.post(f"/review/second/{on.fresh}", {**facts, "screening": str(screened.id)})
    assert second.status_code in (303, 404, 409)  # only of the sample; see test_second_looks
    told.append(screened.reason.partition("：")[2])
    assert on.head.key("/review/undo").status_code == 200
    chosen = {**facts, "chosen": f"{on.fresh}:{version(on.engine, on.fresh)}"}
    assert on.head.key("/review/bulk/preview?district=*", chosen).status_code == 200
    many = on.head.key("/review/bulk?district=*", chosen)
    told.append(on.last("select reason from screenings")[0].partition("：")[2])
    assert on.head.key("/review/bulk/undo?district=*").status_code == 200
    return many, told


def reasons(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """Why somebody looks, prints, exports, holds, and lifts again."""
    told: list[str] = []
    looked = on.head.post(f"/leads/{on.kept}/unmask", {"occasion": "其他", "why": typed})
    if looked.status_code != 303:
        return looked, []
    told += [one.partition(": ")[2] for one in on.last("select reason from unmaskings")]
    if on.head.post(f"/leads/{on.kept}/hold", {"why": typed}).status_code == 303:
        told += on.last("select reason from holds")
        hold = on.last("select id from holds")[0]
        lifted = on.head.post(f"/retention/holds/{hold}/lift", {"why": typed})
        assert lifted.status_code == 303
        told += on.last("select lifted_why from holds")
    if on.head.post(f"/leads/{on.kept}/print", {"reason": typed}).status_code == 200:
        told += on.audited("reason")
    if on.head.post("/exports", {"kind": "csv", "unmasked": "true", "why": typed}).status_code == 200:
        told += on.audited("why")
    return looked, told


def licences(on: Ground, typed: str) -> tuple[Any, list[str]]:
    row = papers(BREEDING=("给出编号", typed, "", typed))
    sent = on.head.post(f"/leads/{on.kept}/licences", {"version": version(on.engine, on.kept), **row})
    return sent, on.last("select number, note from licence_checks where number <> ''")


def verdict(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """属实 with every text, each a change of the one before; a code that is none is refused, and shown as text."""
    texts = dict.fromkeys(("subject_name", "identity_basis", "citation_own", "change", "words"), typed)
    refused = conclude(on.head, on.engine, on.kept, "属实", **{**TRUE, **texts, "subject_code": typed})
    assert refused.status_code in (400, 422)
    sent = conclude(on.head, on.engine, on.kept, "属实", **{**TRUE, **texts})
    told = "select identity->>'name', identity->>'basis', citations[cardinality(citations)], change, note from verdicts"
    return sent, on.last(told)


def disposition(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """One entry, and one that corrects it and says why."""
    facts = {"kind": "移送其他部门", "on": "2026-11-23", "recipient": typed, "reference": typed}
    page = on.head.get(f"/leads/{on.kept}/disposition").text
    facts["kind"] = re.search(r'<option value="([^"]+)"', page)[1]
    first = on.head.post(f"/leads/{on.kept}/disposition", facts)
    if first.status_code != 303:
        return first, []
    entry = on.last("select id from dispositions")[0]
    sent = on.head.post(f"/leads/{on.kept}/disposition", {**facts, "note": typed, "corrects": entry})
    return sent, on.last("select recipient, reference, note from dispositions")


def extraction(on: Ground, typed: str) -> tuple[Any, list[str]]:
    listing = sql(on.engine, "select listing_id from lead_hits where lead_id = :id limit 1", id=on.kept)[0][0]
    officers = [f"{which}_{what}" for which in ("first", "second") for what in ("badge", "unit")]
    lines = ["basis", "case_number", "place", *officers, "witness_name", "witness_told"]
    facts = {**OPENING, "first": "ke", "second": "li", "witness_kind": "见证人", "listing": str(listing)}
    typed_in = {**dict.fromkeys(lines, typed), "second_badge": f"{typed}2"}  # no two officers have one number
    sent = on.head.post(f"/leads/{on.kept}/extract", {**facts, **typed_in})
    if sent.status_code != 303:
        return sent, []
    told = sql(on.engine, "select to_jsonb(e) as row from extractions e order by id desc limit 1")[0].row
    found = [one for one in strings(told) if one in as_kept(typed)]
    assert len(found) == len(lines) - 1 and as_kept(f"{typed}2") & set(strings(told)), told
    ended = on.head.post(sent.headers["location"] + "/abandon", {"why": typed})
    assert ended.status_code == 303
    return ended, [*found, sql(on.engine, "select detail->>'why' from extraction_steps order by id desc limit 1")[0][0]]


def strings(told: Any) -> list[str]:
    """Every text in a row, however deep."""
    if isinstance(told, dict):
        told = list(told.values())
    return (
        [told] if isinstance(told, str) else [s for one in told for s in strings(one)] if isinstance(told, list) else []
    )


def related(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """A phrase is one of the lead's own, else it is refused; why it is looked for may be anything."""
    facts = {"what": "phrase", "why": typed, "nights": "1"}
    any_phrase = on.head.post(f"/leads/{on.kept}/search", {**facts, "phrase": typed})
    assert any_phrase.status_code in (303, 400, 422)
    sent = on.head.post(f"/leads/{on.kept}/search", {**facts, "phrase": "象牙"})
    told = on.last("select why from extra_terms")
    for one in sql(on.engine, "select id from extra_terms where text = '象牙'"):
        on.head.post(f"/scans/terms/{one.id}/end")
    return sent, told


def account(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """A name to sign in with takes few characters; a person's own name takes what people are called."""
    refused = on.admin.post("/settings/users", {"name": typed, "role": "analyst", "full_name": typed})
    assert refused.status_code in (400, 200)
    on.serial += 1
    facts = {"name": f"u{on.serial}x", "role": "analyst", "full_name": typed}
    sent = on.admin.post("/settings/users", facts)
    return sent, on.last("select full_name from users") if sent.status_code == 200 else []


def token(on: Ground, typed: str) -> tuple[Any, list[str]]:
    facts = {"name": typed, "scopes": ["read"], "days": "90", "password": PASSWORD}
    sent = on.head.post("/settings/tokens", facts)
    told = on.last("select name from api_tokens")
    for one in sql(
        on.engine, "select id from api_tokens where revoked_at is null"
    ):  # an account has so many and no more
        assert on.head.post(f"/settings/tokens/{one.id}/revoke").status_code == 303
    return sent, told


def unit(on: Ground, typed: str) -> tuple[Any, list[str]]:
    facts = {"name": typed, "city": typed, "province": typed, "districts": f"370481 {typed}"}
    sent = on.admin.post("/setup/unit", facts)
    kept = on.unit.kept
    told = [kept.name, kept.city, kept.province, " ".join((kept.districts[0].name, *kept.districts[0].aliases))]
    on.head.post("/setup/file", {"platform": typed})
    return sent, told if sent.status_code == 303 else []


def only_shown(on: Ground, typed: str) -> tuple[Any, list[str]]:
    """What is asked for and not kept: the answer has the text, as text."""
    for answer in (
        on.head.get("/review", params={"q": typed, "district": "*"}),
        on.head.get("/search", params={"q": typed}),
        on.auditor.get("/settings/audit", params={"who": typed, "subject": typed}),
        on.head.post("/intake", {"source": "投诉举报", "text": "", "note": typed}),
        on.head.post("/intake", {"source": "投诉举报", "text": typed}),
    ):
        assert answer.status_code in (200, 400, 422), answer.status_code
        assert not re.search(r"<(script>|img src=x|svg|iframe|body onpage|details open)", answer.text)
    return answer, []


#: Every field, and who fills it.
FILLED: Mapping[Typing, tuple[str, ...]] = {
    save_view: ("filter_form.html:name",),
    note: ("remarks.html:text",),
    dismiss: ("focus.html:other-text", "bulk_table.html:bulk-note", "second.html:note"),
    reasons: ("lead.html:why", "print.html:reason", "exports.html:why", "retention.html:why"),
    licences: ("licence_table.html:number", "licence_table.html:note"),
    verdict: tuple(
        f"verdict.html:{name}"
        for name in ("subject_name", "subject_code", "identity_basis", "citation_own", "words", "change")
    ),
    disposition: ("disposition.html:recipient", "disposition.html:reference", "disposition.html:note"),
    extraction: (
        *(
            f"extract.html:{name}"
            for name in ("{{ which }}_badge", "{{ which }}_unit", "basis", "case_number", "place")
        ),
        *("extract.html:witness_name", "extract.html:witness_told", "extraction_work.html:why"),
    ),
    related: ("related.html:phrase", "related.html:why"),
    account: ("people.html:name", "people.html:full_name"),
    token: ("tokens.html:name",),
    unit: (
        *tuple(f"setup_unit.html:{name}" for name in ("name", "city", "province", "districts")),
        "setup_lead.html:platform",
    ),
    only_shown: (
        *("filter_form.html:q", "search.html:q", "audit.html:who", "audit.html:subject"),
        *("intake.html:text", "intake.html:note", "login.html:name"),
    ),
}


def test_no_form_has_a_text_field_that_the_drill_does_not_fill() -> None:
    filled = Counter(name for names in FILLED.values() for name in names)
    assert max(filled.values()) == 1 and set(filled) == text_fields()


def as_typed(given: str) -> str:
    """One line without what nobody sees: by the rule, not by the code."""
    return " ".join(MARKED.sub("", UNSEEN.sub("", given)).split())


def as_kept(given: str) -> set[str]:
    """As it may be stored: in one line or as it is, and with U+FFFD for what JSON cannot hold."""
    return {as_typed(given), given.strip(), UNSTORABLE.sub("\ufffd", as_typed(given))}


@pytest.fixture
def ground(desk, engine, leads, account) -> Ground:
    unit = Unit(kept=OwnUnit(name="网监科", city="枣庄", province="山东", districts=()))
    made = Ground(
        engine=engine,
        head=account("ke", "head", first_run=unit),
        other=account("li"),
        admin=account("gl", "admin", first_run=unit),
        auditor=account("sj", "auditor"),
        kept=leads[0],
        fresh=leads[1],
        free=leads[2],
        unit=unit,
    )
    sent = {"action": "转核查", "version": version(engine, made.kept)}
    assert made.head.key(f"/review/{made.kept}/screen", sent).status_code == 200
    return made


def type_all(on: Ground, given: list[str]) -> tuple[Counter[str], list[tuple[str, str]], dict[str, list[str]]]:
    """Texts that came back, by form; those that did not as they were; what was kept, by form."""
    looked: Counter[str] = Counter()
    differing, kept = [], {}
    for typed in given:
        if any("\ud800" <= one <= "\udfff" for one in typed):
            continue  # no form can send it
        for fill in FILLED:
            answer, told = fill(on, typed)
            assert answer.status_code in (200, 303, 400, 404, 409, 422), (
                fill.__name__,
                ascii(typed),
                answer.status_code,
            )
            if answer.status_code not in (200, 303):
                continue
            looked[fill.__name__] += 1
            differing += [(fill.__name__, ascii(typed)) for one in told if one not in as_kept(typed)]
            kept.setdefault(fill.__name__, []).extend(told[:1])
    return looked, differing, kept


def seen_on(page, url: str, visitor: Browser, paths: list[str]) -> dict[str, str]:
    """What is to be read on each page, in that visitor's browser, with the values of its fields."""
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": name, "value": value, "url": url} for name, value in visitor.http.cookies.items()]
    )
    read = {}
    for path in paths:
        assert page.goto(url + path).status == 200, path
        read[path] = page.evaluate(
            "document.body.textContent + [...document.querySelectorAll('input, option, [title]')]"
            ".map(e => e.value + ' ' + e.title).join(' ')"
        )
    return read


def hostile_forms(desk, on: Ground, opened: tuple, given: list[str]) -> Counter[str]:
    """Types them all, looks at every page that tells of them, and at the exports."""
    looked, differing, kept = type_all(on, given)
    assert differing == []
    lead = f"/leads/{on.kept}"
    extracted = on.last("select id from extractions")[0]
    page, seen = opened
    with served(replace(desk, first_run=on.unit)) as url:
        pages = [lead, "/review?district=*", "/scans", f"{lead}/related", "/retention", f"{lead}/verdict?to=存疑"]
        pages += [f"{lead}/licences", f"{lead}/print", f"{lead}/extract", f"/extractions/{extracted}", "/setup"]
        pages += ["/settings/tokens"]
        read = seen_on(page, url, on.head, [*pages, f"/review?lead={on.kept}&district=*&state=核查中"])
        read |= seen_on(page, url, on.admin, ["/settings/users", "/setup"])
        read |= seen_on(page, url, on.auditor, ["/settings/audit"])
        assert (seen.dialogs, seen.violations, seen.away, page.evaluate("window.__ran")) == ([], [], [], [])
    for form, path in (
        ("note", lead),
        ("save_view", "/review?district=*"),
        ("account", "/settings/users"),
        ("token", "/settings/tokens"),
    ):
        flat = " ".join(read[path].split())
        for one in kept[form]:
            assert re.search(r"\d{7}", one) or " ".join(on_screen(one).split()) in flat, (form, ascii(one))
    for kind in ("csv", "xlsx"):
        told = on.head.post("/exports", {"kind": kind, "unmasked": "true", "why": "核对导出文字"})
        assert told.status_code == 200
        cells = told.content if kind == "csv" else b"".join(sheets(told.content))
        assert not re.search(rb"(^|,|\n)\"?[=+@]|<f[ >]|<hyperlink", cells)
    return looked


def sheets(book: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]


def test_a_sample_of_hostile_strings_in_every_form(desk, ground, page):
    looked = hostile_forms(desk, ground, page, hostile.strings()[::60])
    assert set(looked) == {fill.__name__ for fill in FILLED} and min(looked.values()) >= 2, looked


@pytest.mark.drill
@pytest.mark.timeout(1500)
def test_hostile_strings_in_every_form(desk, ground, page):
    looked = hostile_forms(desk, ground, page, hostile.strings()[::10])
    assert set(looked) == {fill.__name__ for fill in FILLED} and min(looked.values()) >= 10, looked
