"""The miniature saved pages that prove each definition, and what reading them says."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from crawler.definition import PLATFORMS, Definition, definitions
from crawler.page_file import page_from_file
from crawler.reading import read_any, read_cards

PAGES = PLATFORMS / "pages"
_ANSWER = ".listings.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedPage:
    """One miniature page and the definition that it proves."""

    path: Path
    definition: Definition

    @property
    def answer_file(self) -> Path:
        """Where the answer stands that a person has looked at."""
        return self.path.with_name(self.path.name + _ANSWER)

    def read(self) -> dict[str, Any]:
        """What reading says about the page now, as JSON would hold it."""
        page = page_from_file(self.path, self.definition)
        cards = read_cards(self.definition, page)
        listings = [_jsonable(asdict(listing)) for listing in read_any(self.definition, page)]
        return {
            "encoding": page.encoding,
            "outcome": cards.outcome.value if cards.outcome and not listings else None,
            "next_url": cards.next_url,
            "more": cards.more,
            "listings": listings,
        }


def saved_pages(folder: Path = PAGES) -> Iterator[SavedPage]:
    """Every miniature page with its definition, by name: the one whose key the name begins with, the longest one."""
    known = definitions()
    for path in sorted(folder.iterdir()):
        if not path.name.endswith(_ANSWER):
            keys = [key for key in known if path.stem == key or path.stem.startswith(key + "_")]
            if keys:
                yield SavedPage(path=path, definition=known[max(keys, key=len)])


def differences(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Where two answers differ, each as one Chinese phrase that names the item and the field."""
    found = [
        f"{name}：应为 {before.get(name)}，读出 {now.get(name)}"
        for name in ("encoding", "outcome", "next_url", "more")
        if now.get(name) != before.get(name)
    ]
    told = {one["item_id"]: one for one in before["listings"]}
    read = {one["item_id"]: one for one in now["listings"]}
    found += [f"{item_id}：没有读出" for item_id in told if item_id not in read]
    found += [f"{item_id}：多读出的" for item_id in read if item_id not in told]
    for item_id in told.keys() & read.keys():
        fields = (name for name in told[item_id] if told[item_id][name] != read[item_id].get(name))
        found += [f"{item_id}：{n} 应为 {told[item_id][n]!r}，读出 {read[item_id].get(n)!r}" for n in fields]
    return found


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal | datetime):
        return str(value)
    if isinstance(value, dict):
        return {key: _jsonable(inner) for key, inner in value.items()}
    return [_jsonable(inner) for inner in value] if isinstance(value, list | tuple) else value
