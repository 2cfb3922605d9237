"""PDF objects as MuPDF prints them, read into plain Python values (ISO 32000-2, 7.3).

MuPDF has undone escapes in names (`/J#61vaScript`), object streams and encryption by then, and writes every parenthesis
inside a string escaped: what stands here between two of them is text, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 64  # dictionaries and arrays within each other
TOKEN = re.compile(
    r"(?P<mark><<|>>|\[|\])"
    r"|/(?P<name>[^\s()<>\[\]{}/%]*)"
    r"|\((?P<text>(?:\\.|[^\\()])*)\)"
    r"|<(?P<hex>[0-9A-Fa-f\s]*)>"
    r"|(?P<ref>\d+) \d+ R\b"
    r"|(?P<word>[^\s()<>\[\]{}/%]+)",
    re.DOTALL,
)
ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\n": ""}


class Name(str):
    """`/Launch`, without its slash."""


@dataclass(frozen=True)
class Ref:
    """`12 0 R`."""

    number: int


def parse(source: str) -> Any:
    """A dict, list, `Name`, `Ref`, str, int (reals cut), or None for anything else. Broken syntax ends the reading."""
    stack: list[list[Any]] = [[]]
    kinds: list[str] = []
    for token in TOKEN.finditer(source):
        mark = token["mark"]
        if mark in ("<<", "["):
            if len(stack) > DEEPEST:
                break
            stack.append([])
            kinds.append(mark)
        elif mark is not None:
            if not kinds:
                break
            values = stack.pop()
            stack[-1].append(_pairs(values) if kinds.pop() == "<<" else values)
        else:
            stack[-1].append(_value(token))
    while kinds:
        values = stack.pop()
        stack[-1].append(_pairs(values) if kinds.pop() == "<<" else values)
    return stack[0][0] if stack[0] else None


def dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary in a value, the outermost first."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _pairs(values: list[Any]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    at = 0
    while at + 1 < len(values):
        if isinstance(values[at], Name):
            pairs[str(values[at])] = values[at + 1]
            at += 2
        else:
            at += 1
    return pairs


def _value(token: re.Match[str]) -> Any:
    if token["name"] is not None:
        return Name(token["name"])
    if token["ref"] is not None:
        return Ref(int(token["ref"]))
    if token["text"] is not None:
        return ESCAPE.sub(_escaped, token["text"])
    if token["hex"] is not None:
        digits = "".join(token["hex"].split())
        content = bytes.fromhex(digits + "0" * (len(digits) % 2))
        return content.decode("utf-16" if content[:2] in (b"\xfe\xff", b"\xff\xfe") else "latin-1", "replace")
    whole = re.match(r"[+-]?\d{1,15}(?=$|\.)", token["word"])
    return int(whole[0]) if whole else None


def _escaped(escape: re.Match[str]) -> str:
    letter = escape[1]
    return chr(int(letter, 8) & 0xFF) if letter[0] in "01234567" else LETTERS.get(letter, letter)
