"""The matcher beside its peers: naive jieba, bare Aho-Corasick automata, matcher_py where it is installed.

`python -m bench.matcher [--json] [--texts FILE]`: CPU time of the median of seven interleaved rounds over the public
API, on listings that exist before the clock starts. Clean: made-up ordinary titles, or those of FILE. Mixed: three in
ten name something. All peers return less than we do (no spans, no exclusions, no score; the automata no disguises):
they are the floor and the ceiling of speed, not of judgement. Cold start and memory are those of a process of its own;
linearity is the time a character of texts that grow. What came out is in docs/matcher-bench.md.
"""

import argparse
import dataclasses
import gzip
import json
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bench._peers import Runner, all_peers
from demo import Town
from keywords import Lexicon, Matcher, builtin
from keywords.folding import folding
from keywords.patterns import patterns
from records import Listing

ROUNDS = 7


def made_up(count: int) -> list[Listing]:
    """Ordinary titles of the make-believe markets, none of them planted."""
    market = Town(7, count * 2).market("demo_ads")
    planted = {plant.item_id for plant in market.plants()}
    offers = (market.offer(index) for index in market.indices)
    titles = (offer.title for offer in offers if offer.item_id not in planted)
    return [_listing(number, title) for number, title in enumerate(islice(titles, count))]


def real(file: Path, count: int) -> list[Listing]:
    """Texts out of a .tsv.gz with a `text` column in third place."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        next(lines)
        return [_listing(n, line.rstrip("\n").split("\t")[2]) for n, line in enumerate(islice(lines, count))]


def mixed(clean: Sequence[Listing], words: Sequence[str]) -> list[Listing]:
    """The same, three in ten of them with a term of the lexicon put in front."""
    return [
        _listing(number, f"出 {words[number % len(words)]} {one.title}") if number % 10 < 3 else one
        for number, one in enumerate(clean)
    ]


def _listing(number: int, title: str) -> Listing:
    return Listing(platform="bench", item_id=str(number), url="", title=title)


def measure(runners: dict[str, Runner], batch: Sequence[Listing]) -> dict[str, float]:
    """Texts a second of CPU time for every runner: the median of interleaved rounds."""
    spent: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(ROUNDS):
        for name, run in runners.items():
            begun = time.process_time()
            run(batch)
            spent[name].append(time.process_time() - begun)
    return {name: len(batch) / statistics.median(times) for name, times in spent.items()}


def compare(clean: Sequence[Listing]) -> dict[str, object]:
    """The whole comparison as data: the built-in lexicon, and a thousand of its terms."""
    lexicon = builtin()
    whole, batch = race(lexicon, clean)
    thousand, _ = race(a_thousand(lexicon), clean)
    return {
        "machine": machine(),
        "rounds": ROUNDS,
        **whole,
        "thousand_terms": thousand,
        "cold": cold(batch),
        "linearity": linearity(Matcher(lexicon)),
    }


def a_thousand(lexicon: Lexicon) -> Lexicon:
    """The lexicon with a thousand of its terms, drawn from all that are no pair."""
    single = [term for term in lexicon.terms if " " not in term.text]
    drawn = random.Random(7).sample(single, min(1_000, len(single)))
    return dataclasses.replace(lexicon, version="a-thousand", terms=tuple(drawn))


def race(lexicon: Lexicon, clean: Sequence[Listing]) -> tuple[dict[str, object], list[Listing]]:
    """Ours and the peers over clean and mixed titles, and all those titles."""
    words = sorted({term.text for term in lexicon.terms if " " not in term.text})
    ours = Matcher(lexicon)
    peers, absent = all_peers(words)
    runners: dict[str, Runner] = {
        "ours": lambda batch: sum(ours.assess(one).level.is_hit for one in batch),
        "ours_batch": lambda batch: sum(one.level.is_hit for one in ours.assess_many(batch)),
        **peers,
    }
    found: dict[str, object] = {
        "terms": len(words),
        "patterns": len(patterns(lexicon, folding())),
        "texts": len(clean),
        "absent": absent,
    }
    sets = {"clean": clean, "mixed": mixed(clean, words)}
    for name, batch in sets.items():
        speed = measure(runners, batch)
        found[name] = {
            "texts_per_second": {key: round(value) for key, value in speed.items()},
            "found_in": {key: run(batch) for key, run in runners.items() if key != "bare_automaton_joined"},
            "ratios": ratios(speed),
        }
    return found, [one for batch in sets.values() for one in batch]


def ratios(speed: dict[str, float]) -> dict[str, float]:
    """How many texts we judge for one of each peer's; matcher_py's batch beside our batch."""
    pairs = [(one, peer) for one in ("ours", "ours_batch") for peer in speed if not peer.startswith("ours")]
    return {f"{one}_to_{peer}": round(speed[one] / speed[peer], 3) for one, peer in pairs}


def machine() -> str:
    """Processor, system and Python, so that numbers of two machines are not compared by mistake."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0] if names else platform.machine()}, Python {platform.python_version()}"


def cold(texts: Sequence[Listing]) -> dict[str, object]:
    """Start and memory of a process of its own that judges all the texts both ways."""
    titles = "".join(one.title.replace("\n", " ") + "\n" for one in texts)
    command = [sys.executable, "-W", "ignore", "-m", "bench._cold"]
    done = subprocess.run(command, input=titles.encode(), stdout=subprocess.PIPE, check=True)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def linearity(ours: Matcher) -> dict[str, dict[str, float]]:
    """Nanoseconds a character of texts of growing length, by kind of text: flat where time is linear."""
    kinds = {
        "plain": "纯棉碎花连衣裙夏装新款",
        "hits": "象牙手串 大象 牙刷 象1牙 ",
        "marks": "象\u0336\u200b",
        "tags": "<b>象</b>&nbsp;",
    }
    found: dict[str, dict[str, float]] = {}
    for kind, piece in kinds.items():
        found[kind] = {}
        for size in (1_000, 10_000, 100_000, 1_000_000):
            text = piece * (size // len(piece))
            begun = time.process_time()
            ours.assess(_listing(0, text))
            found[kind][str(size)] = round((time.process_time() - begun) / len(text) * 1e9, 1)
    return found


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--texts", type=Path, help="a .tsv.gz of real titles instead of made-up ones")
    asked.add_argument("--count", type=int, default=5000)
    wanted = asked.parse_args()
    clean = real(wanted.texts, wanted.count) if wanted.texts else made_up(wanted.count)
    sys.stdout.write(json.dumps(compare(clean), ensure_ascii=False, indent=None if wanted.json else 2) + "\n")


if __name__ == "__main__":
    main()
