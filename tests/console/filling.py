"""Who types into the forms of the console, and how: one function a form, which sends a text in every field of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, text

from console.beginning import BroughtIn, OwnUnit
from console.desk import Desk
from db.engine import transaction
from records import WITHOUT_RECIPIENT, possible_dispositions
from tests.console import seed
from tests.console.conftest import BASE, PASSWORD, Browser, TestClient, token_in
from tests.console.test_extraction import OPENING
from tests.console.test_hostile import MARKED, UNSEEN, UNSTORABLE
from tests.console.test_verdicts import TRUE, papers, sql, version


def sent(typed: str) -> str:
    """What arrives of it: bytes that are no UTF-8 (half a surrogate pair) become U+FFFD, each."""
    return typed.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def paired(typed: str) -> str:
    """Two halves that follow each other are one character, as JavaScript and JSON have it."""
    return re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda found: in_browser(found[0]), typed)


def in_browser(typed: str) -> str:
    """What a browser sends of it: half a surrogate pair becomes U+FFFD, one for one."""
    return typed.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def in_one_line(typed: str) -> str:
    """Without controls and what nobody sees, and with single spaces."""
    return " ".join(MARKED.sub("", UNSEEN.sub("", sent(typed))).split())


@dataclass(kw_only=True)
class Unit:
    """The first run, as far as its forms go."""

    kept: OwnUnit
    #: What files were said to be of.
    brought_of: list[str] = field(default_factory=list)

    @property
    def office(self) -> str:
        return self.kept.name

    def unit(self) -> OwnUnit:
        return self.kept

    def keep_unit(self, unit: OwnUnit, *, by: str) -> None:
        self.kept = unit

    def bring_in(self, name: str, body: bytes, platform: str, *, by: str) -> Any:
        self.brought_of.append(platform)
        return BroughtIn(rows=1, bad=1, hits=0, leads=0, reasons=(f"{name} {platform}",))

    def __getattr__(self, name: str) -> Any:  # platforms, channels, running, failure …: nothing there
        return lambda *_, **__: ()


@dataclass(kw_only=True)
class Ground:
    """Who types, and about what."""

    engine: Engine
    desk: Desk
    head: Browser
    other: Browser
    admin: Browser
    auditor: Browser
    #: Makes another head of section.
    another: Callable[[str], Browser]
    unit: Unit
    #: Screened in, with evidence: what is typed is spread over them, so that no page of one grows without end.
    leads: list[int]
    #: How many strings were typed so far, and how many of them were taken.
    serial: int = 0
    taken: int = 0
    people: list[Browser] = field(default_factory=list)

    @property
    def lead(self) -> int:
        return self.leads[self.serial // 50 % len(self.leads)]

    def person(self) -> Browser:
        """Somebody who has not saved as many views as one may."""
        if self.taken // 25 >= len(self.people):
            self.people.append(self.another(f"ke{len(self.people)}"))
        return self.people[-1]

    def candidate(self) -> int:
        """A lead that nobody has screened, of those that are to be looked at twice."""
        [(wanted,)] = sql(
            self.engine,
            "select n from generate_series((select max(id) + 1 from leads), (select max(id) + 2000 from leads)) n"
            " where mod(hashtextextended('second look', n), 20) = 0 order by n limit 1",
        )
        sql(self.engine, "select setval(pg_get_serial_sequence('leads', 'id'), :n - 1)", n=wanted)
        with transaction(self.engine) as conn:
            [(campaign,)] = sql(self.engine, "select min(id) from campaigns")
            return seed.lead(conn, self.desk.store, replace(seed.SAMPLES[2], files=0), campaign, serial=wanted)

    def hit(self) -> int:
        return sql(self.engine, "select min(listing_id) from lead_hits where lead_id = :id", id=self.lead)[0][0]


def run(on: Ground, statement: str, **values: Any) -> None:
    with transaction(on.engine) as conn:
        conn.execute(text(statement), values)


def post(who: Browser, path: str, data: dict[str, Any]) -> Any:
    """A form, half surrogate pairs and all, as no browser sends it but anything else may."""
    pairs = [(name, one) for name, given in data.items() for one in (given if isinstance(given, list) else [given])]
    body = urlencode([("csrf_token", who.token), *pairs], encoding="utf-8", errors="surrogatepass")
    headers = {"Origin": BASE, "Content-Type": "application/x-www-form-urlencoded"}
    return who.http.post(path, content=body.encode(), headers=headers, follow_redirects=False)


# --- one function a form: sends the text in every field of it ---------------------------------------------------------


def save_view(on: Ground, typed: str) -> Any:
    return post(on.person(), "/review/views?district=*", {"name": typed})


def note(on: Ground, typed: str) -> Any:
    return post(on.head, f"/leads/{on.lead}/note", {"text": typed})


OTHER = {"action": "排除", "reason": "其他"}


def dismiss(on: Ground, typed: str) -> Any:
    lead = on.candidate()
    return post(on.head, f"/review/{lead}/screen", {**OTHER, "note": typed, "version": version(on.engine, lead)})


def dismiss_many(on: Ground, typed: str) -> Any:
    """First as it would be; both before a list with nothing in it, which costs least to show."""
    lead = on.candidate()
    facts = {**OTHER, "note": typed, "chosen": f"{lead}:{version(on.engine, lead)}"}
    shown = post(on.head, "/review/bulk/preview?district=外地", facts)
    done = post(on.head, "/review/bulk?district=外地", facts)
    assert shown.status_code == done.status_code
    return done


def second_look(on: Ground, typed: str) -> Any:
    """One person keeps the lead, the other would have dismissed it."""
    lead = on.candidate()
    first = {"action": "转核查", "version": version(on.engine, lead)}
    assert post(on.head, f"/review/{lead}/screen", first).status_code == 303
    [(screening,)] = sql(on.engine, "select max(id) from screenings where lead_id = :id", id=lead)
    return post(on.other, f"/review/second/{lead}", {**OTHER, "note": typed, "screening": screening})


def unmask(on: Ground, typed: str) -> Any:
    return post(on.head, f"/leads/{on.lead}/unmask", {"occasion": "其他", "why": typed})


def hold(on: Ground, typed: str) -> Any:
    return post(on.head, f"/leads/{on.lead}/hold", {"why": typed})


def lift(on: Ground, typed: str) -> Any:
    assert on.head.post(f"/leads/{on.lead}/hold", {"why": "案号"}).status_code == 303
    [(placed,)] = sql(on.engine, "select max(id) from holds")
    return post(on.head, f"/retention/holds/{placed}/lift", {"why": typed})


def print_out(on: Ground, typed: str) -> Any:
    return post(on.head, f"/leads/{on.lead}/print", {"reason": typed})


def export(on: Ground, typed: str) -> Any:
    return post(on.head, "/exports", {"kind": "csv", "unmasked": "true", "why": typed})


def licence(on: Ground, typed: str) -> Any:
    row = papers(BREEDING=("给出编号", typed, "", typed))
    return post(on.head, f"/leads/{on.lead}/licences", {"version": version(on.engine, on.lead), **row})


def conclusion(on: Ground, typed: str) -> Any:
    texts = dict.fromkeys(("subject_name", "identity_basis", "citation_own", "change", "words"), typed)
    facts = {"to": "属实", "version": version(on.engine, on.lead), **papers(), **TRUE, **texts}
    return post(on.head, f"/leads/{on.lead}/verdict", facts)


def credit_code(on: Ground, typed: str) -> Any:
    facts = {"version": version(on.engine, on.lead), **papers(), **TRUE, "change": "再核", "subject_code": typed}
    return post(on.head, f"/leads/{on.lead}/verdict", {"to": "属实", **facts})


_KIND = next(one for one in possible_dispositions("") if one not in WITHOUT_RECIPIENT)


def disposition(on: Ground, typed: str) -> Any:
    facts = {"kind": _KIND, "on": "2026-11-23", "recipient": typed, "reference": typed, "note": typed}
    return post(on.head, f"/leads/{on.lead}/disposition", facts)


_OFFICERS = {**OPENING, "first": "ke", "second": "li", "witness_kind": "见证人", "witness_name": "孙某"}


def extraction(on: Ground, typed: str) -> Any:
    lines = ("basis", "case_number", "place", "first_badge", "first_unit", "second_unit", "witness_name")
    typed_in = {**dict.fromkeys(lines, typed), "witness_told": typed, "second_badge": f"二 {typed}"}
    answer = post(on.head, f"/leads/{on.lead}/extract", {**_OFFICERS, **typed_in, "listing": on.hit()})
    if answer.status_code == 303:  # no more than one is going on
        assert post(on.head, answer.headers["location"] + "/abandon", {"why": typed}).status_code == 303
    return answer


def _search(on: Ground, *, standing: int, **typed: str) -> Any:
    """No more than so many terms stand at a time."""
    for one in sql(on.engine, f"select id from extra_terms where ended_at is null order by id desc offset {standing}"):
        assert on.head.post(f"/scans/terms/{one.id}/end").status_code == 303
    return post(on.head, f"/leads/{on.lead}/search", {"what": "phrase", "nights": "1", **typed})


def why_searched(on: Ground, typed: str) -> Any:
    return _search(on, standing=0, phrase="象牙", why=typed)


def phrase(on: Ground, typed: str) -> Any:
    """Only what stands in the lead's own texts may be searched for: so it stands there."""
    run(on, "update listings set title = :t where id = :id", t=in_one_line(typed), id=on.hit())
    return _search(on, standing=30, phrase=typed, why="试验")


def full_name(on: Ground, typed: str) -> Any:
    """Each has screened a lead, so that the name comes into the lists."""
    facts = {"name": f"u{on.serial}x", "role": "analyst", "full_name": typed}
    answer = post(on.admin, "/settings/users", facts)
    if answer.status_code == 200:
        run(on, "update leads set screened_by = (select max(id) from users) where id = :lead", lead=on.candidate())
    return answer


def name(on: Ground, typed: str) -> Any:
    return post(on.admin, "/settings/users", {"name": typed, "role": "analyst", "full_name": "试验"})


def sign_in(on: Ground, typed: str) -> Any:
    """From an address of its own each time, or the door would soon be slow."""
    where = {"base_url": BASE, "client": (f"198.51.{on.serial // 250}.{on.serial % 250}", 50000)}
    stranger = Browser(http=TestClient(on.other.http.app, raise_server_exceptions=False, **where))
    stranger.token = token_in(stranger.get("/login").text)
    return post(stranger, "/login", {"name": typed, "password": "x"})


def token(on: Ground, typed: str) -> Any:
    answer = post(on.head, "/settings/tokens", {"name": typed, "scopes": "read", "days": 90, "password": PASSWORD})
    for one in sql(on.engine, "select id from api_tokens where revoked_at is null"):
        assert on.head.post(f"/settings/tokens/{one.id}/revoke").status_code == 303
    return answer


def unit(on: Ground, typed: str) -> Any:
    facts = {"name": typed, "city": typed, "province": typed, "districts": "370481 滕州市"}
    return post(on.admin, "/setup/unit", facts)


def districts(on: Ground, typed: str) -> Any:
    facts = {"name": "网监科", "city": "枣庄", "province": "山东", "districts": f"370481 {typed}"}
    return post(on.admin, "/setup/unit", facts)


def first_file(on: Ground, typed: str) -> Any:
    """The name of the file is a text as well."""
    of_browser = in_browser(typed)
    told = {"csrf_token": on.head.token, "platform": of_browser}
    file = {"listings": (f"{of_browser}.csv", b"id,title\n1,x\n")}
    return on.head.http.post("/setup/file", data=told, files=file, headers={"Origin": BASE}, follow_redirects=False)


def brought(on: Ground, typed: str) -> Any:
    """As a browser sends a form that may hold files, each about another item; the file's name is a text as well."""
    of_browser = in_browser(typed)
    told = {"source": "投诉举报", "text": f"https://tips.example/{on.serial}\n{of_browser}", "note": of_browser}
    file = {"saved_page": (f"{of_browser}.txt", b"")}
    told["csrf_token"] = on.head.token
    answer = on.head.http.post("/intake", data=told, files=file, headers={"Origin": BASE}, follow_redirects=False)
    assert told_whole(on, of_browser), ascii(typed)
    return answer


def told_whole(on: Ground, brought_in: str) -> bool:
    """What was brought last says all that stood behind its link: spaces are made single, and ends cut."""
    [(title, description)] = sql(on.engine, "select title, description from listings order by id desc limit 1")
    words = re.sub("[ \t\u3000]+", " ", brought_in).strip(" ，。,\n\t").strip()
    return not words or UNSTORABLE.sub("\ufffd", words) == (description or title)
