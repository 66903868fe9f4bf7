"""Chinese first, English second: which language an answer speaks, and the words of ours in it.

Every text of the console is written in Chinese where it stands and goes through `_` (templates, Python) or `say`
(browser scripts). English comes from the .po files under `locale/`, all of which are one catalogue.
"""

import gettext as gnu
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from records import Fault

Words = TypeVar("Words", bound=str)

CHINESE, ENGLISH = "zh-CN", "en"
#: Each language with its own name for itself.
LANGUAGES: Mapping[str, str] = {CHINESE: "中文", ENGLISH: "English"}

LOCALE = Path(__file__).resolve().parent / "locale"
#: The catalogue of the scripts in the browser, which are told its words by the page.
_BROWSER = "browser"

#: The language of the request under way; set at the door.
_spoken: ContextVar[str] = ContextVar("spoken", default=CHINESE)


def speak(language: str) -> None:
    """From here on this request is answered in `language`; in Chinese where we have no such language."""
    _spoken.set(language if language in LANGUAGES else CHINESE)


def spoken() -> str:
    """zh-CN or en."""
    return _spoken.get()


def _(message: str, **values: object) -> str:
    """`message` in the language of the request, with %(name)s filled in; a percent sign is written %%."""
    return gettext(message) % values


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
    """A sentence that another room made, in the language of the request; as it came where we have no translation."""
    return word(text)


def told_by(fault: Fault) -> tuple[str, ...]:
    """Cause, detail and remedy of a fault in the language of the request."""
    return fault.told("zh" if spoken() == CHINESE else "en")


def browser_words() -> dict[str, str]:
    """What the scripts say, Chinese to the language of the request; empty in Chinese."""
    return {} if spoken() == CHINESE else _browser_words(spoken())


def entries(language: str) -> list[Any]:
    """Every message of every catalogue of `language`, the headers left out."""
    return [message for path in _files(language) for message in _read(path, language) if message.id]


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
