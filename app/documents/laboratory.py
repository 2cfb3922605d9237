"""Laboratory results out of HL7 v2 ORU messages. Pure functions over bytes; runs in a rendering process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from app.errors import FileRefused
from app.french import PARIS

MOST_RESULTS = 5000
CHARSETS = {"8859/1": "latin-1", "UNICODE UTF-8": "utf-8", "": "latin-1", "ASCII": "ascii"}  # HL7 table 0211
BETWEEN = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*-\s*(-?\d+(?:[.,]\d+)?)\s*")
BELOW = re.compile(r"\s*[<≤]\s*(\d+(?:[.,]\d+)?)\s*")
ABOVE = re.compile(r"\s*[>≥]\s*(\d+(?:[.,]\d+)?)\s*")
FLAGS = ("N", "H", "L", "HH", "LL")
BROKEN = "ces résultats de biologie ne se lisent pas. Demandez au laboratoire de les exporter de nouveau (HL7 ORU)."


@dataclass(frozen=True)
class Result:
    """One measured value. `low` and `high` are the reference range; `flag` is N, H, L, HH or LL."""

    code: str
    name: str
    at: datetime
    value: float
    unit: str
    low: float | None
    high: float | None
    flag: str


def read_results(content: bytes) -> tuple[Result, ...]:
    """The numeric results (OBX of type NM) of one or several messages, oldest first. Raises: FileRefused."""
    import hl7

    try:
        text = _decoded(content)
        results = []
        for message in re.split(r"\r(?=MSH\|)", re.sub(r"\r?\n", "\r", text.strip("\x0b\x1c\r\n "))):
            parsed = hl7.parse(message)
            taken = str(parsed.segment("OBR")[7])
            for segment in parsed.segments("OBX"):
                if str(segment[2]) == "NM":
                    results.append(_result(segment, taken))
                if len(results) > MOST_RESULTS:
                    raise FileRefused(f"il contient plus de {MOST_RESULTS} résultats.")
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    if not results:
        raise FileRefused("il ne contient aucun résultat chiffré.")
    return tuple(sorted(results, key=lambda result: result.at))


def reference_range(text: str) -> tuple[float | None, float | None]:
    """« 12-16 », « <5 », « 3,5 - 5,1 » as numbers; a text that is no range gives none."""
    if found := BETWEEN.fullmatch(text):
        return _number(found[1]), _number(found[2])
    if found := BELOW.fullmatch(text):
        return None, _number(found[1])
    if found := ABOVE.fullmatch(text):
        return _number(found[1]), None
    return None, None


def _decoded(content: bytes) -> str:
    head = content[:400].decode("latin-1").lstrip("\x0b\r\n ").split("\r")[0].split("\n")[0].split("|")
    charset = CHARSETS.get(head[17].strip() if len(head) > 17 else "", "utf-8")
    return content.decode(charset)


def _result(segment: object, taken: str) -> Result:
    cells = [str(cell) for cell in segment]  # type: ignore[attr-defined]
    code, name = segment[3][0][0], segment[3][0][1]  # type: ignore[index]
    low, high = reference_range(cells[7] if len(cells) > 7 else "")
    value = _number(cells[5])
    given = cells[8].strip() if len(cells) > 8 else ""
    when = cells[14] if len(cells) > 14 and cells[14] else taken
    return Result(
        code=str(code)[:40],
        name=str(name)[:80],
        at=_instant(when),
        value=value,
        unit=cells[6].split("^")[0][:20],
        low=low,
        high=high,
        flag=given if given in FLAGS else _flag(value, low, high),
    )


def _flag(value: float, low: float | None, high: float | None) -> str:
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else "N"


def _instant(text: str) -> datetime:
    digits = re.match(r"\d{8,14}", text)
    if digits is None:
        raise ValueError("no date")
    padded = digits[0].ljust(14, "0")
    return datetime.strptime(padded, "%Y%m%d%H%M%S").replace(tzinfo=PARIS)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
