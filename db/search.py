"""Chinese search without an extension: sets of characters and of pairs of neighbours, checked against the text itself.

The two functions live in the database (migrations 0010 and 0032), so that whoever writes a text has it found. `folded`
drops white space and punctuation, takes NFKC and lower case, and stops after 2,000 characters; `pairs` gives every
character and every two neighbours of a folded text. A GIN index on `pairs(folded(…))` finds the rows that
have all pairs of a word; `folded` then says whether the word itself stands there.
"""

from collections.abc import Sequence
from unicodedata import category

from sqlalchemy import ColumnElement, Text, and_, func, literal, literal_column, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.functions import Function

#: Words of one search, and characters of one word, that are looked at.
MOST_WORDS = 8
LONGEST_WORD = 40

#: The expressions that have an index of pairs: of a listing, and of a seller who is named.
LISTING_TEXT: ColumnElement[str] = literal_column("((listings.title || ' '::text) || listings.description)", Text)
SELLER_NAME: ColumnElement[str] = literal_column("sellers.name", Text)


def words_of(text: str) -> list[str]:
    """The words of a search as typed; those past MOST_WORDS are left out, long ones are cut.

    A lone comma or bracket is no word, unless there is nothing else.
    """
    words = [word[:LONGEST_WORD] for word in text.replace("\x00", "").split()]
    said = [
        word
        for word in words
        if any(category(character)[0] in "LN" or category(character) == "So" for character in word)
    ]
    return (said or words[:1])[:MOST_WORDS]


def stands_in(text: ColumnElement[str], words: Sequence[str]) -> ColumnElement[bool]:
    """True for a row in whose `text` (an expression that has such an index) every word stands.

    A word of which nothing is left to search, a lone comma for instance, stands nowhere.
    """
    conditions: list[ColumnElement[bool]] = []
    for word in words:
        wanted = func.folded(literal(word, Text))
        conditions += [_pairs(func.folded(text)).contains(_pairs(wanted)), wanted != ""]
        if not _one_pair(word):
            # most rows that have all the pairs have the word as it was typed: folding them is spared
            as_typed = func.strpos(text, literal(word, Text)) > 0
            conditions.append(or_(as_typed, func.strpos(func.folded(text), wanted) > 0))
    return and_(true(), *conditions)


def _one_pair(word: str) -> bool:
    """True for one or two Chinese characters: a row that has the pair has the word."""
    return len(word) <= 2 and all("\u3400" <= character <= "\u9fff" for character in word)


def _pairs(folded: Function[str]) -> Function[Sequence[str]]:
    return func.pairs(folded, type_=ARRAY(Text))
