"""How keys read for people: `ivory` is 象牙, `demo_ads` is the name of its site."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Chinese names of platforms and categories; a key without a name stands for itself."""

    #: Platform key → name of the site.
    platforms: Mapping[str, str] = field(default_factory=dict)
    #: Category key → name as in the lexicon.
    categories: Mapping[str, str] = field(default_factory=dict)

    def platform(self, key: str) -> str:
        """The site's name, or the key."""
        return self.platforms.get(key, key)

    def category(self, key: str) -> str:
        """The category's name, the key, or 未分类 where there is none."""
        return self.categories.get(key, key) or "未分类"
