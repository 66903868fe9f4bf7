"""What a capture says about how it came about, judged by the site's own visits and certificate."""

import hashlib
import json
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.circumstances import Course, written_down
from demo.serve import running
from records import Exchange, Surroundings
from tests.crawler.errands import Told, patrol
from tests.crawler.mischief import NOT_FOUND, Answer, Site, card, cards, detail, redirect, site

pytestmark = pytest.mark.slow

FAST = {"delay": 0.02}
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 40
NAME = "shop.example.com"


def _market(path: str) -> Answer:
    if path.startswith("/latest/"):
        return cards(card("101", "象牙手串", link="/moved/101"))
    if path == "/moved/101":
        answer = redirect("/item/101.html")
        return Answer(status=302, headers={**answer.headers, "Set-Cookie": "key=secret-key"}, body=b"moved")
    if path.startswith("/item/"):
        return detail("101", "象牙手串", "一段说明")
    if path.startswith("/pic/"):
        return Answer(body=PICTURE, headers={"Content-Type": "image/png"})
    return NOT_FOUND


def _record(told: Told) -> dict:
    assert told.code == 0 and len(told.hits) == 1, told.errors
    record = told.hits[0]["capture"]["record"]
    assert record["format"] == "xunwang-capture-1"
    return record


@pytest.fixture(scope="module")
def plain() -> tuple[Site, Told]:
    with site(_market) as market:
        return market, patrol("demo_ads", market.url, words=["象牙"], changes=FAST)


def test_every_hop_and_picture_stands_in_it_in_order(plain: tuple[Site, Told]) -> None:
    market, told = plain
    exchanges = _record(told)["exchanges"]
    wanted = [path for path in market.paths if path != "/robots.txt" and not path.startswith("/latest/")]
    assert [one["url"] for one in exchanges] == [market.url + path for path in wanted]
    assert [one["status"] for one in exchanges] == [302, 200, 200]
    assert {one["peer"] for one in exchanges} == {"127.0.0.1"} and {one["client"] for one in exchanges} == {"http"}
    assert all(one["began"] <= one["ended"] for one in exchanges)


def test_its_bodies_are_files_of_the_capture(plain: tuple[Site, Told]) -> None:
    _, told = plain
    capture = told.hits[0]["capture"]
    named = [one["body"]["sha256"] for one in _record(told)["exchanges"]]
    assert named[0] == hashlib.sha256(b"moved").hexdigest() and named[2] == hashlib.sha256(PICTURE).hexdigest()
    assert set(named) <= set(capture["hashes"])
    assert [role for role, *_ in capture["files"]].count("answer") == 1  # page and picture are there as such


def test_it_holds_no_key_to_an_account(plain: tuple[Site, Told]) -> None:
    _, told = plain
    hop = _record(told)["exchanges"][0]
    assert ["Set-Cookie", "[withheld]"] in hop["answered"]
    assert "secret-key" not in str(told.hits[0]["capture"])


def test_it_tells_the_time_and_what_the_servers_thought_it_was(plain: tuple[Site, Told]) -> None:
    _, told = plain
    time = _record(told)["time"]
    assert time["began"].endswith("+00:00") and time["began_shanghai"].endswith("+08:00")
    assert time["clock"]["note"] == "未设置时间源" and time["clock"]["reliable"] is None
    assert len(time["servers"]) == 3 and all(abs(one["ahead_seconds"]) <= 2 for one in time["servers"])


def _heard(date: str) -> Exchange:
    at = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    answered = (("Date", date),) if date else ()
    return Exchange(url="https://a.example/", status=200, answered=answered, body=b"x", began=at, ended=at)


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Mon, 23 Nov 2026 12:00:30 GMT", [0]),
        ("Mon, 23 Nov 2026 13:00:30 GMT", [3_600]),
        ("Mon, 23 Nov 2026 19:59:30 +0800", [-60]),
        ("Mon, 23 Nov 2026 12:00:30", []),  # without a zone it says nothing
        ("yesterday", []),
        ("Mon, 23 Nov 99999999999999 12:00:30 GMT", []),
        ("", []),
    ],
)
def test_a_servers_clock_is_compared_where_it_tells_one(date: str, ahead: list[int]) -> None:
    at = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    course = Course(
        url="u", final_url="u", began=at, ended=at, method="m", exchanges=(_heard(date),), console=(),
        surroundings=Surroundings(), user_agent="t", robots="", delay=0.0, browser="",
    )  # fmt: skip
    record = json.loads(written_down(course, ())[0].body)
    assert [one["ahead_seconds"] for one in record["time"]["servers"]] == ahead


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    file = folder / "one.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", str(folder / "key.pem"), "-out", str(file), "-days", "2", "-subj", f"/CN={NAME}",
               "-addext", f"subjectAltName=DNS:{NAME}"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return file


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with site(_market, tls=context) as market:
        yield market


def test_encryption_is_named_with_the_certificate_that_was_shown(encrypted: Site, certificate: Path) -> None:
    port = encrypted.url.rpartition(":")[2]
    told = patrol(
        "demo_ads", f"https://{NAME}:{port}", words=["象牙"], changes=FAST, names={NAME: ["127.0.0.1"]},
        allowed=[f"127.0.0.1:{port}"], environ={"SSL_CERT_FILE": str(certificate)},
    )  # fmt: skip
    for one in _record(told)["exchanges"]:
        assert one["tls"]["protocol"] == "TLSv1.3" and one["tls"]["cipher"].startswith("TLS_")
        [shown] = one["tls"]["certificates"]
        assert ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(certificate.read_text())


@pytest.mark.browser
@pytest.mark.parametrize(("screens", "seen"), [(4, True), (40, False)])
def test_a_long_page_is_scrolled_within_limits_before_it_is_photographed(
    chromium: str, screens: int, seen: bool
) -> None:
    """What shows itself on sight is in the capture; an endless page is left, says so, and is asked for nothing more."""
    lazy = f"""<div style="height:{screens * 900}px"></div><p id=end>not yet</p><script>
    new IntersectionObserver(found => {{ if (found[0].isIntersecting) {{
        document.getElementById("end").textContent = "was seen"; fetch("/api/more"); }} }})
        .observe(document.getElementById("end"));</script>"""

    def market(path: str) -> Answer:
        answer = _market(path)
        return replace(answer, body=answer.body + lazy.encode()) if path.startswith("/item/") else answer

    with site(market) as standing:
        told = patrol("demo_ads", standing.url, words=["象牙"], changes=FAST | {"detail": "render"})
    assert told.code == 0 and len(told.hits) == 1, told.errors
    capture = told.hits[0]["capture"]
    assert ('<p id="end">was seen</p>' in capture["dom"]) is seen
    assert [gap for gap in capture["gaps"] if "滚动" in gap] == ([] if seen else ["截图：页面过长，只滚动了 18 屏"])
    assert "snapshot" in [role for role, *_ in capture["files"]]
    assert standing.paths.count("/api/more") <= 1


@pytest.mark.browser
def test_a_rendered_page_tells_what_its_scripts_asked_for(chromium: str) -> None:
    with running(seed=7, listings=60) as town:
        told = patrol("demo_goods", town.sites["demo_goods"], words=["象牙", "猎夹", "绝户网"])
    assert told.code == 0 and told.hits, told.errors
    for hit in told.hits:
        capture, record = hit["capture"], hit["capture"]["record"]
        ends = {one["url"].removeprefix(town.sites["demo_goods"]): one for one in record["exchanges"]}
        document = next(one for path, one in ends.items() if path.startswith("/item/"))
        data = next(one for path, one in ends.items() if path.startswith("/api/item"))
        for one in (document, data):
            assert one["client"] == "browser" and one["status"] == 200 and one["peer"] == "127.0.0.1"
            assert one["body"]["sha256"] in capture["hashes"]
            assert any(name.lower() == "user-agent" and "xunwang-test" in value for name, value in one["asked"])
        refused = [one for one in record["exchanges"] if one["note"] == "按采集规则未放行"]
        assert all(one["body"] is None for one in refused)
        assert isinstance(record["console"], list)
        roles = [role for role, *_ in capture["files"]]
        assert roles.count("first_screen") == roles.count("screenshot") == roles.count("record") == 1
