"""What the viewer asks for where it has no routes: in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in the units of `Information.pages`, from the upper left corner."""


@dataclass(frozen=True)
class Information:
    """`pages`: width and height of each page, in points. `text`: words can be found."""

    pages: Sequence[tuple[float, float]]
    text: bool = False


@dataclass(frozen=True)
class Word:
    """A word where it stands."""

    box: Box
    text: str


@dataclass(frozen=True)
class WordsOfPage:
    """The words of a page that is so wide, in reading order."""

    width: float
    words: Sequence[Word]


@dataclass(frozen=True)
class Place:
    """Where a text was found: the page, from 1, and a box per line it runs over."""

    page: int
    boxes: Sequence[Box]


class PageSource(Protocol):
    """A document, asked page by page; pages count from 1. Raises: LookupError for what it has not."""

    def information(self) -> Information: ...

    def image(self, page: int, width: int) -> bytes:
        """The page about `width` pixels wide, as WebP, PNG or JPEG."""
        ...

    def words(self, page: int) -> WordsOfPage: ...

    def search(self, text: str) -> Sequence[Place]: ...

    def content(self) -> tuple[str, str, bytes]:
        """The file to be kept: name, media type, bytes."""
        ...


def plain_words(found: WordsOfPage) -> dict[str, Any]:
    """As the routes answer: `{"width", "words": [[left, top, right, bottom, word], …]}`."""
    return {"width": found.width, "words": [[*word.box, word.text] for word in found.words]}


def plain_places(found: Sequence[Place]) -> list[dict[str, Any]]:
    """As the routes answer: `[{"page", "boxes"}, …]`."""
    return [asdict(place) for place in found]
