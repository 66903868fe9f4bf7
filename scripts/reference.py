"""docs/commands.md and docs/lexicon.md, written from the program itself: `python scripts/reference.py`.

`--check` writes nothing and ends with 1 where a page is not what the program says; a test calls it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keywords import builtin
from ops.cli import every_command

DOCS = Path(__file__).resolve().parent.parent / "docs"
_GENERATED = "<!-- Written by scripts/reference.py from the program itself; change it there. -->\n"


def commands_page() -> str:
    """Every command of `xunwang` with its arguments and options."""
    rows = "".join(_row(f"`{name}`", command.help or "", _parameters(command)) for name, command in commands())
    return (
        "# Commands\n" + _GENERATED + "\n"
        "Before every command may stand `--config FILE`, `--lang zh|en` and `--debug`; `xunwang --version` names the\n"
        "program, the matcher and the built-in lexicon. Exit codes: 0 done, 1 failed, 2 usage, 3 finished but\n"
        "degraded (blocked, drifted, nothing found, bad rows), 4 nothing to do, 130 interrupted. Data goes to\n"
        "standard output, words for people to standard error; `--json` prints nothing but JSON there.\n\n"
        + _row("命令", "作用", "参数")
        + _row("---", "---", "---")
        + rows
    )


def commands() -> Iterator[tuple[str, Any]]:
    """(`leads list`, command) for every command, by name."""
    yield from _walk(every_command(), ())


def lexicon_page() -> str:
    """Every category of the built-in lexicon: key, name, how many terms, first search terms."""
    words = builtin()
    rows = "".join(
        _row(
            f"`{category.key}`",
            category.name,
            str(sum(1 for term in words.terms if term.category == category.key)),
            str(category.nightly or len(category.search)),
            "、".join(list(words.search_terms(category.key))[:4]),
        )
        for category in words.categories
    )
    return (
        "# The lexicon\n"
        + _GENERATED
        + "\nOne file a category in `keywords/lexicon/`, each with its own examples that must match and must not."
        " Analysts add\nwords by `xunwang lexicon template FILE.xlsx`, fill it in, `xunwang lexicon import FILE.xlsx"
        " --note WHY`; the next scan\nuses them, and every lead names the version that judged it.\n\n"
        + _row("代码", "类别", "词条数", "每晚最多检索", "先检索的词")
        + _row("---", "---", "---", "---", "---")
        + rows
        + _FORMAT
    )


_FORMAT = """
## A category file

| Key | Says |
| --- | --- |
| `law` | names of `law.yml`, or `{text, from, to}`: the citation valid on the day is the one to cite |
| `search` | `terms`, most fruitful first; `budget`: how many a night asks of one platform. With more terms, the \
best three quarters are asked every night and the others take turns |
| `strong` | enough alone, unless other words lower the score |
| `weak` | needs company near it: a word of a context group of its category with `company: true`, one of its own \
`company`, or another term of the category. Where it has none, how the whole listing is put may be its company \
([detection.md](detection.md)); `xunwang lexicon test` says how far a text is from that |
| `code` | everyday words that mean goods in company only: their own `company` where named, else as for weak ones \
but more than a mere number (`bare: true`: 一对, 35克) |
| `review`, `review_weak` | borderline goods: 待核, never more |
| `compose` | every word of `of` followed by every word of `parts`; `leave_out` names the ordinary ones |
| `coded`, `companies` | names of one class that share their company: every word of `of` is a code word (or what \
`group` says) beside any word of `company`; `@name` stands for a list under `companies`, or for the words of a context \
group. A word that stands in a group of its own keeps both companies. A companion that no dictionary knows and no \
other category has is jargon itself: of three such words the category is told |
| `heard` | terms that are names known to everybody: written as they sound, in any tone, with one or two characters \
changed at once, they are found in company |
| `foreign` | names in other languages and initials of pinyin: lists of `strong`, `review`, `weak` and `code` with \
their `company` |
| `must_match`, `must_not_match` | the category's proof, held by the tests |

An entry may be `{text, company, variants, not_variants, until, note}`. `until` is the last day on which it counts, seen
from the day of assessment. A companion of one character must stand three times nearer than a longer one. A space in a
term makes a pair: all parts close together, in any order; a name without any Han character is one phrase. A context
word inside a longer one of any group says nothing: put the longer one under `neutral` in `contexts.yml` (老药 in
老药铺). `lexicon lint` runs every term over ordinary words and their seams; what a person has let stand is in
`ordinary.yml`, with the reason.

Nothing is generated of the names under `foreign`. A `code` word there (tiger, owl, XY) counts beside its own company
and nothing else, since it is also a brand; a short name written without its marks is weak (da bao is not da báo); of a
species in Latin the second mention counts too (M. javanica).
""".replace("\\\n", "")


def _walk(commands: dict[str, Any], words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, child in sorted(commands.items()):
        if hasattr(child, "commands"):
            yield from _walk(child.commands, (*words, name))
        else:
            yield " ".join((*words, name)), child


def _parameters(command: Any) -> str:
    return " ".join(_parameter(one) for one in command.params if one.name != "help")


def _parameter(one: Any) -> str:
    name = one.opts[0] if one.param_type_name == "option" else one.name.upper()
    return f"`{name}`" if one.required else f"`[{name}]`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    """Write the pages, or with --check compare them."""
    stale = []
    for name, page in (("commands.md", commands_page()), ("lexicon.md", lexicon_page())):
        path = DOCS / name
        if not path.is_file() or path.read_text("utf-8") != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(page, "utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"{', '.join(stale)}: run scripts/reference.py")


if __name__ == "__main__":
    main()
