"""The texts of the console: which go through gettext, which do not, and which have no English yet.

`python -m scripts.words` lists what is amiss; `python -m scripts.words add FILE` also appends what has no English to
console/locale/en/LC_MESSAGES/FILE.po with an empty translation, to be filled in.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes
from jinja2.ext import extract_from_ast

from console.language import ENGLISH, LOCALE, entries

CONSOLE = Path(__file__).resolve().parent.parent / "console"
CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uff01-\uff60]")
#: What takes a text to be translated; the last one is the scripts' own.
PYTHON, TEMPLATE, SCRIPT = ("_", "N_", "gettext", "ngettext"), ("_", "gettext", "ngettext"), ("say",)
#: What marks a text that stays Chinese because it is written down, not said.
RECORDED = "recorded"
#: Bases of classes whose docstring and remedy are texts, each with its English beside it.
SPEAKS_BOTH = re.compile(r"Fault|Refused")
#: Chinese in every language: a name for itself, and what sentences of other rooms are taken apart at.
AS_IT_IS = {"language.py": ["中文", "；", "、", "：", "[^；：]+?", "[^；]+?"]}


def sources() -> list[Path]:
    """Everything of the console that may hold a text."""
    found = [*CONSOLE.rglob("*.py"), *(CONSOLE / "templates").rglob("*.html"), *(CONSOLE / "static").glob("*.js")]
    return sorted(found)


def messages(path: Path) -> list[str | tuple[str, ...]]:
    """Every text of a file that goes through gettext; a tuple where it has two forms."""
    if path.suffix == ".html":
        found = [texts for _, _, texts in extract_from_ast(_template(path), TEMPLATE)]
    elif path.suffix == ".js":
        found = [text for text, passed in _strings(path) if passed]
    else:
        found = [_arguments(call) for call in ast.walk(_python(path)) if _is_call(call)]
    return [one for one in (_tidy(texts) for texts in found) if one]


def bare(path: Path) -> list[str]:
    """Every Chinese text of a file that does not go through gettext."""
    look = {".html": _bare_in_template, ".js": _bare_in_script, ".py": _bare_in_python}[path.suffix]
    found = [text.strip() for text in look(path) if CHINESE.search(text)]
    return [text for text in found if text not in AS_IT_IS.get(path.name, [])]


def without_english() -> dict[str | tuple[str, ...], str]:
    """Each text that no catalogue has, with the file where it stands."""
    known = {key(message.id) for message in entries(ENGLISH) if message.string and all(message.string)}
    return {text: path.name for path in sources() for text in messages(path) if key(text) not in known}


def key(text: str | tuple[str, ...] | list[str]) -> str:
    """What a text is looked up by."""
    return forms(text)[0]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Singular and plural; the one text where there is one."""
    return (text,) if isinstance(text, str) else tuple(text)


def _tidy(texts: object) -> str | tuple[str, ...]:
    if isinstance(texts, str):
        return texts
    kept = tuple(one for one in texts if isinstance(one, str)) if isinstance(texts, tuple | list) else ()
    return kept[0] if len(kept) == 1 else kept


# --- templates ------------------------------------------------------------------------------------------------------


def _template(path: Path) -> nodes.Template:
    made = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)  # noqa: S701 (parses only)
    made.policies["ext.i18n.trimmed"] = True
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    return made.parse(path.read_text("utf-8"))


def _bare_in_template(path: Path) -> Iterator[str]:
    tree = _template(path)
    spoken = {id(const) for call in tree.find_all(nodes.Call) if _names(call, TEMPLATE) for const in call.args}
    yield from (data.data for data in tree.find_all(nodes.TemplateData))
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str) and id(const) not in spoken:
            yield const.value


def _names(call: nodes.Call, names: tuple[str, ...]) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name in names


# --- Python ---------------------------------------------------------------------------------------------------------


def _python(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _is_call(node: ast.AST, names: tuple[str, ...] = PYTHON) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _arguments(call: ast.AST) -> tuple[str, ...]:
    assert isinstance(call, ast.Call)
    return tuple(one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _bare_in_python(path: Path) -> Iterator[str]:
    tree = _python(path)
    passed = {id(one) for call in ast.walk(tree) if _is_call(call) for one in getattr(call, "args", [])}
    passed |= {id(one) for call in ast.walk(tree) if _is_call(call, (RECORDED,)) for one in getattr(call, "args", [])}
    passed |= {id(one) for docstring in _docstrings(tree) for one in ast.walk(docstring)}
    for node in ast.walk(tree):
        # the values that a field may have, not a text
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            passed |= {id(one) for one in ast.walk(node)}
        if isinstance(node, ast.ClassDef) and any(SPEAKS_BOTH.search(ast.unparse(base)) for base in node.bases):
            passed |= {id(one) for one in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.value


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node


# --- scripts --------------------------------------------------------------------------------------------------------


#: Comments, strings, names and signs; a string in double quotes is one of JSON too, which ours all are.
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\w+|\S""", re.DOTALL
)


def _strings(path: Path) -> Iterator[tuple[str, bool]]:
    """Every string of a script, and whether it is the first thing inside `say(`."""
    before: list[str] = []
    for found in _TOKEN.finditer(path.read_text("utf-8")):
        token = found[0]
        if token.startswith(("//", "/*")):
            continue
        if token[0] in "\"'`" and before != [RECORDED, "("]:
            yield (json.loads(token) if token[0] == '"' else token), before == [*SCRIPT, "("]
        before = [*before[-1:], token]


def _bare_in_script(path: Path) -> Iterator[str]:
    yield from (text for text, passed in _strings(path) if not passed)


# --- the list -------------------------------------------------------------------------------------------------------


def main() -> int:
    """Print what is amiss; 1 where something is."""
    missing = without_english()
    wrong = {path.name: texts for path in sources() if (texts := bare(path))}
    for name, texts in wrong.items():
        print(f"{name}: {len(texts)} not through gettext")  # noqa: T201
    for text, name in missing.items():
        print(f"{name}: no English: {text}")  # noqa: T201
    if sys.argv[1:2] == ["add"]:
        _append(LOCALE / ENGLISH / "LC_MESSAGES" / f"{sys.argv[2]}.po", missing)
    return 1 if missing or wrong else 0


def _append(path: Path, missing: dict[str | tuple[str, ...], str]) -> None:
    whole = path.read_text("utf-8").rstrip() + "\n" if path.exists() else 'msgid ""\nmsgstr ""\n' + _HEADER
    for text, name in missing.items():
        ids = forms(text)
        whole += f"\n#: {name}\n" + "".join(
            f"{key} {_quoted(one)}\n" for key, one in zip(("msgid", "msgid_plural"), ids, strict=False)
        )
        whole += 'msgstr ""\n' if isinstance(text, str) else 'msgstr[0] ""\nmsgstr[1] ""\n'
    path.write_text(whole, "utf-8")


_HEADER = (
    '"Content-Type: text/plain; charset=utf-8\\n"\n"Language: en\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    raise SystemExit(main())
