"""One process from nothing to its first judgement, then over the texts on its input; prints what that took as JSON.

`python -m bench._cold < texts`, one title a line. A process of its own, so that nothing is warm and nobody else's
libraries count as our memory.
"""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Measure and print."""
    wall, cpu = time.perf_counter(), time.process_time()
    from keywords import Matcher, builtin
    from records import Listing

    def listing(title: str) -> Listing:
        return Listing(platform="bench", item_id="1", url="", title=title)

    imported = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    wall, cpu = time.perf_counter(), time.process_time()
    matcher = Matcher(builtin())
    built = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    # Needs word boundaries on both sides, so that the dictionary is read too.
    assert not matcher.assess(listing("毛绒大象 牙刷架")).level.is_hit
    first = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    before = resident()
    texts = [listing(line.rstrip("\n")) for line in sys.stdin]
    held = resident()
    hits = sum(one.level.is_hit for one in map(matcher.assess, texts))
    assert hits == sum(one.level.is_hit for one in matcher.assess_many(texts))
    found = {
        "import": rounded(imported),
        "lexicon_and_matcher": rounded(built),
        "first_match_after_import": rounded(first),
        "resident_mb": {
            "after_first_match": before,
            "with_the_texts": held,
            "after_judging_them": resident(),
            "peak": peak(),
        },
        "texts": len(texts),
        "hits": hits,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def rounded(seconds: dict[str, float]) -> dict[str, float]:
    """Milliseconds are all that a clock of a shared machine is good for."""
    return {key: round(value, 3) for key, value in seconds.items()}


def resident() -> float | None:
    """MB that this process holds now; None where the system does not say."""
    return _status("VmRSS")


def peak() -> float | None:
    """MB that it held at most."""
    return _status("VmHWM")


def _status(name: str) -> float | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith(name + ":"))
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
