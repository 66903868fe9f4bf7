"""Patrols of a site that misbehaves: each fault has a named end, and nothing off the platform is ever reached."""

import itertools
import json
import signal
from collections.abc import Iterator

import pytest

from crawler import definition
from tests.crawler.errands import describe, patrol, start
from tests.crawler.mischief import NOT_FOUND, Answer, Site, card, cards, detail, redirect, site

pytestmark = pytest.mark.slow

ITEM = card("101", "老物件")
FAST = {"delay": 0.02}


def _market(path: str) -> Answer:
    """A healthy market of one page with two items."""
    if path.startswith("/latest/"):
        return cards(card("101", "象牙手串"), card("102", "旧书"))
    if path.startswith("/item/"):
        number = path[6:9]
        return detail(number, "象牙手串" if number == "101" else "旧书", "一段说明")
    if path.startswith("/pic/"):
        return Answer(body=PNG, headers={"Content-Type": "image/png"})
    return NOT_FOUND


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005000"
    "1ff56c72f0d0000000049454e44ae426082"
)


@pytest.fixture
def secret() -> Iterator[Site]:
    """A local service that no page may lead us to."""
    with site(lambda path: Answer(body=b"secret")) as standing:
        yield standing


def test_a_redirect_to_another_local_service_is_not_followed(secret: Site) -> None:
    with site(lambda path: NOT_FOUND if path == "/robots.txt" else redirect(f"{secret.url}/admin")) as market:
        told = patrol("demo_ads", market.url, changes=FAST)
    assert told.outcomes == ["failed"], told.errors
    assert secret.visits == []
    assert "端口" in told.reports[0]["note"]


def test_cards_and_pictures_cannot_lead_off_the_platform(secret: Site) -> None:
    def answer(path: str) -> Answer:
        if path.startswith("/latest/"):
            mine = card("101", "象牙手串").replace("/pic/101.png", f"{secret.url}/pic.png")
            return cards(mine, card("102", "象牙牌", link=f"{secret.url}/item"), following=f"{secret.url}/next")
        if path.startswith("/item/101"):
            return redirect(f"{secret.url}/item")
        return NOT_FOUND

    with site(answer) as market:
        told = patrol("demo_ads", market.url, words=["象牙"], changes=FAST)
    assert secret.visits == []
    assert told.code == 0, told.errors
    assert {hit["item_id"] for hit in told.hits} >= {"101"}
    assert any("详情页" in gap for gap in told.hits[0]["capture"]["gaps"])


def test_robots_that_redirect_away_refuse_everything(secret: Site) -> None:
    answer = lambda path: redirect(f"{secret.url}/robots.txt") if path == "/robots.txt" else _market(path)  # noqa: E731
    with site(answer) as market:
        told = patrol("demo_ads", market.url, changes=FAST)
    assert told.outcomes == ["robots_refused"]
    assert market.paths == ["/robots.txt"]
    assert secret.visits == []


@pytest.mark.parametrize("body", [b"User-agent: *\nDisallow: /latest/", b""], ids=["disallowed", "server error"])
def test_a_refused_list_is_not_asked_for(body: bytes) -> None:
    robots = Answer(body=body, status=200 if body else 500)
    with site(lambda path: robots if path == "/robots.txt" else _market(path)) as market:
        told = patrol("demo_ads", market.url, changes=FAST)
    assert told.outcomes == ["robots_refused"]
    assert market.paths == ["/robots.txt"]


def test_refused_details_leave_the_card_with_the_list_as_its_evidence() -> None:
    robots = Answer(body=b"User-agent: *\nDisallow: /item/")
    with site(lambda path: robots if path == "/robots.txt" else _market(path)) as market:
        told = patrol("demo_ads", market.url, words=["象牙"], changes=FAST)
    assert told.outcomes == ["searched"]
    assert not [path for path in market.paths if path.startswith("/item/")]
    assert told.reports[0]["card_only"] == 2
    assert told.hits[0]["capture"]["gaps"][0].startswith("详情页：robots.txt 不允许")
    assert told.hits[0]["capture"]["url"].startswith(f"{market.url}/latest/")


def test_one_request_at_a_time_however_slow_the_answers() -> None:
    def answer(path: str) -> Answer:
        given = _market(path)
        return Answer(body=given.body, status=given.status, headers=given.headers, hold=0.2)

    with site(answer) as market:
        told = patrol("demo_ads", market.url, changes=FAST, limits={"max_details": 9})
    assert told.outcomes == ["searched"]
    assert market.most_at_once == 1
    moments = [moment for _, moment, _ in market.visits]
    assert min(after - before for before, after in itertools.pairwise(moments)) >= 0.22


def test_pictures_come_four_at_a_time_at_most() -> None:
    pictures = "".join(f'<div class="ad-pics"><img src="/pic/{n}.png"></div>' for n in range(9))

    def answer(path: str) -> Answer:
        if path.startswith("/item/101"):
            body = detail("101", "象牙手串").body.replace(b"</div></div>", f"</div>{pictures}</div>".encode())
            return Answer(body=body)
        given = _market(path)
        return Answer(body=given.body, headers=given.headers, status=given.status, hold=0.3 if "/pic/" in path else 0)

    with site(answer) as market:
        told = patrol("demo_ads", market.url, words=["象牙"], changes=FAST)
    capture = told.hits[0]["capture"]
    assert [role for role, *_ in capture["files"]].count("picture") == 6
    assert any("只保留前 6 张" in gap for gap in capture["gaps"])
    assert 2 <= market.most_at_once <= 4


@pytest.mark.parametrize(
    ("answer", "limits"),
    [
        (redirect("/latest/?page=1"), {}),
        (Answer(body=b"x" * 300_000), {"max_page_bytes": 100_000}),
        (Answer(body=b"slow" * 50, drip=0.5), {"page_deadline": 1.5}),
        (Answer(hold=30), {"page_deadline": 1.0}),
        (Answer(status=500), {}),
    ],
    ids=["redirect loop", "too large", "slow drip", "silence", "server error"],
)
def test_a_page_that_cannot_be_had_is_a_failed_query_and_the_next_one_runs(answer: Answer, limits: dict) -> None:  # type: ignore[type-arg]
    def give(path: str) -> Answer:
        return answer if path.startswith("/latest/") else cards(ITEM) if path.startswith("/search") else NOT_FOUND

    with site(give) as market:
        told = patrol(
            "demo_ads",
            market.url,
            ("browse", "最新"),
            ("search", "旧书"),
            changes=FAST,
            limits={"max_details": 0, **limits},
        )
    assert told.outcomes == ["failed", "searched"], told.errors
    assert len([path for path in market.paths if path.startswith("/latest/")]) <= 6


def test_a_page_without_cards_or_signs_has_drifted() -> None:
    page = Answer(body="<p>欢迎光临，本站全新改版，更多精彩敬请期待。</p>".encode())
    with site(lambda path: page if path.startswith("/latest/") else NOT_FOUND) as market:
        told = patrol("demo_ads", market.url, changes=FAST)
    assert told.outcomes == ["drifted"]


def test_a_list_that_repeats_itself_ends() -> None:
    answer = lambda path: cards(ITEM, following="/latest/?page=9") if "/latest/" in path else NOT_FOUND  # noqa: E731
    with site(answer) as market:
        told = patrol("demo_ads", market.url, changes=FAST)
    assert told.outcomes == ["searched"]
    assert len(market.paths) <= 4


def test_a_walled_platform_is_not_visited() -> None:
    with site(_market) as market:
        told = patrol("demo_ads", market.url, ("browse", "最新"), changes={"access": "walled"})
        assert market.visits == []
    assert told.outcomes == ["login_required"]
    assert definition("demo_ads").access == "public"


def test_what_a_hook_raises_ends_the_process_loudly() -> None:
    with site(_market) as market:
        told = patrol("demo_ads", market.url, changes=FAST, break_on="deliver")
    assert told.code != 0
    assert "the database is gone" in told.errors
    assert "Error while reading start items" not in told.errors  # told once, by whoever runs the patrol
    assert told.reports == []


def test_a_stopped_process_says_so() -> None:
    with site(lambda path: Answer(body=_market(path).body, hold=1.0)) as market:
        errand = describe("demo_ads", market.url, changes=FAST)
        with start(errand) as child:
            assert child.stdin and child.stdout
            child.stdin.write(json.dumps(errand))
            child.stdin.close()
            assert json.loads(child.stdout.readline())["event"] == "starting"
            child.send_signal(signal.SIGTERM)
            child.stdin = None
            out, errors = child.communicate(timeout=60)
    assert child.returncode != 0
    assert "Interrupted" in errors
    assert "report" not in out


@pytest.mark.browser
def test_a_rendered_page_reaches_nothing_but_its_platform(secret: Site) -> None:
    vectors = f"""<ul id="list">{ITEM}</ul><img src="{secret.url}/img"><iframe src="{secret.url}/frame"></iframe>
    <link rel="stylesheet" href="{secret.url}/css"><link rel="prefetch" href="{secret.url}/prefetch">
    <link rel="stylesheet" href="/away"><img src="/away"><script src="/away"></script>
    <script>
    fetch('{secret.url}/fetch').catch(() => 0); fetch('/away').catch(() => 0);
    navigator.sendBeacon('{secret.url}/beacon', 'x'); new EventSource('{secret.url}/events');
    new WebSocket('{secret.url.replace("http", "ws")}/socket');
    new Worker(URL.createObjectURL(new Blob(["fetch('{secret.url}/worker')"])));
    window.open('{secret.url}/popup'); setInterval(() => alert(1), 100);
    navigator.serviceWorker && navigator.serviceWorker.register('/sw.js').catch(() => 0);
    </script>"""

    def answer(path: str) -> Answer:
        if path.startswith("/latest/"):
            return Answer(body=f'<meta charset="utf-8">{vectors}'.encode())
        return redirect(f"{secret.url}{path}") if path == "/away" else NOT_FOUND

    with site(answer) as market:
        told = patrol("demo_ads", market.url, changes=FAST | {"render": "always"})
    assert told.outcomes == ["searched"], told.errors
    assert "/away" in market.paths  # the vectors did run
    assert secret.visits == []


@pytest.mark.browser
def test_every_hop_of_a_rendered_navigation_is_asked_about(secret: Site) -> None:
    """Playwright's routes see the first address of a navigation alone; these hops pass them unseen."""
    hops = {
        "/latest/?page=1": redirect("/middle"),
        "/middle": redirect("/private/list"),
        "/search": redirect(f"{secret.url}/admin"),
        "/robots.txt": Answer(body=b"User-agent: *\nDisallow: /private/"),
        "/private/list": redirect("/open"),
        "/fine": redirect("/open"),
        "/open": cards(ITEM),
    }

    def answer(path: str) -> Answer:
        return hops.get(path) or hops.get(path.partition("?")[0], NOT_FOUND)

    with site(answer) as market:
        rendered = FAST | {"render": "always"}
        told = patrol("demo_ads", market.url, ("browse", "最新"), ("search", "旧书"), changes=rendered)
        assert told.outcomes == ["robots_refused", "failed"], told.errors
        assert "/private/" in told.reports[0]["note"]
        assert "端口" in told.reports[1]["note"]
        assert market.paths[:3] == ["/robots.txt", "/latest/?page=1", "/middle"]
        assert not [path for path in market.paths if path.startswith(("/private/", "/open"))]
        assert secret.visits == []
        # what is allowed is followed, each hop at its time and counted
        hops["/search"] = redirect("/fine")
        told = patrol("demo_ads", market.url, ("search", "旧书"), changes=FAST | {"render": "always", "delay": 0.7})
        assert told.outcomes == ["searched"], told.errors
        visits = market.visits[-4:]
        assert [path.partition("?")[0] for path, _, _ in visits] == ["/robots.txt", "/search", "/fine", "/open"]
        assert told.reports[0]["requests"] == 4
        moments = [at for _, at, _ in visits]
        # arrivals on a busy machine jitter; a hop that took no turn of its own would come at once
        assert min(later - earlier for earlier, later in itertools.pairwise(moments)) >= 0.35


@pytest.mark.browser
def test_a_page_that_never_rests_ends_in_time_and_the_next_query_runs() -> None:
    def answer(path: str) -> Answer:
        if path.startswith("/latest/"):
            return Answer(body=f"<ul id='list'>{ITEM}</ul><script>while (1);</script>".encode())
        return cards(ITEM) if path.startswith("/search") else NOT_FOUND

    with site(answer) as market:
        told = patrol(
            "demo_ads",
            market.url,
            ("browse", "最新"),
            ("search", "旧书"),
            changes=FAST | {"render": "always"},
            limits={"page_deadline": 5.0, "max_details": 0},
        )
    assert told.outcomes == ["failed", "searched"], told.errors


@pytest.mark.browser
def test_a_shell_is_rendered_only_where_the_definition_leaves_it_open() -> None:
    script = f"setTimeout(() => {{list.innerHTML = {json.dumps(ITEM)}}}, 200)"
    shell = Answer(body=f"<ul id=list></ul><script>{script}</script>".encode())
    with site(lambda path: shell if path.startswith("/latest/") else NOT_FOUND) as market:
        drifted = patrol("demo_ads", market.url, changes=FAST | {"render": "never"})
        assert [path for path in market.paths if path.startswith("/latest/")] == ["/latest/?page=1"]
        told = patrol("demo_ads", market.url, ("browse", "最新"), ("browse", "最新"), changes=FAST | {"render": "auto"})
    assert drifted.outcomes == ["drifted"]
    assert told.outcomes == ["searched", "searched"], told.errors
    agents = [agent for path, _, agent in market.visits if path.startswith("/latest/")][1:]
    assert ["Chrome" in agent for agent in agents] == [False, True, True]  # the shell is remembered


@pytest.mark.parametrize(("sort", "pages"), [("updated", 1), ("newest", 3), ("other", 3)])
def test_a_list_with_what_changed_on_top_is_left_where_all_is_known(sort: str, pages: int) -> None:
    def answer(path: str) -> Answer:
        number = int(path.rpartition("=")[2]) if path.startswith("/latest/") else 0
        following = f"/latest/?page={number + 1}" if number < 3 else ""
        return cards(card(str(number), f"老物件 {number}"), following=following) if number else NOT_FOUND

    with site(answer) as market:
        first = patrol("demo_ads", market.url, changes=FAST | {"sort": sort})
        facts = {"changes": FAST | {"sort": sort}, "stored": first.stored, "read_before": True}
        told = patrol("demo_ads", market.url, limits={"max_details": 0, "reread_pages": 20}, **facts)
    assert first.outcomes == told.outcomes == ["searched"], told.errors
    assert [path for path in market.paths if path.startswith("/latest/")][3:] == [
        f"/latest/?page={number}" for number in range(1, pages + 1)
    ]
    assert told.reports[0]["to_end"] is (pages == 3)


@pytest.mark.browser
def test_no_page_lives_on_when_its_query_has_ended() -> None:
    """A page that keeps writing down the time, and one that tells how long before its own beginning that ended."""
    ticking = "setInterval(() => localStorage.last = Date.now(), 10)"
    telling = "list.innerHTML = list.innerHTML.replace('GAP', performance.timeOrigin - localStorage.last)"

    def answer(path: str) -> Answer:
        script = ticking if path.startswith("/latest/") else telling
        told = f"<ul id=list>{card('101', '老物件 GAP')}</ul><script>{script}</script>"
        return NOT_FOUND if path == "/robots.txt" else Answer(body=told.encode())

    with site(answer) as market:
        told = patrol(
            "demo_ads",
            market.url,
            ("browse", "最新"),
            ("search", "旧书"),
            changes={"delay": 3.0, "render": "always"},
            limits={"max_details": 0},
        )
    assert told.outcomes == ["searched", "searched"], told.errors
    first, second = (one["title"] for one in told.sightings)
    assert first == "老物件 GAP"
    assert float(second.removeprefix("老物件 ")) > 1000  # of the three seconds between the two, by our own delay
