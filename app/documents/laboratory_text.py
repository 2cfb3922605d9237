"""Bytes of a laboratory's file as text: which alphabet, and what stands first. Pure functions."""

from __future__ import annotations

import codecs
import re

LOOKED_AT = 65_536  # bytes in which the root of an XML must stand
# Only these, by name: Python knows codecs that are no alphabets, or that take minutes (« punycode »).
ALPHABETS = {
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "US-ASCII": "utf-8",
    "ISO-8859-1": "cp1252",  # what says Latin-1 is often Windows-1252, which holds all its letters
    "ISO-8859-15": "iso8859-15",
    "LATIN1": "cp1252",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
}
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_SKIPPED = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_ROOT = re.compile(r"\s*<(?:!DOCTYPE\s+)?(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", re.IGNORECASE)


def text_of(content: bytes) -> str:
    """The whole text. A declared alphabet counts when it is true; UTF-8 comes next, Windows-1252 last.

    Nothing is lost but what Windows-1252 does not know; a text is never refused for its alphabet alone.
    """
    for mark, alphabet in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(alphabet, "replace").removeprefix("\ufeff")
    if content[1:2] == b"\0" or content[:1] == b"\0":  # UTF-16 without a mark: its first letter is always ASCII
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace")
    declared = _DECLARED.match(content[:400].lstrip())
    wanted = ALPHABETS.get(declared[1].decode().upper(), "utf-8") if declared else "utf-8"
    for alphabet in (wanted, "utf-8"):
        try:
            return content.decode(alphabet)
        except UnicodeDecodeError:
            continue
    return content.decode("cp1252", "replace")


def opening(content: bytes) -> str:
    """The first letters, without what a transport may put before them."""
    return text_of(content[:LOOKED_AT]).lstrip("\ufeff\x0b \r\n\t")


def root_of(start: str) -> str:
    """The name of an XML's root, without its prefix; empty where there is none.

    After a DOCTYPE it is the name given there: who reads the file refuses it.
    """
    at = 0
    while skipped := _SKIPPED.match(start, at):
        at = skipped.end()
    found = _ROOT.match(start, at)
    return found[1] if found else ""
