"""The matcher beside the naive way (cut every text with jieba, look the words up) and a bare Aho-Corasick automaton.

`python -m bench.matcher [--json] [--texts FILE]`: CPU time of the median of seven interleaved rounds over the public
API, on listings that exist before the clock starts. Clean: made-up ordinary titles, or those of FILE. Mixed: three in
ten name something. The naive way and the bare automaton return less than we do (no disguises, no spans, no exclusions,
no score): they are the floor and the ceiling of speed, not of judgement.
"""

import argparse
import gzip
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import ahocorasick_rs
import jieba

from demo import Town
from keywords import Matcher, builtin
from records import Listing

ROUNDS = 7

Runner = Callable[[Sequence[Listing]], int]


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


def naive(words: Sequence[str]) -> Runner:
    """Cut with jieba (no HMM, the terms as words of its own), then look every word up."""
    jieba.setLogLevel("WARNING")
    cutter, wanted = jieba.Tokenizer(), set(words)
    cutter.tmp_dir = tempfile.mkdtemp(prefix="xunwang-bench-")  # its cache is no business of the shared folder
    cutter.initialize()
    shutil.rmtree(cutter.tmp_dir)
    for word in words:
        cutter.add_word(word)
    return lambda batch: sum(any(w in wanted for w in cutter.cut(one.title, HMM=False)) for one in batch)


def automaton(words: Sequence[str]) -> Runner:
    """A bare automaton over the same terms."""
    built = ahocorasick_rs.AhoCorasick(list(words))
    return lambda batch: sum(bool(built.find_matches_as_indexes(one.title)) for one in batch)


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
    """The whole comparison as data."""
    lexicon = builtin()
    words = sorted({term.text for term in lexicon.terms if " " not in term.text})
    ours = Matcher(lexicon)
    runners: dict[str, Runner] = {
        "ours": lambda batch: sum(ours.assess(one).level.is_hit for one in batch),
        "naive_jieba": naive(words),
        "bare_automaton": automaton(words),
    }
    found: dict[str, object] = {"terms": len(words), "texts": len(clean), "rounds": ROUNDS}
    for name, batch in (("clean", clean), ("mixed", mixed(clean, words))):
        speed = measure(runners, batch)
        found[name] = {
            "texts_per_second": {key: round(value) for key, value in speed.items()},
            "ours_to_naive_jieba": round(speed["ours"] / speed["naive_jieba"], 2),
            "ours_to_bare_automaton": round(speed["ours"] / speed["bare_automaton"], 3),
        }
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
