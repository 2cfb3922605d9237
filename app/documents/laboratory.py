"""Laboratory results out of HL7 v2 ORU messages. Pure functions over bytes; runs in a rendering process.

What French laboratories send, not only what the standard says: names without a declared alphabet, decimal commas,
lines ended by anything, « < 5 » as a number (HL7 v2.5.1, chapters 2 and 7; tables 0078, 0085, 0211).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from app.errors import FileRefused
from app.french import PARIS

MOST_BYTES = 20_000_000
MOST_MESSAGES = 1000
MOST_RESULTS = 5000
CHARSETS = {"8859/1": "latin-1", "8859/15": "iso8859-15", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "ASCII": "ascii"}
FLAGS = ("N", "H", "L", "HH", "LL")
NOT_A_RESULT = ("D", "W", "X", "N", "O")  # deleted, wrong, impossible, not asked, not yet made (table 0085)
# What UCUM writes, and what a French reader expects.
UNITS = {
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "10*9/L": "G/L",
    "10^9/L": "G/L",
    "10*12/L": "T/L",
    "10^12/L": "T/L",
    "m[IU]/L": "mUI/L",
    "[IU]/L": "UI/L",
    "U/L": "U/L",
}

_NUMBER = r"[-+]?\d{1,9}(?:[.,]\d{1,6})?"
MEASURED = re.compile(rf"\s*([<>≤≥]?)=?\s*({_NUMBER})\s*")
BETWEEN = re.compile(rf"\s*({_NUMBER})\s*(?:-|–|à|;)\s*({_NUMBER})\s*")
BELOW = re.compile(rf"\s*(?:<=?|≤|inf\.? à)\s*({_NUMBER})\s*")
ABOVE = re.compile(rf"\s*(?:>=?|≥|sup\.? à)\s*({_NUMBER})\s*")
INSTANT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(?:\.\d{1,4})?(?:([+-])(\d{2})(\d{2}))?")

BROKEN = "ces résultats de biologie ne se lisent pas. Demandez au laboratoire de les exporter de nouveau (HL7 ORU)."
NOT_RESULTS = "ce message HL7 n'est pas un compte rendu de biologie (ORU)."
NOTHING = "il ne contient aucun résultat chiffré."
NO_DATE = "un de ses résultats n'a pas de date de prélèvement. Demandez au laboratoire de l'exporter de nouveau."
TOO_MANY = f"il contient plus de {MOST_RESULTS} résultats."
TOO_LARGE = "il dépasse 20 Mo."


@dataclass(frozen=True)
class Result:
    """One measured value. `low` and `high` are the reference range; `flag` is N, H, L, HH or LL.

    `at` is when the sample was taken; `comparator` is « < » or « > » where the value is only a limit.
    """

    code: str
    name: str
    at: datetime
    value: float
    unit: str
    low: float | None
    high: float | None
    flag: str
    comparator: str = ""


def read_results(content: bytes) -> tuple[Result, ...]:
    """The numeric results of one or several messages, oldest first; a corrected value replaces the first one.

    Raises: FileRefused(reason in French).
    """
    if len(content) > MOST_BYTES:
        raise FileRefused(TOO_LARGE)
    try:
        results = _read(_lines(content))
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    if not results:
        raise FileRefused(NOTHING)
    return tuple(sorted(results, key=lambda result: result.at))


def reference_range(text: str) -> tuple[float | None, float | None]:
    """« 12-16 », « <5 », « 3,5 - 5,1 » as numbers; a text that is no range gives none."""
    if found := BETWEEN.fullmatch(text):
        low, high = _number(found[1]), _number(found[2])
        return (low, high) if low <= high else (None, None)
    if found := BELOW.fullmatch(text):
        return None, _number(found[1])
    if found := ABOVE.fullmatch(text):
        return _number(found[1]), None
    return None, None


def _lines(content: bytes) -> str:
    """The text in its alphabet (MSH-18), segments ended by carriage returns, without what a transport put around."""
    bare = content.strip(b"\x0b\x1c\r\n \x00")
    header = re.split(rb"[\r\n]", bare[bare.find(b"MSH") :], maxsplit=1)[0].decode("latin-1")
    fields = header.split(header[3:4] or "|")
    declared = re.split(r"[~^]", fields[17])[0].strip().upper() if len(fields) > 17 else ""
    if declared in CHARSETS:
        text = content.decode(CHARSETS[declared], "strict" if declared != "ASCII" else "replace")
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    return re.sub(r"[\x0b\x1c\x00]", "", re.sub(r"\r?\n", "\r", text))


def _read(text: str) -> list[Result]:
    import hl7

    messages = re.split(r"\r+(?=MSH)", "\r" + re.sub(r"\r(?:[FB]HS|[FB]TS)[^\r]*", "", "\r" + text))[1:]
    if not messages or len(messages) > MOST_MESSAGES:
        raise FileRefused(BROKEN if not messages else TOO_MANY)
    found: dict[tuple[str, datetime], Result] = {}
    for message in messages:
        parsed = hl7.parse(message)
        if str(parsed.segment("MSH")[9]).split("^")[0].strip() != "ORU":
            raise FileRefused(NOT_RESULTS)
        taken = ""
        for segment in parsed:
            kind = str(segment[0])
            if kind == "OBR":
                taken = _cell(segment, 7)
            elif kind == "OBX" and (result := _result(segment, taken)) is not None:
                found[result.code, result.at] = result
                if len(found) > MOST_RESULTS:
                    raise FileRefused(TOO_MANY)
    return list(found.values())


def _result(segment: Any, taken: str) -> Result | None:
    """The result of an OBX; nothing where it is words, or was withdrawn."""
    if _cell(segment, 11) in NOT_A_RESULT:
        return None
    written = _cell(segment, 5)
    match _cell(segment, 2):
        case "SN":  # structured: « <^5 » (2.A.70)
            written = "".join(_part(segment, 5, part) for part in (0, 1))
        case "NM" | "ST":
            pass
        case _:
            return None
    measured = MEASURED.fullmatch(written)
    if measured is None:
        return None
    code, name = _part(segment, 3, 0), _part(segment, 3, 1) or _part(segment, 3, 4)
    if not (code or name):
        return None
    value = _number(measured[2])
    low, high = reference_range(_cell(segment, 7))
    given = _part(segment, 8, 0).upper()
    return Result(
        code=(code or name)[:40],
        name=(name or code)[:80],
        at=_instant(_cell(segment, 14) or taken),
        value=value,
        unit=_unit(_part(segment, 6, 0)),
        low=low,
        high=high,
        flag=given if given in FLAGS else _flag(value, low, high),
        comparator={"≤": "<", "≥": ">"}.get(measured[1], measured[1]),
    )


def _cell(segment: Any, number: int) -> str:
    return str(segment[number]).strip() if len(segment) > number else ""


def _part(segment: Any, number: int, part: int) -> str:
    """A component as one line of text, its escapes (\\T\\ for &) undone."""
    if len(segment) <= number:
        return ""
    cell = segment[number]
    repetition = cell[0] if len(cell) else ""
    parts = [repetition] if isinstance(repetition, str) else list(repetition)
    text = str(parts[part]) if part < len(parts) else ""
    for escape, letter in (("\\F\\", "|"), ("\\S\\", "^"), ("\\T\\", "&"), ("\\R\\", "~"), ("\\E\\", "\\")):
        text = text.replace(escape, letter)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _unit(text: str) -> str:
    return UNITS.get(text, text)[:20]


def _flag(value: float, low: float | None, high: float | None) -> str:
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else "N"


def _instant(text: str) -> datetime:
    found = INSTANT.match(text)
    if found is None:
        raise FileRefused(NO_DATE)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    zone: Any = PARIS
    if found[7]:
        offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
        zone = timezone(offset if found[7] == "+" else -offset)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
