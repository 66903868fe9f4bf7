"""Evidence: captures a minute, bytes a capture, and verification beside `sha256sum`.

`python -m bench.evidence [--json] [--captures N] [--rounds N]`. A capture is one saved page with pictures: photographed
by the offline browser as a patrol does it, received with its record into a fresh PostgreSQL and the store (fsync and
all). `kept` is the second half alone. A package of all of them is then verified, and `sha256sum` reads the same file,
in turn; the ratio is of megabytes a second. Verification hashes every byte twice (sha256, SM3), unpacks all of it and
compares it with the manifest, so `sha256sum` is the limit, no peer; with `openssl dgst -sm3` it stands beside as well.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench._ours import bench_house
from bench.matcher import machine
from crawler import BrowserSettings
from crawler.chromium import Browsers
from crawler.circumstances import Course, written_down
from crawler.studio import Studio
from db import packages
from db.engine import transaction
from evidence.keys import KeyRing, read_public
from evidence.verifying import Trust, verify
from ops.house import House
from ops.logs import log_to_stderr
from ops.place import place
from ops.surroundings import surroundings_of
from pipelines import receive
from pipelines.packaging import Maker, make_package
from records import Capture, CapturedFile, Exchange, FileRole, Listing, Page, Seller, Sighting, now

_NOWHERE = "http://127.0.0.1:9"
_PICTURES = 3
_PAGE = """<!DOCTYPE html><html lang="zh"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{pictures}
<div>{text}</div></html>"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """One page as it came, and its pictures."""

    listing: Listing
    page: Page
    pictures: list[CapturedFile]


def pages(count: int, draw: random.Random) -> list[Taken]:
    """Pages of some 16 KB with three pictures of some 40 KB each, which no compression makes smaller."""
    return [_page(number, draw) for number in range(count)]


def _page(number: int, draw: random.Random) -> Taken:
    url, title = f"https://bench.invalid/item/{number}", f"象牙手串 老料 编号{number}"
    shown = "".join(f'<img src="/pic/{number}-{n}.jpg" width=400 height=300>' for n in range(_PICTURES))
    text = "".join(f"<p>{''.join(draw.choices('象牙手串老料包浆厚可小刀家传懂的来', k=60))}</p>" for _ in range(80))
    body = _PAGE.format(title=title, pictures=shown, text=text).encode()
    pictures = [
        CapturedFile(
            role=FileRole.PICTURE,
            body=b"\xff\xd8\xff" + draw.randbytes(40_000),
            media_type="image/jpeg",
            url=f"https://bench.invalid/pic/{number}-{n}.jpg",
        )
        for n in range(_PICTURES)
    ]
    listing = Listing(
        platform="bench", item_id=str(number), url=url, title=title, seller=Seller(key="one", name="一"), place="滕州市"
    )
    page = Page(url=url, final_url=url, status=200, body=body, fetched_at=now())
    return Taken(listing=listing, page=page, pictures=pictures)


async def photographed(taken: Sequence[Taken], house: House) -> list[Sighting]:
    """Each page with the files that a patrol makes of it."""
    chromium = house.settings.crawl.chromium
    browsers = Browsers(BrowserSettings(executable=Path(chromium) if chromium else None), _NOWHERE)
    studio, surroundings = Studio(browsers, 60.0), surroundings_of(house.settings)
    made = []
    try:
        for one in taken:
            photograph = await studio.photograph(one.page, one.pictures)
            if photograph.gaps:
                raise SystemExit(f"no photograph: {photograph.gaps}")
            body = CapturedFile(role=FileRole.PAGE, body=one.page.body, media_type="text/html", url=one.page.url)
            files = (body, *photograph.files, *one.pictures)
            course = _course(one, photograph.method, surroundings())
            capture = Capture(
                captured_at=course.began,
                url=one.page.url,
                files=(*files, *written_down(course, files)),
                method=photograph.method,
            )
            made.append(Sighting(listing=one.listing, page=one.page, capture=capture))
    finally:
        await studio.close()
        await browsers.close()
    return made


def _course(one: Taken, method: str, surroundings: Any) -> Course:
    at = now()
    exchanges = tuple(
        Exchange(url=url, status=200, body=body, peer="203.0.113.7", began=at, ended=at + timedelta(seconds=1))
        for url, body in ((one.page.url, one.page.body), *((file.url, file.body) for file in one.pictures))
    )
    return Course(
        url=one.page.url,
        final_url=one.page.url,
        began=at,
        ended=at,
        method=method,
        exchanges=exchanges,
        console=(),
        surroundings=surroundings,
        user_agent="xunwang-bench/0.1",
        robots="robots.txt 允许（RFC 9309）",
        delay=0.0,
        browser="bench",
    )


def compare(captures: int, rounds: int) -> dict[str, Any]:
    """Everything, as JSON can say it."""
    with tempfile.TemporaryDirectory() as name, bench_house(Path(name) / "home") as house:
        taken = pages(captures, random.Random(20261128))
        start = time.monotonic()
        sightings = asyncio.run(photographed(taken, house))
        drawn = time.monotonic() - start
        desk = house.reception(house.matcher())
        start = time.monotonic()
        for sighting in sightings:  # one at a time, as the patrol delivers hits
            received = receive([sighting], desk)
            if received.hits != 1:
                raise SystemExit("a capture was not taken for a hit")
        kept = time.monotonic() - start
        size = sum(len(file.body) for one in sightings if one.capture for file in one.capture.files)
        told = {
            "captures": captures,
            "captures_per_minute": round(captures / (drawn + kept) * 60, 1),
            "kept_per_minute": round(captures / kept * 60, 1),
            "bytes_per_capture": round(size / captures),
            "stored_bytes_per_capture": round(_stored(house) / captures),
        }
        return {"machine": machine(), **told, "verify": _verified(house, rounds)}


def _stored(house: House) -> int:
    return sum(file.stat().st_size for file in house.store.root.rglob("*") if file.is_file())


def _verified(house: House, rounds: int) -> dict[str, Any]:
    """MB/s of `verify` and of the programs that everybody has, over one package of everything."""
    key = KeyRing(house.settings.home / "keys").new(now())
    with transaction(house.engine) as conn:
        lead = packages.lead_named(conn, "1")
    facts = {"engine": house.engine, "store": house.store, "key": key, "by": "bench", "unit": "bench"}
    maker = Maker(**facts, place=place(house.settings), at=now())
    start = time.monotonic()
    made = make_package(maker, str(lead))
    packed = time.monotonic() - start
    path, trust = house.store.path(made.sha256), Trust(keys=tuple(read_public(key.public)))
    size = path.stat().st_size / 1e6
    peers: dict[str, Callable[[], None]] = {
        "verify": lambda: _accepted(path, trust),
        "sha256sum": lambda: _run("sha256sum", str(path)),
        "sha256sum_and_sm3": lambda: (_run("sha256sum", str(path)), _run("openssl", "dgst", "-sm3", str(path)))[0],
    }
    speeds: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(rounds):
        for name in list(peers)[:: 1 if turn % 2 else -1]:
            start = time.monotonic()
            peers[name]()
            speeds[name].append(size / (time.monotonic() - start))
    medians = {name: round(statistics.median(found), 1) for name, found in speeds.items()}
    ratios = {f"verify_to_{name}": round(medians["verify"] / medians[name], 2) for name in medians if name != "verify"}
    return {
        "package_mb": round(size, 1),
        "pack_mb_per_second": round(size / packed, 1),
        "mb_per_second": medians,
    } | ratios


def _accepted(path: Path, trust: Trust) -> None:
    verdict = verify(path, trust)
    if verdict.findings or not verdict.trusted:
        raise SystemExit(f"a clean package was refused: {verdict.findings}")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--captures", type=int, default=60)
    asked.add_argument("--rounds", type=int, default=7)
    wanted = asked.parse_args(arguments)
    log_to_stderr(quiet=True)
    found = compare(wanted.captures, wanted.rounds)
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=None if wanted.json else 2) + "\n")


if __name__ == "__main__":
    main()
