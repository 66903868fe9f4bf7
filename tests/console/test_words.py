"""Every text of the console goes through gettext and has its English, placeholders and marks of the page included."""

import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from console import language
from console.accounts import SignInTooSoon
from console.language import CHINESE, ENGLISH
from keywords import Matcher, builtin
from records import (
    CITY,
    ELSEWHERE,
    SHANGHAI,
    TECHNIQUES,
    UNDECIDED,
    Coverage,
    DismissReason,
    Halt,
    LeadState,
    Listing,
    ListingState,
    Outcome,
    ScanStatus,
    Screening,
    Source,
    Unseen,
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


def _pieces(text: str) -> list[str]:
    """Three characters in a row, or fewer where there are no three; nothing of a text that is only quotation marks."""
    runs = re.findall("[一-鿿]+", text)
    return [run[at : at + 3] for run in runs for at in range(max(1, len(run) - 2))] or [""]


def test_no_catalogue_holds_what_nobody_says_or_says_it_twice():
    said = {words.key(text) for path in words.sources() for text in words.messages(path)}
    elsewhere = "".join(path.read_text("utf-8") for path in other_rooms())
    there = Counter(words.key(message.id) for message in language.entries(ENGLISH))
    assert [text for text, count in there.items() if count > 1] == []
    unsaid = [text for text in there if text not in said]
    # a sentence of another room: of what stands between its placeholders something stands there, nouns filled in or not
    assert [text for text in unsaid if not any(piece in elsewhere for piece in _pieces(text))] == []


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


# --- what other rooms say ---------------------------------------------------------------------------------------------


@pytest.fixture
def in_english():
    language.speak(ENGLISH)
    yield
    language.speak(CHINESE)


def test_sentences_of_other_rooms_are_told_in_english(in_english):
    """As the rooms make them; the words of the trade and what a page said stay what they are."""
    platforms = {"demo_ads": "同城示例网（演示）", "demo_shop": "示例藏品（演示）"}
    wall = Unseen(platform="demo_ads", outcome=Outcome.BLOCKED, queries=3, why="页面提示“请完成验证”")
    coverage = Coverage(
        planned=12, seen=9, empty=2, unseen=(wall,), open=1, card_only=4, resting=2, left_early=3,
        left_since=date(2026, 11, 20), regions={"": (4, 4)}, unnarrowed=("demo_shop",), canary=True,
    )  # fmt: skip
    told = [language.told(line) for line in coverage.lines(lambda key: platforms[key])]
    assert "Classifieds (demo): 3 queries blocked: the page says “请完成验证”" in told
    assert [line for line in told if words.CHINESE.search(line.replace("请完成验证", ""))] == []
    listing = Listing(platform="demo_ads", item_id="1", url="https://a.example/1", title="老象牙手串 实物拍摄 包邮")
    judged = Matcher(builtin()).assess(listing)
    assert judged.parts
    for part in judged.parts:
        assert not words.CHINESE.search(re.sub("“.*?”", "", language.told(part.label))), part.label
    halt = Halt(by="wang", why="上级要求：全部停止", at=datetime(2026, 11, 29, tzinfo=SHANGHAI))
    assert language.told(halt.sentence) == "All crawling is halted (wang, 11-29 00:00): 上级要求：全部停止"


def test_a_fault_is_told_in_english(in_english):
    cause, detail, remedy = language.told_by(SignInTooSoon(language._("%(count)s 秒", count=4)))
    assert (cause, detail) == ("Too many attempts; wait before the next one.", "4 seconds")
    assert not words.CHINESE.search(remedy)


@pytest.mark.parametrize("mark", ["；", "、", "：", "，已重试", "“", "个、看到 计划 ", "其他：", "%(x)s", "%"])
def test_a_hostile_sentence_costs_little_and_is_left_alone(in_english, mark):
    assert language.told(mark * 5000) == mark * 5000
    assert len(language.told((mark * 400)[:400])) < 5000


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
