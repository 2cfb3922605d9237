"""Laboratory results out of HL7 v2 ORU messages. Pure functions over bytes; runs in a rendering process.

What French laboratories send, not only what the standard says: names without a declared alphabet, decimal commas,
lines ended by anything, « < 5 » as a number (HL7 v2.5.1, chapters 2 and 7; tables 0078, 0085, 0211).
"""

from __future__ import annotations

import re
from typing import Any

from app.documents.laboratory_results import (
    BROKEN,
    LOINC,
    TOO_MANY,
    Found,
    Result,
    line,
    measured,
    reference_range,
    result,
    stamp,
)
from app.errors import FileRefused

MOST_MESSAGES = 1000
CHARSETS = {"8859/1": "latin-1", "8859/15": "iso8859-15", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "ASCII": "ascii"}
NOT_A_RESULT = ("D", "W", "X", "N", "O")  # deleted, wrong, impossible, not asked, not yet made (table 0085)

NOT_RESULTS = "ce message HL7 n'est pas un compte rendu de biologie (ORU). Demandez au laboratoire ses résultats."


def read(content: bytes) -> list[Result]:
    """The results of one or several messages. Raises: FileRefused, and whatever broken messages raise."""
    import hl7

    text = _lines(content)
    messages = re.split(r"\r(?=MSH)", "\r" + re.sub(r"\r(?:[FB]HS|[FB]TS)[^\r]*", "", "\r" + text))[1:]
    if not messages or len(messages) > MOST_MESSAGES:
        raise FileRefused(BROKEN if not messages else TOO_MANY)
    found = Found()
    for message in messages:
        parsed = hl7.parse(message)
        if str(parsed.segment("MSH")[9]).split("^")[0].strip() != "ORU":
            raise FileRefused(NOT_RESULTS)
        taken = ""
        for segment in parsed:
            kind = str(segment[0])
            if kind == "OBR":
                taken = _cell(segment, 7)
            elif kind == "OBX" and (one := _result(segment, taken)) is not None:
                found.add(one)
    return found.results()


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
    return re.sub(r"[\x0b\x1c\x00]", "", re.sub(r"[\r\n]+", "\r", text))


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
    value = measured(written, _part(segment, 6, 0))
    if value is None:
        return None
    name = _part(segment, 3, 1) or _part(segment, 3, 4)
    # The laboratory's own code may come first and LOINC's second (data type CE): LOINC goes on from file to file.
    is_second = _part(segment, 3, 5) == LOINC and _part(segment, 3, 2) != LOINC
    code = (_part(segment, 3, 3) if is_second else "") or _part(segment, 3, 0)
    if not (code or name):
        return None
    at = stamp(_cell(segment, 14) or taken)
    return result(code, name, at, value, reference_range(_cell(segment, 7)), _part(segment, 8, 0))


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
    return line(text)
