"""Searching a PDF, in slices: a long document never holds a rendering process for longer than a page takes.

Runs inside a rendering process. The text of a page is read once and kept, folded, as long as its document is open: the
next letter that somebody types costs milliseconds. Where exactly a word stands is looked up on its own lines only.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from app.french import folded

MOST_HITS = 500
SLICE_SECONDS = 0.08
LARGEST_KEPT = 24_000_000  # letters of all documents together
CLIP_MARGIN = 1.0  # points around the lines looked at: letters lean over their boxes

Boxes = list[list[float]]  # of one place, one per line it runs over
Words = list[tuple[int, Any, int]]  # where a word begins in the page's text, its box, its line

_texts: dict[str, dict[int, str]] = {}


def forget(key: str) -> None:
    """Drop what was kept of a document's text."""
    _texts.pop(key, None)


def search(key: str, document: Any, text: str, first: int, most: int) -> dict[str, Any]:
    """Places from page `first` on, for about 80 ms; `next` is the page to go on with, None at the end."""
    wanted = " ".join(folded(text).split())
    places: list[dict[str, Any]] = []
    if not wanted:
        return {"places": places, "next": None}
    known, end = _known(key), time.monotonic() + SLICE_SECONDS
    for number in range(first, document.page_count + 1):
        if number > first and time.monotonic() > end:
            return {"places": places, "next": number}
        if number not in known:
            known[number] = _text(document[number - 1])[0]
        if wanted not in known[number]:
            continue
        for boxes in _places(document[number - 1], wanted):
            places.append({"page": number, "boxes": boxes})
            if len(places) >= most:
                return {"places": places, "next": None}
    return {"places": places, "next": None}


def box(rect: Any) -> list[float]:
    """A box as viewers get it: left, top, right, bottom, to a tenth of a point."""
    return [round(edge, 1) for edge in (rect.x0, rect.y0, rect.x1, rect.y1)]


def _known(key: str) -> dict[int, str]:
    if sum(len(text) for pages in _texts.values() for text in pages.values()) > LARGEST_KEPT:
        _texts.clear()
    return _texts.setdefault(key, {})


def _text(page: Any) -> tuple[str, Words]:
    """A page's text, folded, with single spaces, and its words."""
    import pymupdf

    parts, words, length = [], [], 0
    for x0, y0, x1, y1, word, block, line, _number in page.get_text("words"):
        part = " ".join(folded(word).split())
        if part:
            words.append((length, pymupdf.Rect(x0, y0, x1, y1), (block << 20) + line))
            parts.append(part)
            length += len(part) + 1
    return " ".join(parts), words


def _places(page: Any, wanted: str) -> Iterator[Boxes]:
    """The boxes of each place on a page; letter by letter, or word by word where letters tell another order."""
    text, words = _text(page)
    starts = [start for start, _box, _line in words]
    found = [words[a:b] for a, b in _spans(text, wanted, starts)]
    if not found:
        return
    clip = found[0][0][1]
    for each in found:
        for _start, rect, _line in each:
            clip = clip | rect
    turned = page.rotation_matrix
    exact = list(_exact(page, wanted, _wider(clip)))
    whole = [_by_line([(line, rect) for _start, rect, line in each]) for each in found]
    for rects in exact if len(exact) == len(whole) else whole:
        yield [box(rect * turned) for rect in rects]


def _wider(clip: Any) -> Any:
    import pymupdf

    return pymupdf.Rect(clip.x0 - CLIP_MARGIN, clip.y0 - CLIP_MARGIN, clip.x1 + CLIP_MARGIN, clip.y1 + CLIP_MARGIN)


def _spans(text: str, wanted: str, starts: list[int]) -> Iterator[tuple[int, int]]:
    """The words of each place: from, to."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        yield bisect_right(starts, at) - 1, bisect_right(starts, end - 1)
        at = text.find(wanted, end)


def _exact(page: Any, wanted: str, clip: Any) -> Iterator[list[Any]]:
    """The boxes of each place inside a part of a page, letter by letter."""
    import pymupdf

    letters, origins, lines = _letters(page, clip)
    at = letters.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        inside = [origin for origin in origins[at:end] if origin is not None]
        yield _by_line([(line, pymupdf.Rect(lines[line][char]["bbox"])) for line, char in inside])
        at = letters.find(wanted, end)


def _letters(page: Any, clip: Any) -> tuple[str, list[tuple[int, int] | None], list[list[Any]]]:
    """The folded text inside a part of a page; for each letter its line and place in it, none for line ends."""
    import pymupdf

    letters: list[str] = []
    origins: list[tuple[int, int] | None] = []
    lines: list[list[Any]] = []
    flags = pymupdf.TEXTFLAGS_RAWDICT & ~pymupdf.TEXT_PRESERVE_IMAGES
    for block in page.get_text("rawdict", clip=clip, flags=flags)["blocks"]:
        for line in block.get("lines", ()):
            chars = [char for span in line["spans"] for char in span["chars"]]
            lines.append(chars)
            for number, char in enumerate(chars):
                for letter in folded(char["c"]):
                    if not letter.isspace():
                        letters.append(letter)
                        origins.append((len(lines) - 1, number))
                    elif letters and letters[-1] != " ":
                        letters.append(" ")
                        origins.append(None)
            if letters and letters[-1] != " ":
                letters.append(" ")
                origins.append(None)
    return "".join(letters), origins, lines


def _by_line(parts: list[tuple[int, Any]]) -> list[Any]:
    """One box per line."""
    boxes: list[Any] = []
    for before, (line, rect) in pairwise([(-1, None), *parts]):
        if before[0] == line:
            boxes[-1] = boxes[-1] | rect
        else:
            boxes.append(+rect)
    return boxes
