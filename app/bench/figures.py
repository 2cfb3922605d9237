"""What a measure answers: figures with their units, targets met or missed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Target:
    """A promise: `value` at most `limit`, or at least that."""

    name: str
    value: float
    limit: float
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass
class Report:
    """All that one run measured; a figure's name ends with its unit."""

    figures: dict[str, float] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # in French: what was left out, and why

    def figure(self, name: str, value: float) -> float:
        self.figures[name] = round(value, 3)
        return value

    def target(self, name: str, value: float, limit: float) -> None:
        self.targets.append(Target(name, round(value, 3), limit))

    def at_least(self, name: str, value: float, limit: float) -> None:
        self.targets.append(Target(name, round(value, 3), limit, least=True))

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(target.met for target in self.targets)

    def as_json(self) -> str:
        targets = [asdict(target) | {"met": target.met} for target in self.targets]
        return json.dumps(
            {"figures": self.figures, "targets": targets, "notes": self.notes}, ensure_ascii=False, indent=1
        )

    def as_table(self) -> str:
        """For people: figures, then targets."""
        width = max((len(name) for name in [*self.figures, *(t.name for t in self.targets)]), default=0)
        lines = [f"{name:<{width}}  {value:>12,.2f}".replace(",", " ") for name, value in self.figures.items()]
        lines += ["", f"{'target':<{width}}  {'value':>12}  {'limit':>9}"]
        for target in self.targets:
            verdict = "met" if target.met else "MISSED"
            sign = ">=" if target.least else "<="
            lines.append(f"{target.name:<{width}}  {target.value:>12.2f}  {sign} {target.limit:>6.2f}  {verdict}")
        return "\n".join([*lines, *self.notes])


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))
