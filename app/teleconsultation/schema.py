"""How a message of a browser is checked: whole, field by field, nothing let through by chance."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import InvalidInput

INCORRECT = "La page a envoyé une demande incorrecte. Rechargez-la, puis réessayez."


class MessageRefused(InvalidInput):
    """A message that isn't one of ours; `about` is its name and `key` its key, as far as they could be read."""

    def __init__(self, message: str = INCORRECT, about: str = "", key: str | None = None) -> None:
        super().__init__(message)
        self.about = about
        self.key = key


Check = Callable[[object], Any]  # answers the value to keep, or raises


@dataclass(frozen=True)
class Schema:
    """The fields of one message, each with its check; `build` makes the value."""

    build: Callable[..., Any]
    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)

    def check(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Every field checked. Raises: MessageRefused, also for one too many or too few."""
        if not self.required.keys() <= fields.keys() <= self.required.keys() | self.optional.keys():
            raise MessageRefused
        checks = {**self.required, **self.optional}
        return {name: checks[name](value) for name, value in fields.items()}

    def part(self, value: object) -> Any:
        """The same as a field of a larger message."""
        if not isinstance(value, dict):
            raise MessageRefused
        return self.build(**self.check(value))


def flag(value: object) -> bool:
    """True or false, and nothing that merely counts as such."""
    if not isinstance(value, bool):
        raise MessageRefused
    return value


def text(longest: int, shortest: int = 0, too_long: str = INCORRECT, lines: bool = False) -> Check:
    """A text of so many characters; line breaks only with `lines`; never control characters or half characters."""
    forbidden = re.compile(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]" if lines else r"[\x00-\x1f\x7f\ud800-\udfff]"
    )

    def check(value: object) -> str:
        if not isinstance(value, str) or forbidden.search(value):
            raise MessageRefused
        if len(value) > longest:
            raise MessageRefused(too_long)
        if len(value) < shortest:
            raise MessageRefused
        return value

    return check


def like(pattern: str) -> Check:
    """A text that matches `pattern` from end to end."""
    shape = re.compile(pattern)

    def check(value: object) -> str:
        if not isinstance(value, str) or shape.fullmatch(value) is None:
            raise MessageRefused
        return value

    return check


def or_null(check: Check) -> Check:
    """`check`, or null."""
    return lambda value: None if value is None else check(value)


def number(most: int) -> Check:
    """An integer between 0 and `most`."""

    def check(value: object) -> int:
        if type(value) is not int or not 0 <= value <= most:  # a bool is an int too
            raise MessageRefused
        return value

    return check


def number_in_text(value: object) -> int:
    """A row's number, written as a text."""
    return int(like(r"[1-9][0-9]{0,17}")(value))


def trimmed(check: Check, empty: str) -> Check:
    """`check` without the spaces around it; `empty` is said when nothing is left."""

    def trim(value: object) -> str:
        kept: str = check(value).strip()
        if not kept:
            raise MessageRefused(empty)
        return kept

    return trim


ID = like(r"[A-Za-z0-9_.-]{1,64}")  # of a participant
KEY = like(r"[A-Za-z0-9_.:-]{1,64}")  # chosen by a page, so that what it sends again is done once
