"""Writes keywords/tables/builtin.json: the built-in lexicon, read and spelled out. `make setup` and the image run it.

Does nothing where the file is there and was made from the lexicon as it is.
"""

import os
from pathlib import Path

from keywords.compiled import FILE, compiled, written
from keywords.files import own_lexicon
from keywords.folding import folding
from keywords.patterns import spell

TABLES = Path(__file__).resolve().parent.parent / "keywords" / "tables"


def main() -> None:
    """Write it whole or not at all."""
    if compiled() is not None:
        return
    lexicon = own_lexicon()
    fresh = TABLES / f"{FILE}.{os.getpid()}.tmp"
    fresh.write_text(written(lexicon, spell(lexicon, folding())), encoding="utf-8")
    fresh.replace(TABLES / FILE)


if __name__ == "__main__":
    main()
