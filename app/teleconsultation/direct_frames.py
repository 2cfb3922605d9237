"""What a page may say on its line of direct messages, and how a frame of it is read. Words: docs/signalling.md, « Direct »."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from app.teleconsultation import direct
from app.teleconsultation.schema import KEY, MessageRefused, Schema, like, number, or_null, text, trimmed

LARGEST = 16 * 1024  # bytes of one frame

_ID = number(2**53)
_NUMBER = like(r"[A-Za-z0-9-]{1,32}")
_TOO_LONG = f"Ce message est trop long : {direct.LONGEST} caractères au plus."


@dataclass(frozen=True)
class Find:
    """Colleagues by name; without a name those who are connected or have written."""

    query: str


@dataclass(frozen=True)
class Open:
    """What this colleague and I wrote."""

    person: int


@dataclass(frozen=True)
class Send:
    """Write to a colleague, from a dossier or as a reply."""

    to: int
    text: str
    key: str
    dossier: str | None = None


@dataclass(frozen=True)
class Read:
    """I have read what this colleague wrote, up to that message."""

    person: int
    upto: int


@dataclass(frozen=True)
class Ping:
    """I am here."""


SCHEMAS = {
    "find": Schema(Find, {"query": text(60)}),
    "open": Schema(Open, {"person": _ID}),
    "send": Schema(
        Send,
        {
            "to": _ID,
            "text": trimmed(text(direct.LONGEST, 0, _TOO_LONG, lines=True), "Ce message est vide."),
            "key": KEY,
        },
        {"dossier": or_null(_NUMBER)},
    ),
    "read": Schema(Read, {"person": _ID, "upto": _ID}),
    "ping": Schema(Ping),
}


def parse(frame: str | bytes) -> tuple[str, str | None, Any]:
    """Name, key and value of one message. Raises: MessageRefused."""
    if len(frame) > LARGEST:
        raise MessageRefused
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError):
        raise MessageRefused from None
    name = fields.pop("t", None) if isinstance(fields, dict) else None
    schema = SCHEMAS.get(name) if isinstance(name, str) else None
    if schema is None:
        raise MessageRefused
    key = _legible(fields.get("key"))
    try:
        return str(name), key, schema.build(**schema.check(fields))
    except MessageRefused as refusal:
        refusal.about, refusal.key = str(name), key
        raise


def _legible(key: object) -> str | None:
    """A key as ours are; what is no text that can be sent is not said back."""
    try:
        return str(KEY(key))
    except MessageRefused:
        return None
