"""What the list pages of a query were like, counted while they were read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What the list pages of a query were like. Sums with +."""

    #: Cards that gave no listing: no id, title or address.
    unread: int = 0
    #: Of the cards read, those that showed a price, a seller, a picture, a place.
    price: int = 0
    seller: int = 0
    pictures: int = 0
    place: int = 0
    #: Pages with just the items that another query of the same run had shown already.
    repeated: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def to_data(self) -> dict[str, int]:
        """JSON-safe; `from_data` reads it back."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Measures as they were stored; what is not there counts as 0."""
        return cls(**{f.name: int(data.get(f.name, 0)) for f in fields(cls)})
