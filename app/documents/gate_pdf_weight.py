"""What a PDF weighs once it is opened: a few kilobytes may unfold into gigabytes, or draw for hours.

Streams are unfolded piece by piece and thrown away, so that the bomb is measured and never held. What is not reckoned
here (tiling patterns, glyphs drawn as pages) is stopped by the clock of the rendering process.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from typing import Any

from app.documents.gate_pdf_acts import is_stream, source_of
from app.documents.pdf_syntax import Name, Ref, parse
from app.errors import FileRefused

MOST_PIXELS = 200_000_000  # of one image in a page: an A3 plan at 600 dots per inch has 70 million
LARGEST_IMAGE = 700_000_000  # bytes, unfolded
LARGEST_STREAM = 150_000_000  # bytes of anything else, unfolded
LARGEST_INNER = 100_000_000  # bytes of what has to be unfolded a second time
MOST_UNFOLDED = 2_000_000_000  # bytes together: what comes after is not measured, if the file is large itself
SUSPICIOUS = 50  # times
MOST_DRAWINGS = 500_000  # of forms within forms, on one page
LARGEST_FORMS = 64_000_000  # bytes of forms that are read for others in them
PIECE = 1 << 20
PACKING = {"FlateDecode": "Flate", "Fl": "Flate", "LZWDecode": "LZW", "LZW": "LZW", "RunLengthDecode": "RL", "RL": "RL"}
DO = re.compile(rb"/([^\s()<>\[\]{}/%]+)\s+Do(?![^\s()<>\[\]{}/%])")

BOMB = "il se déplie en une taille démesurée, comme les fichiers faits pour bloquer un ordinateur."
ENDLESS = "ses dessins s'appellent les uns les autres sans fin, comme les fichiers faits pour bloquer un ordinateur."
HUGE_IMAGE = "une de ses images est trop grande (plus de 200 millions de points). Réduisez-la, puis ajoutez-le."


def refuse_heavy(document: Any) -> None:
    """Raises: FileRefused, which may not be flattened."""
    unfolded, forms = _Unfolded(), _Forms(document)
    for number in range(1, document.xref_length()):
        if not is_stream(document, number):
            continue
        value = parse(source_of(document, number))
        if not isinstance(value, dict):
            continue
        kind = value.get("Subtype")
        if kind == "Image":
            _refuse_huge(document, value)
        filters = _filters(document, value.get("Filter"))
        if filters:
            unfolded.measure(document, number, filters, LARGEST_IMAGE if kind == "Image" else LARGEST_STREAM)
        if kind == "Form":
            forms.add(number, value)
    forms.refuse_endless()


def _refuse_huge(document: Any, value: dict[str, Any]) -> None:
    sides = (_resolved(document, value.get("Width")), _resolved(document, value.get("Height")))
    if all(isinstance(side, int) for side in sides) and sides[0] * sides[1] > MOST_PIXELS:
        raise FileRefused(HUGE_IMAGE)


def _resolved(document: Any, value: Any) -> Any:
    return parse(source_of(document, value.number)) if isinstance(value, Ref) else value


def _filters(document: Any, value: Any) -> list[str]:
    """How a stream is packed, the outermost first: only what can make more bytes of few."""
    value = _resolved(document, value)
    names = [_resolved(document, one) for one in (value if isinstance(value, list) else [value])]
    return [PACKING[name] for name in names if isinstance(name, Name) and name in PACKING]


class _Unfolded:
    """What the streams looked at so far weigh, folded and unfolded."""

    def __init__(self) -> None:
        self._folded, self._unfolded = 0, 0

    def measure(self, document: Any, number: int, filters: list[str], largest: int) -> None:
        if len(filters) > 2 or (len(filters) == 2 and filters != ["Flate", "Flate"]):
            raise FileRefused(BOMB)
        if filters[0] != "Flate" or self._unfolded > MOST_UNFOLDED:
            return
        try:
            folded = bytes(document.xref_stream_raw(number) or b"")
        except MemoryError:
            raise
        except Exception:  # a broken stream unfolds into nothing
            return
        size = _unfolded_size(folded, largest) if len(filters) == 1 else _twice_unfolded_size(folded, largest)
        self._folded += len(folded)
        self._unfolded += size
        if size > largest or (self._unfolded > MOST_UNFOLDED and self._unfolded > SUSPICIOUS * self._folded):
            raise FileRefused(BOMB)


def _unfolded_size(folded: bytes, most: int) -> int:
    """How many bytes a stream unfolds into; counting ends a little after `most`."""
    unpacking, size, rest = zlib.decompressobj(), 0, folded
    try:
        while rest and size <= most and not unpacking.eof:
            size += len(unpacking.decompress(rest, PIECE))
            rest = unpacking.unconsumed_tail
    except zlib.error:
        pass
    return size


def _twice_unfolded_size(folded: bytes, most: int) -> int:
    outer, inner = zlib.decompressobj(), zlib.decompressobj()
    between, size, rest = 0, 0, folded
    try:
        while rest and not outer.eof:
            piece = outer.decompress(rest, PIECE)
            rest = outer.unconsumed_tail
            between += len(piece)
            if between > LARGEST_INNER:
                return most + 1
            while piece and not inner.eof:
                size += len(inner.decompress(piece, PIECE))
                piece = inner.unconsumed_tail
                if size > most:
                    return size
    except zlib.error:
        pass
    return size


class _Forms:
    """Forms (pieces of drawing) and how often each draws others: a dozen levels of ten make hours."""

    def __init__(self, document: Any) -> None:
        self._document, self._read = document, 0
        self._drawn: dict[int, Counter[int]] = {}

    def add(self, number: int, value: dict[str, Any]) -> None:
        inner = self._dictionary(self._dictionary(value.get("Resources")).get("XObject"))
        named = {name: one.number for name, one in inner.items() if isinstance(one, Ref)}
        if not named or self._read > LARGEST_FORMS:
            return
        try:
            content = bytes(self._document.xref_stream(number) or b"")
        except MemoryError:
            raise
        except Exception:
            return
        self._read += len(content)
        counted = Counter(_plain(name) for name in DO.findall(content))
        self._drawn[number] = Counter({named[name]: times for name, times in counted.items() if name in named})

    def refuse_endless(self) -> None:
        costs: dict[int, int] = {}
        for number in self._drawn:
            self._cost(number, costs)
            if costs[number] > MOST_DRAWINGS:
                raise FileRefused(ENDLESS)

    def _cost(self, number: int, costs: dict[int, int]) -> None:
        """Drawings that a form sets off, without recursion; a form within itself is drawn once, as MuPDF does."""
        waiting = [(number, False)]
        while waiting:
            one, children_known = waiting.pop()
            if children_known:
                drawn = self._drawn.get(one, Counter[int]())
                total = 1 + sum(times * max(costs.get(child, 1), 1) for child, times in drawn.items())
                costs[one] = min(total, MOST_DRAWINGS * 10)
            elif one not in costs:
                costs[one] = 0  # under way
                waiting.append((one, True))
                waiting.extend((child, False) for child in self._drawn.get(one, {}) if child not in costs)

    def _dictionary(self, value: Any) -> dict[str, Any]:
        value = _resolved(self._document, value)
        return value if isinstance(value, dict) else {}


def _plain(name: bytes) -> str:
    """A name in a content stream, its escapes undone."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name).decode("latin-1")
