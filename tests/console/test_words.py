"""Every text of the console goes through gettext and has its English, placeholders and marks of the page included."""

import re
from collections import Counter
from pathlib import Path

import pytest

from console import language
from console.language import CHINESE, ENGLISH
from records import (
    CITY,
    ELSEWHERE,
    TECHNIQUES,
    UNDECIDED,
    DismissReason,
    LeadState,
    ListingState,
    Outcome,
    ScanStatus,
    Screening,
    Source,
)
from scripts import words

ROOT = Path(__file__).resolve().parent.parent.parent

#: Files that are still to go through gettext. Empty is how it should be; nothing is ever added.
EXEMPT: set[str] = set()

#: What a translation must bring along as it is: %(name)s and {name}, elements of the page, commands.
KEPT = re.compile(r"%\(\w+\)[sd]|(?<![{%])\{\w+\}|<[^>]+>|%%")


@pytest.mark.parametrize("path", words.sources(), ids=lambda path: path.name)
def test_every_text_goes_through_gettext(path):
    bare = words.bare(path)
    assert not bare if path.name not in EXEMPT else bare, path.name


def test_every_text_has_its_english():
    assert words.without_english() == {}


def words_of_other_rooms() -> set[str]:
    """Values that reach a page as they are: states, reasons, outcomes, names of categories and platforms."""
    kinds = (DismissReason, LeadState, ListingState, Screening, Source, ScanStatus)
    found = {str(one) for kind in kinds for one in kind} | {one.label for one in Outcome}
    facts = [*(ROOT / "keywords/lexicon").glob("*.yml"), *(ROOT / "crawler/platforms").glob("*.yml")]
    named = [re.search(r"^name: (.*)$", path.read_text("utf-8"), re.MULTILINE) for path in facts]
    return found | {*TECHNIQUES.values(), CITY, ELSEWHERE, UNDECIDED} | {name[1] for name in named if name}


def test_the_words_of_other_rooms_have_their_english():
    known = {words.key(message.id) for message in language.entries(ENGLISH)}
    assert words_of_other_rooms() - known == set()


def other_rooms() -> list[Path]:
    rooms = ("records", "keywords", "crawler", "evidence", "db", "pipelines", "alerts", "reports", "ops")
    return [path for room in rooms for kind in ("*.py", "*.yml") for path in sorted((ROOT / room).rglob(kind))]


def test_no_catalogue_holds_what_nobody_says_or_says_it_twice():
    said = {words.key(text) for path in words.sources() for text in words.messages(path)}
    elsewhere = "".join(path.read_text("utf-8") for path in other_rooms())
    there = Counter(words.key(message.id) for message in language.entries(ENGLISH))
    assert [text for text, count in there.items() if count > 1] == []
    unsaid = [text for text in there if text not in said]
    # a sentence of another room: what stands between its placeholders stands there
    assert [text for text in unsaid if not all(piece in elsewhere for piece in re.split(r"%\(\w+\)s", text))] == []


def test_a_translation_keeps_what_is_filled_in():
    differs = {}
    for message in language.entries(ENGLISH):
        originals = [message.id] if isinstance(message.id, str) else message.id
        translations = [message.string] if isinstance(message.string, str) else message.string
        kept = Counter(KEPT.findall(originals[-1]))
        # one of something may be said without its number
        wrong = [one for one in translations[-1:] if Counter(KEPT.findall(one)) != kept]
        wrong += [one for one in translations[:-1] if not set(KEPT.findall(one)) <= set(kept)]
        if wrong:
            differs[originals[0]] = wrong
    assert differs == {}


def test_no_english_holds_chinese():
    found = [one for message in language.entries(ENGLISH) for one in words.forms(message.string)]
    assert [one for one in found if words.CHINESE.search(one)] == []


def test_the_watch_sees_what_it_should(tmp_path):
    """Each kind of file, once with a text that slipped past."""
    cases = {
        "a.html": ("<p>{{ _('好') }}</p>", "<p>坏</p>", "<p title=\"{{ '坏' }}\">", "{% if x == '坏' %}{% endif %}"),
        "a.py": ('x = _("好")', 'x = "坏"', 'x = f"{y} 坏"', 'x = dict(坏="坏")'),
        "a.js": ('tell(say("好"));', 'tell("坏");', "tell(`坏`);", 'tell(say("好") + "坏");'),
    }
    for name, (right, *wrongs) in cases.items():
        path = tmp_path / name
        path.write_text(right, "utf-8")
        assert words.bare(path) == [] and words.messages(path) == ["好"], name
        for wrong in wrongs:
            path.write_text(wrong, "utf-8")
            assert words.bare(path), wrong


# --- choosing ---------------------------------------------------------------------------------------------------------


@pytest.mark.db
def test_a_visitor_chooses_before_signing_in(browser):
    visitor = browser()
    form = visitor.get("/login")
    assert f'lang="{CHINESE}"' in form.text and "没有默认密码" in form.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)[1]
    here = {"Referer": "http://127.0.0.1:8000/login?next=/scans%3Fscan%3D1"}
    answer = visitor.post("/language", {"language": "en"}, token=token, headers=here)
    assert answer.status_code == 303 and answer.headers["location"] == "/login?next=/scans%3Fscan%3D1"
    english = visitor.get("/login").text
    assert f'lang="{ENGLISH}"' in english and "There is no default password" in english
    assert "没有默认密码" not in english


@pytest.mark.db
@pytest.mark.parametrize(
    "before",
    ["", "http://evil.example/review", "http://127.0.0.1:8000//evil.example", "http://127.0.0.1:8000/\\evil.example",
     "//evil.example", "javascript:alert(1)", "http://127.0.0.1:8000@evil.example/x", "http://[bad"],
)  # fmt: skip
def test_choosing_a_language_leads_nowhere_else(account, before):
    answer = account().post("/language", {"language": "en"}, headers={"Referer": before} if before else {})
    assert answer.status_code == 303 and answer.headers["location"] == "/"


@pytest.mark.db
def test_an_unknown_language_is_refused_and_a_forged_cookie_speaks_chinese(account):
    visitor = account()
    assert visitor.post("/language", {"language": "../../etc"}).status_code == 400
    assert visitor.post("/language", {"language": "en"}, token="x").status_code == 403
    visitor.http.cookies.set("xunwang_language", "xx")
    assert f'lang="{CHINESE}"' in visitor.get("/").text
