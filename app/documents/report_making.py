"""A report's PDF by typst: tagged, for archives and for everybody (PDF/A-3a, PDF/UA-1). Takes plain values.

Typst refuses a picture without alternative text or a document without title; its warnings, an unknown font for one, are
errors here.
"""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FONTS = HERE / "fonts"


class ReportBroken(Exception):
    """The report can't be made: a fault of ours, not of what was typed."""


def make(source: bytes) -> tuple[bytes, int]:
    """The PDF of `report.plain` and its number of pages: the same bytes for the same values."""
    import pymupdf
    import typst

    values = _printable(json.loads(source))
    made = values["made"]
    try:
        pdf, warnings = typst.compile_with_warnings(
            (HERE / "report.typ").read_bytes(),
            format="pdf",
            pdf_standards=["a-3a", "ua-1"],
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(values, ensure_ascii=False)},
            timestamp=datetime(**made, tzinfo=UTC),
        )
    except typst.TypstError as error:
        raise ReportBroken(str(error)) from error
    if warnings:
        raise ReportBroken("; ".join(warning.message for warning in warnings))
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        # Half the size; tags, language, metadata and colour profile stay (tested).
        return document.tobytes(garbage=3, deflate=True, use_objstms=1, no_new_id=True), document.page_count


def _printable(value: Any) -> Any:
    """The values in letters that the fonts have.

    A letter that no font of ours has (a picture of a face, Chinese) would stop the report: its code point is printed
    instead, « [U+1F600] », so that nothing disappears in silence.
    """
    if isinstance(value, str):
        return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return value


def _letter(letter: str) -> str:
    if letter in "\n" or ord(letter) in _known():
        return letter
    if letter in "\r\t\v\f\u2028\u2029":
        return " " if letter == "\t" else "\n" if letter != "\r" else ""
    is_silent = unicodedata.category(letter) in ("Cc", "Cf") or "\ufe00" <= letter <= "\ufe0f"
    return "" if is_silent else f"[U+{ord(letter):04X}]"


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


@cache
def _known() -> frozenset[int]:
    import pymupdf

    known: set[int] = set()
    for path in sorted(FONTS.glob("*.ttf")):
        if "Bold" not in path.name:
            known.update(pymupdf.Font(fontfile=str(path)).valid_codepoints())
    return frozenset(known)
