"""Cuts a text into plain and matched pieces, so that a template can mark the matches without any markup in strings."""

from collections.abc import Iterable
from dataclasses import dataclass

from records import Match


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of a text: plain, or one match."""

    text: str
    #: None for a plain stretch.
    match: Match | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """Both texts of a listing in pieces."""

    title: tuple[Piece, ...]
    description: tuple[Piece, ...]


def marked(title: str, description: str, matches: Iterable[Match]) -> Marked:
    """Title and description with the matches that count marked in them.

    Where matches overlap the longer one is shown; one that runs across both texts is marked in both.
    """
    counting = [m for m in matches if m.counts]
    split = len(title) + 1
    in_title = [(m.start, m.end, m) for m in counting if m.field != "description"]
    in_description = [(m.start, m.end, m) for m in counting if m.field == "description"]
    in_description += [(m.start - split, m.end - split, m) for m in counting if m.field == "title+description"]
    return Marked(title=_pieces(title, in_title), description=_pieces(description, in_description))


def _pieces(text: str, spans: list[tuple[int, int, Match]]) -> tuple[Piece, ...]:
    clipped = [(max(start, 0), min(end, len(text)), match) for start, end, match in spans]
    chosen: list[tuple[int, int, Match]] = []
    for start, end, match in sorted(clipped, key=lambda span: span[0] - span[1]):
        if start < end and all(end <= begun or start >= ended for begun, ended, _ in chosen):
            chosen.append((start, end, match))
    pieces, at = [], 0
    for start, end, match in sorted(chosen, key=lambda span: span[0]):
        if at < start:
            pieces.append(Piece(text=text[at:start]))
        pieces.append(Piece(text=text[start:end], match=match))
        at = end
    if at < len(text):
        pieces.append(Piece(text=text[at:]))
    return tuple(pieces)
