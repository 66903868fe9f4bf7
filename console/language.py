"""Chinese first, English second: which language an answer speaks, and the words of ours in it.

Every text of the console is written in Chinese where it stands and goes through `_` (templates, Python) or `say`
(browser scripts). English comes from the .po files under `locale/`, all of which are one catalogue.
"""

import gettext as gnu
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from console import formats
from records import Fault

Words = TypeVar("Words", bound=str)

CHINESE, ENGLISH = "zh-CN", "en"
#: Each language with its own name for itself.
LANGUAGES: Mapping[str, str] = {CHINESE: "中文", ENGLISH: "English"}

LOCALE = Path(__file__).resolve().parent / "locale"
#: The catalogue of the scripts in the browser, which are told its words by the page.
_BROWSER = "browser"
#: The catalogue of what other rooms say in sentences, some with places to fill in.
_BELOW = "below"
_PLACE = re.compile(r"%\((\w+)\)s")
#: Characters beyond which a text is no sentence of ours: patterns are not tried on what a page wrote.
_LONGEST_SENTENCE = 400
#: What joins sentences, and what stands between a subject and what is said of it.
_MARKS = ("；", "、", "：")
_MOST_PIECES = 12
_OPENING, _WITHIN, _WHOLE_REASONS = "[^；：]+?", "[^；]+?", ("why", "parts")

#: The language of the request under way; set at the door.
_spoken: ContextVar[str] = ContextVar("spoken", default=CHINESE)


def speak(language: str) -> None:
    """From here on this request is answered in `language`; in Chinese where we have no such language."""
    _spoken.set(language if language in LANGUAGES else CHINESE)


def spoken() -> str:
    """zh-CN or en."""
    return _spoken.get()


def _(message: str, **values: object) -> str:
    """`message` in the language of the request, with %(name)s filled in; a percent sign is written %%.

    Numbers and dates are filled in as the language writes them.
    """
    return gettext(message) % told_values(values)


def told_values(values: Mapping[str, object]) -> dict[str, object]:
    """What fills a sentence, each as the language of the request writes it."""
    return {name: formats.anything(value, spoken()) for name, value in values.items()}


def N_(message: Words) -> Words:
    """`message` as it is: marks words of a table, which are translated where they are shown."""
    return message


def gettext(message: str) -> str:
    """`message` in the language of the request, placeholders and all; itself where there is no translation."""
    return message if spoken() == CHINESE or not message else _catalogue(spoken()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """The form for `number`; Chinese has one form, so both are the same text in the sources."""
    return many if spoken() == CHINESE else _catalogue(spoken()).ngettext(one, many, number)


def word(value: object) -> str:
    """A word of the house that came as a value (a state, a reason, an outcome), in the language of the request."""
    return gettext(str(value))


def recorded(message: str) -> str:
    """`message` as it is, in every language: it is written down on paper or in a record, which are Chinese."""
    return message


def told(text: str) -> str:
    """A sentence that another room made, in the language of the request.

    Known sentences are patterns of a catalogue; what they quote stays as it is. Of a list (A；B) or a sentence with a
    subject (A：B) each known part is translated. What nobody translated, or is too long to be ours, stays Chinese.
    """
    return text if spoken() == CHINESE or len(text) > _LONGEST_SENTENCE else _in_other_words(text, spoken())


def told_by(fault: Fault) -> tuple[str, ...]:
    """Cause, detail and remedy of a fault in the language of the request."""
    return fault.told() if spoken() == CHINESE else tuple(told(line) for line in fault.told("en"))


def browser_words() -> dict[str, str]:
    """What the scripts say, Chinese to the language of the request; empty in Chinese."""
    return {} if spoken() == CHINESE else _browser_words(spoken())


def entries(language: str) -> list[Any]:
    """Every message of every catalogue of `language`, the headers left out."""
    return [message for path in _files(language) for message in _read(path, language) if message.id]


def _in_other_words(text: str, language: str) -> str:
    whole = word(text)
    if whole != text:
        return whole
    for pattern, quoted, sentence in _patterns(language):
        found = pattern.fullmatch(text)
        parts = found.groupdict() if found else {}
        if found and ("group" not in parts or told(parts["group"]) != parts["group"]):
            return sentence % {key: part if key in quoted else told(part) for key, part in parts.items()}
    for mark in _MARKS:
        pieces = text.split(mark, _MOST_PIECES)
        others = [told(piece) for piece in pieces] if len(pieces) > 1 else pieces
        if others != pieces:
            return word(mark).join(others)
    return text


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], frozenset[str], str]]:
    """What other rooms say with something filled in: as a pattern, which parts are quotations, and in `language`."""
    own = _read(LOCALE / language / "LC_MESSAGES" / f"{_BELOW}.po", language)
    open_ones = [message for message in own if message.id and "%(" in str(message.id)]
    # the one with most words of its own first
    open_ones.sort(key=lambda one: -len(_PLACE.sub("", str(one.id))))
    return [(*_pattern(str(message.id)), str(message.string)) for message in open_ones]


def _pattern(sentence: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """Only a quotation and a reason may hold more than one sentence; what one begins with is no subject (A：)."""
    quoted = frozenset(re.findall(r"“%\((\w+)\)s”", sentence))
    made = ""
    for number, piece in enumerate(_PLACE.split(sentence)):
        held = ".+?" if piece in quoted or piece in _WHOLE_REASONS else _OPENING if not made else _WITHIN
        made += f"(?P<{piece}>{held})" if number % 2 else re.escape(piece)
    return re.compile(made), quoted


@cache
def _catalogue(language: str) -> gnu.GNUTranslations:
    whole = Catalog(locale=language)
    for message in entries(language):
        whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


@cache
def _browser_words(language: str) -> dict[str, str]:
    own = _read(LOCALE / language / "LC_MESSAGES" / f"{_BROWSER}.po", language)
    return {str(message.id): str(message.string) for message in own if message.id}


def _files(language: str) -> list[Path]:
    return sorted((LOCALE / language / "LC_MESSAGES").glob("*.po"))


def _read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)
