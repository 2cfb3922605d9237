"""The words a browser may say to the room, each with its schema, its pace and what it does.

A feature registers its words where it defines them; `features` imports every feature. `messages.parse`, `limits.Limits`
and `Hub.receive` look here, so that nothing else has to know a new word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.teleconsultation.schema import Schema

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub
    from app.teleconsultation.lines import Line

Act = Callable[["Hub", "Line", Any], None]  # raises TeledossierError, which the hub answers with `error`


@dataclass(frozen=True)
class Pace:
    """How often one connection may say the words that share this pace: `burst` at once, then `rate` a second.

    A word that costs more than others gets a pace of its own, with its own `name`.
    """

    name: str
    rate: float
    burst: int


CHEAP = Pace("cheap", 10, 60)  # relayed, nothing kept
VALUED = Pace("valued", 1, 20)  # reads or writes the database


@dataclass(frozen=True)
class Word:
    """One name of the protocol (`t`): `schema` builds a value of a class of its own, `act` does what it asks."""

    name: str
    schema: Schema
    pace: Pace
    act: Act


_BY_NAME: dict[str, Word] = {}
_BY_CLASS: dict[object, Word] = {}


def register(name: str, schema: Schema, pace: Pace, act: Act) -> None:
    """Let browsers say `name`. Raises: ValueError for a name or a class that is taken."""
    if name in _BY_NAME or schema.build in _BY_CLASS:
        raise ValueError(f"registered twice: {name}")
    _BY_NAME[name] = _BY_CLASS[schema.build] = Word(name, schema, pace, act)


def named(name: str) -> Word | None:
    """The word of that name."""
    return _BY_NAME.get(name)


def word_of(message: object) -> Word:
    """The word that a checked message came with. Raises: KeyError for a value that no registered schema builds."""
    return _BY_CLASS[type(message)]


def names() -> list[str]:
    """Every name that is known, as registered."""
    return list(_BY_NAME)
