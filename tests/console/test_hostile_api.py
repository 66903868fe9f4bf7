"""Hostile strings in every text field of the API, as its own description lists them: a field that is not in the table
fails; what was sent is stored as it was or refused as a problem that says why, and nothing is answered with 500."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from console.api.problems import MEDIA_TYPE
from tests.console import hostile
from tests.console.filling import Ground, in_browser, in_one_line, paired, sent, told_whole
from tests.console.forms import CLAUSES, Form
from tests.console.test_browser import page as page
from tests.console.test_hostile_forms import ground as ground
from tests.console.test_hostile_forms import whole
from tests.console.test_verdicts import sql, version

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]

ROOT = "/api/v1"
HALF = re.compile("[\ud800-\udfff]")


def text_fields(document: dict[str, Any]) -> set[str]:
    """`POST /intake body.text` of everything that takes a text, by the description of the API; files are none."""
    found = set()
    for path, method, operation in operations(document):
        name = f"{method.upper()} {path.removeprefix(ROOT)}"
        for one in operation.get("parameters", ()):
            if one["in"] != "path" and takes_text(one["schema"], document):
                found.add(f"{name} {one['in']}.{one['name']}")
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for field, schema in resolved(content["schema"], document)["properties"].items():
                if takes_text(schema, document):
                    found.add(f"{name} body.{field}")
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def takes_text(schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """True for any string, also one of a list or of a form, but for the bytes of a file."""
    known = resolved(schema, document)
    if "anyOf" in known or "allOf" in known:
        return any(takes_text(one, document) for one in known.get("anyOf", known.get("allOf")))
    file = known.get("format") == "binary" or "contentMediaType" in known
    return known.get("type") == "string" and not file


# --- fields whose text is kept ----------------------------------------------------------------------------------------


def call(on: Ground, method: str, path: str, **more: Any) -> Any:
    """Whatever is refused is a problem with a code, with what is wrong and what to do."""
    on.head.bearer = on.head.bearer or on.head.mint()
    headers = {"Authorization": f"Bearer {on.head.bearer}", **more.pop("headers", {})}
    # the one client of the ground, whose cookies the API does not read: another for each request costs more than it
    answer = on.head.http.request(method, ROOT + path, headers=headers, follow_redirects=False, **more)
    if answer.status_code >= 400:
        told = answer.json()
        assert answer.headers["content-type"] == MEDIA_TYPE and told["status"] == answer.status_code < 500
        assert told["code"].startswith("E-") and told["title"] and told["remedy"]
    return answer


def written(on: Ground, path: str, typed: str, **body: Any) -> Any:
    """With what JSON escapes; and half a surrogate pair as bare bytes, which are no JSON at all."""
    if HALF.search(typed):
        bare = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        assert call(on, "POST", path, content=bare, headers=JSON).status_code in (400, 422)
    return call(on, "POST", path, content=json.dumps(body).encode(), headers=JSON)


JSON = {"Content-Type": "application/json"}


def screening(on: Ground, typed: str) -> Any:
    lead = on.candidate()
    facts = {"action": "排除", "reason": "其他", "note": typed, "version": int(version(on.engine, lead))}
    return written(on, f"/leads/{lead}/screening", typed, **facts)


def unmasked(on: Ground, typed: str) -> Any:
    return written(on, f"/leads/{on.lead}/unmasked", typed, occasion="其他", why=typed)


def exported(on: Ground, typed: str) -> Any:
    return written(on, "/exports", typed, kind="csv", unmasked=True, why=typed)


def brought(on: Ground, typed: str) -> Any:
    """Each about another item; the names of both files are texts as well."""
    of_browser = in_browser(typed)
    told = {"source": "投诉举报", "text": f"https://tips.example/api/{on.serial}\n{of_browser}", "note": of_browser}
    files = {"screenshot": (of_browser, b""), "saved_page": (f"{of_browser}.txt", b"")}
    answer = call(on, "POST", "/intake", data=told, files=files)
    assert told_whole(on, of_browser), ascii(typed)
    return answer


def keyed(on: Ground, typed: str) -> Any:
    headers = {**JSON, "Idempotency-Key": typed.encode("utf-8", "surrogatepass")}
    body = json.dumps({"action": "待研判", "version": int(version(on.engine, on.lead))}).encode()
    return call(on, "POST", f"/leads/{on.lead}/screening", content=body, headers=headers)


def keyed_intake(on: Ground, typed: str) -> Any:
    headers = {"Idempotency-Key": typed.encode("utf-8", "surrogatepass")}
    told = {"source": "投诉举报", "text": f"https://tips.example/keyed/{on.serial}"}
    return call(on, "POST", "/intake", data=told, headers=headers)


def _takes(least: int, most: int) -> Any:
    """No half surrogate pair, which JSON can spell and no text holds; else a length in one line."""
    return lambda typed: not HALF.search(paired(typed)) and least <= len(_joined(typed)) <= most


def _joined(typed: str) -> str:
    return in_one_line(paired(typed))


_REFUSED = {"refusals": (400, 422)}
_SCREENING, _INTAKE = "POST /leads/{lead_id}/screening", "POST /intake"
_KEY = {
    "kept": "select key from api_answers where key = :wanted limit 1",
    "takes": lambda typed: bool(re.fullmatch("[!-~]{1,100}", typed)),
    "as_kept": lambda typed: typed,
    "most": 100,
    "pages": lambda _on: iter(()),
    **_REFUSED,
}
KEPT = {
    "screening": Form(
        fields=(f"{_SCREENING} body.note",),
        send=screening,
        kept=CLAUSES.format("screenings"),
        takes=_takes(1, 60),
        as_kept=_joined,
        most=60,
        column="排除原因",
        before="其他：",
        **_REFUSED,
    ),
    "unmasked": Form(
        fields=("POST /leads/{lead_id}/unmasked body.why",),
        send=unmasked,
        kept="select substr(detail->>'unmasked', 5) from audit where action = 'lead.unmask' order by seq desc limit 1",
        takes=_takes(1, 100),
        as_kept=_joined,
        most=100,
        **_REFUSED,
    ),
    "exports": Form(
        fields=("POST /exports body.why",),
        send=exported,
        kept="select detail->>'why' from audit where action like 'lead.export%' order by seq desc limit 1",
        takes=_takes(4, 100),
        as_kept=_joined,
        most=100,
        **_REFUSED,
    ),
    "intake": Form(
        fields=(f"{_INTAKE} body.text", f"{_INTAKE} body.note"),
        send=brought,
        kept="select note from listings order by id desc limit 1",
        least=0,
        most=2000,
        as_kept=lambda typed: in_browser(typed).strip(),
        statuses=(201,),
        pages=lambda _on: iter(()),
    ),
    # 1–100 characters that can be seen, of ASCII
    "key": Form(fields=(f"{_SCREENING} header.Idempotency-Key",), send=keyed, **_KEY),
    "key_intake": Form(
        fields=(f"{_INTAKE} header.Idempotency-Key",), send=keyed_intake, **{**_KEY, "statuses": (201,)}
    ),
}

# --- fields that are asked for, or hold one of a few words ------------------------------------------------------------

#: Filters: anything of so many characters is looked for, and found nowhere.
ASKED = {
    "GET /leads": dict.fromkeys(("platform", "category", "district", "level", "q"), 80),
    "GET /leads/counts": dict.fromkeys(("platform", "category", "district", "level", "q"), 80),
    "GET /search": dict.fromkeys(("platform", "q"), 80),
}
_QUEUE = ("state", "sort", "price_from", "price_to", "from", "to")
#: A word of a list, a day, a price, the place of a page, a version: none of a thousand strings is one, all are refused.
OF_A_FORM = {
    "GET /leads": (*_QUEUE, "cursor"),
    "GET /leads/counts": _QUEUE,
    "GET /campaigns/{campaign_id}/statistics": ("from", "to"),
    _SCREENING: ("action", "reason", "If-Match"),
    "POST /leads/{lead_id}/unmasked": ("occasion",),
    "POST /exports": ("kind", "state"),
    _INTAKE: ("source",),
}


def test_no_route_takes_a_text_that_nobody_sends(seat) -> None:
    listed = {name for form in KEPT.values() for name in form.fields}
    listed |= {f"{route} query.{name}" for route, names in ASKED.items() for name in names}
    for route, names in OF_A_FORM.items():
        where = "query" if route.startswith("GET") else "body"
        listed |= {f"{route} {'header' if name == 'If-Match' else where}.{name}" for name in names}
    document = seat("leser", "analyst").call("GET", f"{ROOT}/openapi.json").json()
    assert listed == text_fields(document)


def query(typed: str, names: Any) -> str:
    return "&".join(f"{name}={quote(typed.encode('utf-8', 'surrogatepass'), safe='')}" for name in names)


def ask(on: Ground, typed: str) -> None:
    """All filters of a list at once: found nowhere, or each that is too long is named."""
    arrived = sent(typed)
    for route, names in ASKED.items():
        answer = call(on, "GET", f"{route.removeprefix('GET ')}?{query(typed, names)}")
        wrong = {f"query.{name}" for name, most in names.items() if len(arrived) > most}
        if wrong:
            assert (answer.status_code, {one["at"] for one in answer.json()["errors"]}) == (422, wrong)
        elif route == "GET /search" and not arrived.replace("\x00", "").strip():
            assert (
                answer.status_code == 422 and "没有可以查找的词语" in answer.json()["title"] + answer.json()["detail"]
            )
        elif "\x00" in arrived:  # which the database cannot even be asked for
            assert (answer.status_code, answer.json()["code"]) == (400, "E-DB-012")
        else:
            assert answer.status_code == 200 and not answer.json().get("items")


def refuse(on: Ground, typed: str) -> None:
    """Every place that has a form of its own is named."""
    blank = {"sort", "price_from", "price_to", "from", "to"} if typed == "" else set()
    for route, names in OF_A_FORM.items():
        method, path = route.split(" ")
        path = path.format(lead_id=on.lead, campaign_id=1)
        several = [name for name in names if name not in ("cursor", "If-Match")]
        if method == "GET":
            answer = call(on, "GET", f"{path}?{query(typed, several)}")
        elif route == _INTAKE:
            answer = call(on, "POST", path, data={"source": in_browser(typed), "text": "x"})
        else:
            body = dict.fromkeys(several, typed)
            answer = call(on, "POST", path, content=json.dumps(body).encode(), headers=JSON)
        places = {one["at"] for one in answer.json()["errors"]}
        wanted = {f"{'query' if method == 'GET' else 'body'}.{name}" for name in several if name not in blank}
        assert answer.status_code == 422 and places >= wanted, (route, ascii(typed), places)
    assert call(on, "GET", f"/leads?{query(typed, ['cursor'])}").status_code in ((400, 422) if typed else (200,))
    body = b'{"action": "\xe5\xbe\x85\xe7\xa0\x94\xe5\x88\xa4"}'
    matched = {**JSON, "If-Match": typed.encode("utf-8", "surrogatepass")}
    refused = call(on, "POST", f"/leads/{on.lead}/screening", content=body, headers=matched)
    assert refused.status_code in (422, 428), ascii(typed)


COUNTED = "select (select max(seq) from audit), (select count(*) from screenings), (select count(*) from listings)"


def done_by(on: Ground, given: list[str]) -> list[str]:
    """What was looked for or refused, and did something all the same."""
    call(on, "GET", "/me")  # makes the token, which is a row of the audit
    rows, doers = sql(on.engine, COUNTED), []
    for typed in given:
        ask(on, typed)
        refuse(on, typed)
        before, rows = rows, sql(on.engine, COUNTED)
        doers += [ascii(typed)] if rows != before else []
    return doers


#: Bodies that are no JSON, or more than any field holds.
BROKEN = (
    b"\x00",
    b"\xff\xfe{\x00",
    b'"\xed\xa0\x80"',
    b"[" * 20_000,
    b'{"version": ' + b"9" * 5_000 + b"}",
    b'{"version": 1e400}',
    b'{"note": NaN}',
    json.dumps({"x\ud800\x00": 1}).encode(),
    json.dumps({"note": "\x00" * 9_000}).encode(),
)


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_body_that_is_none_is_a_problem(ground, body):
    on = ground(1)
    for path in (f"/leads/{on.lead}/screening", f"/leads/{on.lead}/unmasked", "/exports"):
        assert call(on, "POST", path, content=body, headers=JSON).status_code in (400, 422)


def test_a_half_surrogate_pair_is_named_as_what_it_is(ground):
    on = ground(1)
    told = unmasked(on, "象牙\ud800").json()
    assert told["errors"] == [{"at": "body.why", "why": "含有不成对的代理字符（\\ud800–\\udfff）"}]


def test_a_sample_of_hostile_strings_in_every_field_of_the_api(ground, page):
    on = ground(2)
    for form in KEPT.values():
        on.head.bearer = ""  # a key is another request's for one token
        assert whole(on, form, hostile.sample(), page) == []
    assert done_by(on, hostile.sample()) == []


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", KEPT)
def test_a_thousand_hostile_strings_in_each_field_of_the_api(ground, page, name):
    assert whole(ground(20), KEPT[name], hostile.strings(), page) == []


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_a_thousand_hostile_strings_asked_of_the_api(ground):
    assert done_by(ground(2), hostile.strings()) == []
