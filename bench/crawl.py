"""The crawl beside its peers: bare Scrapy, scrapy-playwright, Playwright alone; its memory; one worker and four.

`python -m bench.crawl [--json] [--part NAME …] [--rounds N]`. The platforms are loopback pages that the demo drew
(`_street`). Ours is the whole of it: `ops.slice` as the worker starts it, with leave, pace, robots.txt, reading,
judging and receiving into PostgreSQL. What came out is in docs/crawl-bench.md.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench._crew import Errand, Spent, postmaster, run_crew, slope, tree_cpu
from bench._ours import Scan, bench_house, plan, put_in_queue, worker
from bench._street import House, Seen, Street, draw, open_street
from bench.matcher import machine
from crawler import BrowserSettings
from crawler.ends import NoBrowser
from crawler.program import find_chromium
from ops import house as houses

PARTS = ("http", "rendered", "memory", "workers")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is measured."""

    platforms: int = 8
    rounds: int = 3
    #: List pages a platform.
    pages: int = 150
    #: Rendered pages a platform.
    rendered_pages: int = 12
    #: List pages of the one slice whose memory is watched.
    memory_pages: int = 10_000
    #: Seconds between two requests of the platforms that the workers wait for, and their list pages.
    delay: float = 1.0
    waiting_pages: int = 15


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What every part works with."""

    house: houses.House
    scale: Scale
    folder: Path


#: One run of one crew, as numbers by name.
Run = dict[str, float]
#: What a crew is sent to do on a street, and the check of what it brought home.
Sent = tuple[list[Errand], Callable[[], None]]


@dataclass(frozen=True, kw_only=True)
class Crew:
    """One way to crawl the street."""

    send: Callable[[Street], Sent]
    #: Platforms that must have been knocked at before the street opens.
    knocks: int


def http(bench: Bench) -> dict[str, object]:
    """List pages by HTTP: our whole pipeline, and a bare spider a platform with as many requests at once."""
    platforms, pages = draw(bench.scale.platforms), bench.scale.pages

    def ours(street: Street) -> Sent:
        scan = plan(bench.house, platforms, street.sites)
        return scan.errands(), lambda: _check_stored(scan, platforms, pages)

    def bare(street: Street) -> Sent:
        feeds = [bench.folder / f"bare-{number}.jsonl" for number in range(len(platforms))]
        for feed in feeds:
            feed.unlink(missing_ok=True)
        told = zip(platforms, street.sites, feeds, strict=True)
        errands = [_python("bench._bare", one.market, site, str(feed)) for one, site, feed in told]
        return errands, lambda: _check_feeds(feeds, sum(one.size for one in platforms) * pages)

    every = len(platforms)
    crews = {"ours": Crew(send=ours, knocks=every), "bare_scrapy": Crew(send=bare, knocks=every)}
    runs = _interleaved(bench, crews, platforms, pages=pages, kind="page")
    medians = _medians(runs)
    return {"pages": pages, **medians, "ratios": _ratios(medians, "bare_scrapy"), "asked": {"pages_per_second": 0.8}}


def rendered(bench: Bench) -> dict[str, object]:
    """Pages that a script fills, each at an address of its own: a query with one page for us."""
    try:
        chromium = str(find_chromium(BrowserSettings(executable=_named_chromium(bench))))
    except NoBrowser as fault:
        return {"absent": fault.message()}
    platforms, pages = draw(bench.scale.platforms, rendered=True), bench.scale.rendered_pages
    words = [str(number) for number in range(1, pages + 1)]
    wanted = sum(one.size for one in platforms) * pages

    def ours(street: Street) -> Sent:
        scan = plan(bench.house, platforms, street.sites, words=words)
        return scan.errands(), lambda: _check_stored(scan, platforms, pages)

    def peer(how: str) -> Crew:
        def send(street: Street) -> Sent:
            feed = bench.folder / f"{how}.jsonl"
            feed.unlink(missing_ok=True)
            errand = _python("bench._rendered", how, str(feed), chromium, str(pages), *street.sites)
            return [errand], lambda: _check_feeds([feed], wanted)

        # who goes from page to page knocks at one door at a time
        return Crew(send=send, knocks=len(platforms) if how == "scrapy_playwright" else 1)

    peers = ("scrapy_playwright", "playwright_reused", "playwright_new_page")
    crews = {"ours": Crew(send=ours, knocks=len(platforms)), **{how: peer(how) for how in peers}}
    runs = _interleaved(bench, crews, platforms, pages=pages, kind="data")
    medians = _medians(runs)
    ratios = {how: _ratios(medians, how) for how in peers}
    return {"pages": pages, **medians, "ratios": ratios, "asked": {"pages_per_second": {"scrapy_playwright": 2.0}}}


def memory(bench: Bench) -> dict[str, object]:
    """One slice over many pages: PSS of its process tree, by the pages read."""
    platforms, pages = draw(1), bench.scale.memory_pages
    with open_street(platforms, pages=pages) as street:
        scan = plan(bench.house, platforms, street.sites)
        begun, spent = _timed(street, scan.errands(), weigh=True)
        seen = street.seen()
    _check_stored(scan, platforms, pages)
    answered = seen.pages()
    points = [
        (float(sum(at <= begun + when for at in answered)), held / 2**20)
        for when, held in spent.memory
        if answered[0] <= begun + when <= answered[-1]
    ]
    settled = [point for point in points if point[0] >= pages / 5] or points
    tenth = max(1, len(settled) // 10)
    return {
        "pages": pages,
        "samples": len(points),
        "mb_at_first": round(statistics.median(held for _, held in settled[:tenth]), 1),
        "mb_at_last": round(statistics.median(held for _, held in settled[-tenth:]), 1),
        "mb_at_most": round(max(held for _, held in points), 1),
        "mb_per_10000_pages": round(slope(settled) * 10_000, 1),
        "pages_per_second": round(len(answered) / (answered[-1] - seen.opened), 1),
    }


def workers(bench: Bench) -> dict[str, object]:
    """Platforms that make us wait: the queue with one worker, then with four, each one slice at a time."""
    platforms, scale = draw(bench.scale.platforms), bench.scale

    def crew(count: int) -> Crew:
        def send(street: Street) -> Sent:
            scan = plan(bench.house, platforms, street.sites, delay=scale.delay)
            put_in_queue(scan)
            return [worker(scan.house)] * count, lambda: _check_stored(scan, platforms, scale.waiting_pages)

        return Crew(send=send, knocks=1)

    crews = {"one": crew(1), "four": crew(4)}
    runs = _interleaved(bench, crews, platforms, pages=scale.waiting_pages, kind="page")
    medians = _medians(runs)
    speedup = round(medians["one"]["seconds"] / medians["four"]["seconds"], 2)
    told = {"delay": scale.delay, "pages": scale.waiting_pages, "speedup": speedup, "asked": 3.5}
    return {**medians, **told}


# --- runs -------------------------------------------------------------------------------------------------------------


def _interleaved(
    bench: Bench, crews: dict[str, Crew], platforms: Sequence[House], *, pages: int, kind: str
) -> dict[str, list[Run]]:
    """Every crew once a round, each on a street of its own; what was left behind is checked after each run."""
    runs: dict[str, list[Run]] = {name: [] for name in crews}
    server = postmaster(bench.house.engine)
    for number in range(bench.scale.rounds):
        # the other way round every second time: what was here before warms or worries who comes after
        for name in list(crews) if number % 2 == 0 else list(reversed(crews)):
            with open_street(platforms, pages=pages, knocks=crews[name].knocks) as there:
                errands, check = crews[name].send(there)
                before = tree_cpu(server) if server else 0.0
                _, spent = _timed(there, errands)
                database = (tree_cpu(server) - before) if server else 0.0
                runs[name].append(_numbers(there.seen(), spent, database, kind))
            check()
            sys.stderr.write(f"{name} {json.dumps(runs[name][-1])} load {os.getloadavg()[0]:.1f}\n")
    return runs


def _timed(street: Street, errands: Sequence[Errand], *, weigh: bool = False) -> tuple[float, Spent]:
    begun = time.monotonic()
    return begun, run_crew(errands, opened=lambda: street.seen().opened, weigh=weigh)


def _numbers(seen: Seen, spent: Spent, database: float, kind: str) -> Run:
    """Pages a second from the opening of the street to its last answer; CPU of the crew after the opening."""
    answered = seen.pages(kind=kind)
    count = len(answered)
    return {
        "pages": count,
        "pages_per_second": round(count / (max(answered) - seen.opened), 2),
        "seconds": round(spent.wall, 1),
        "cpu_ms_per_page": round((spent.cpu - spent.cpu_before) / count * 1000, 2),
        "postgres_cpu_ms_per_page": round(database / count * 1000, 2),
        "start_cpu_seconds": round(spent.cpu_before, 2),
    }


def _medians(runs: dict[str, list[Run]]) -> dict[str, Run]:
    return {
        name: {key: round(statistics.median(run[key] for run in told), 2) for key in told[0]}
        for name, told in runs.items()
    }


def _ratios(medians: dict[str, Run], peer: str) -> dict[str, float]:
    """Ours to the peer's; CPU the other way round, so that above 1 always means that we do more."""
    ours, theirs = medians["ours"], medians[peer]
    cost = ours["cpu_ms_per_page"] + ours["postgres_cpu_ms_per_page"]
    return {
        "pages_per_second": round(ours["pages_per_second"] / theirs["pages_per_second"], 3),
        "pages_per_cpu": round(theirs["cpu_ms_per_page"] / ours["cpu_ms_per_page"], 3),
        "pages_per_cpu_with_postgres": round(theirs["cpu_ms_per_page"] / cost, 3),
        "with_start": round(theirs["seconds"] / ours["seconds"], 3),
    }


def _check_stored(scan: Scan, platforms: Sequence[House], pages: int) -> None:
    """A run that lost a page is no run, and one that kept evidence did more than its peers."""
    wanted = {"pages": pages * len(platforms), "listings": sum(one.size for one in platforms) * pages}
    found = scan.stored()
    assert found == {**wanted, "not_searched": 0, "hits": 0}, f"{found} instead of {wanted}"


def _check_feeds(feeds: Sequence[Path], wanted: int) -> None:
    found = sum(len(feed.read_text("utf-8").splitlines()) for feed in feeds)
    assert found == wanted, f"{found} items instead of {wanted}"


def _python(module: str, *words: str) -> Errand:
    return Errand(command=[sys.executable, "-W", "ignore", "-m", module, *words])


def _named_chromium(bench: Bench) -> Path | None:
    named = bench.house.settings.crawl.chromium
    return Path(named) if named else None


def compare(scale: Scale, parts: Sequence[str]) -> dict[str, object]:
    """The parts asked for, as data."""
    measured: dict[str, Callable[[Bench], dict[str, object]]] = {
        "http": http,
        "rendered": rendered,
        "memory": memory,
        "workers": workers,
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xunwang-bench-")))
        house = stack.enter_context(bench_house(folder / "home"))
        bench = Bench(house=house, scale=scale, folder=folder)
        found: dict[str, object] = {"machine": machine(), "load": [round(one, 1) for one in os.getloadavg()]}
        found |= {"platforms": scale.platforms, "rounds": scale.rounds, "guard": "egress, on both"}
        found |= {part: measured[part](bench) for part in parts}
        found["load_at_end"] = [round(one, 1) for one in os.getloadavg()]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--part", action="append", choices=PARTS, help="one of the parts; again for more")
    for name in Scale.__dataclass_fields__:
        default = getattr(Scale(), name)
        asked.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    wanted = asked.parse_args(arguments)
    scale = Scale(**{name: getattr(wanted, name) for name in Scale.__dataclass_fields__})
    found = compare(scale, wanted.part or PARTS)
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=None if wanted.json else 2) + "\n")


if __name__ == "__main__":
    main()
