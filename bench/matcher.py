"""The matcher beside the naive way (cut every text with jieba, look the words up) and a bare Aho-Corasick automaton.

`python -m bench.matcher [--json] [--texts FILE]`: CPU time of the median of seven interleaved rounds over the public
API, on listings that exist before the clock starts. Clean: made-up ordinary titles, or those of FILE. Mixed: three in
ten name something.
The naive way and the bare automaton return less than we do (no disguises, no spans, no exclusions, no score): they
are the floor and the ceiling of speed, not of judgement.
"""

import json
import sys

from demo import Town
from records import Listing

ROUNDS = 7


def listings(town: Town, count: int) -> list[Listing]:
    """Ordinary titles of the make-believe markets, none of them planted."""
    market = town.market("demo_ads")
    planted = {plant.item_id for plant in market.plants()}
    offers = (market.offer(index) for index in market.indices)
    if wanted.texts:
        clean = real_listings(wanted.texts, wanted.count)
    else:
        clean = listings(Town(7, wanted.count * 2), wanted.count)
    found: dict[str, object] = {"terms": len(words), "texts": len(clean), "rounds": ROUNDS}
    for name, batch in (("clean", clean), ("mixed", mixed(clean, words))):
        speed = measure(runs, batch)
        found[name] = {
            "texts_per_second": {key: round(value) for key, value in speed.items()},
            "ours_to_naive_jieba": round(speed["ours"] / speed["naive_jieba"], 2),
            "ours_to_bare_automaton": round(speed["ours"] / speed["bare_automaton"], 3),
        }
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=None if wanted.json else 2) + "\n")


if __name__ == "__main__":
    main()
