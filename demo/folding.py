"""What the make-believe markets' own search compares."""

import re
import unicodedata

# Kept: letters, digits, Han characters and emoji. A market's search drops the rest, as the real ones do.
_DROPPED = re.compile("[^\\w\U0001f000-\U0001faff]|_")


def fold(text: str) -> str:
    """Same width and case, without spaces, symbols and invisible characters. Knows no homophones and no pinyin."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())


def words_of(query: str) -> tuple[str, ...]:
    """The folded words of a query; all of them must occur. Empty for a query of nothing but symbols."""
    return tuple(filter(None, map(fold, query.split())))
