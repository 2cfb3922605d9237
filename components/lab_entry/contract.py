"""What the form of a laboratory report is given: the analyses it proposes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class EntryUnit:
    """A unit of an analysis, with the bounds to propose, as texts; `source` says whose they are."""

    unit: str
    low: str = ""
    high: str = ""
    source: str = ""


@dataclass(frozen=True)
class EntryAnalysis:
    """An analysis that can be chosen by any of its names; the first unit is the usual one."""

    name: str
    units: tuple[EntryUnit, ...]
    other_names: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)
