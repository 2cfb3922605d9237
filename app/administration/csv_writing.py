"""CSV as French spreadsheets open it: UTF-8 with its mark, semicolons, CRLF; no cell that would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell: str) -> str:
    """The cell, behind a quote where a spreadsheet would take it for a formula (OWASP, « CSV Injection »)."""
    return "'" + cell if cell.lstrip(" ").startswith(STARTS_A_FORMULA) or cell.startswith(STARTS_A_FORMULA) else cell


def lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as CSV, without the byte order mark that belongs before the first."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
