"""What the list of télédossiers is given, and what it answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class BrowserRow:
    """One line, every value already in words. `step` is the chip's style, `href` where the row leads."""

    number: str
    href: str
    family_name: str
    first_name: str
    traits: str
    step: str
    step_label: str
    planned: str
    planned_today: bool
    specialty: str
    structure: str
    requester: str
    expert: str
    documents: int
    urgent: bool
    waiting: bool
    over: bool = False


@dataclass(frozen=True)
class AgendaItem:
    """One appointment of today. `soon` is said only of the next one: « dans 18 min »."""

    hour: str
    length: str
    patient: str
    place: str
    href: str
    state: str = ""
    soon: str = ""


@dataclass(frozen=True)
class BrowserContent:
    """Everything the list shows at one moment."""

    rows: tuple[BrowserRow, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    specialties: tuple[str, ...] = ()
    agenda: tuple[AgendaItem, ...] = ()
    agenda_title: str = ""
    agenda_detail: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)


@dataclass(frozen=True)
class BrowserQuery:
    """What the person typed and chose; the caller checks it again."""

    text: str = ""
    step: str = ""
    specialty: str = ""
    first_day: str = ""
    last_day: str = ""
    mine_only: bool = False
    selection: str = "waiting"

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> BrowserQuery:
        """Read a browser's message; what has not the right type or size is taken as not given."""

        def text(name: str, size: int) -> str:
            value = message.get(name)
            return value[:size] if isinstance(value, str) else ""

        return cls(
            text=text("text", 200),
            step=text("step", 20),
            specialty=text("specialty", 80),
            first_day=text("first_day", 10),
            last_day=text("last_day", 10),
            mine_only=message.get("mine_only") is True,
            selection=text("selection", 20) or "all",
        )
