"""The words of the control channel (docs/media-unit.md), read strictly: anything else is a WrongRequest."""

from __future__ import annotations

import json
import re
from typing import Any

from app.media.errors import WrongRequest

LONGEST_LINE = 262_144  # bytes
KINDS = ("audio", "video")
CONTENTS = {  # of the second sound and picture; empty: not sent any more
    "aux-audio": ("", "screen", "auscultation"),
    "aux-video": ("", "screen", "camera"),
}
FIELDS = {
    "join": {"room", "peer", "offer"},
    "leave": {"peer"},
    "mute": {"peer", "kind", "muted"},
    "describe": {"peer", "source", "content"},
    "list": set(),
    "stats": set(),
}

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def read(line: bytes) -> dict[str, Any]:
    """One JSON object. Raises: WrongRequest."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WrongRequest("pas du JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("t"), str):
        raise WrongRequest("pas un message")
    return message


def check(message: dict[str, Any]) -> dict[str, Any]:
    """A request with exactly the fields of its kind. Raises: WrongRequest."""
    kind, number = message["t"], message.get("id")
    if kind not in FIELDS or type(number) is not int or not 0 <= number < 1 << 53:
        raise WrongRequest("t ou id")
    if message.keys() - {"t", "id"} != FIELDS[kind]:
        raise WrongRequest("champs")
    for name in ("room", "peer"):
        value = message.get(name, "x")
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise WrongRequest(name)
    if not isinstance(message.get("offer", ""), str):
        raise WrongRequest("offer")
    if message.get("kind", "audio") not in KINDS or type(message.get("muted", True)) is not bool:
        raise WrongRequest("mute")
    if kind == "describe" and not _describes(message["source"], message["content"]):
        raise WrongRequest("describe")
    return message


def _describes(source: object, content: object) -> bool:
    return isinstance(source, str) and isinstance(content, str) and content in CONTENTS.get(source, ())
