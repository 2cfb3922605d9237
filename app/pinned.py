"""Private names of a library that we lean on, each with its reason; looked for when a process starts.

The library is pinned in the requirements. When somebody raises its version and a name has gone, the process refuses to
start and says which one, instead of half working.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module


class PinBroken(RuntimeError):
    """A library no longer has a name we need."""


@dataclass(frozen=True)
class Pin:
    """`where` is « module:attribute.attribute »."""

    where: str
    why: str

    def holds(self) -> bool:
        module, _, path = self.where.partition(":")
        try:
            found: object = import_module(module)
            for name in path.split("."):
                found = getattr(found, name)
        except (ImportError, AttributeError):
            return False
        return True

    def __str__(self) -> str:
        return f"{self.where} ({self.why})"
