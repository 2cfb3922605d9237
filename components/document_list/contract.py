"""What the list of documents is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ListedDocument:
    """One document, in words. `kind`: pdf, picture, imaging, laboratory. `state`: new, seen, downloaded.

    `state_detail` says by whom it was seen and downloaded, a line each: shown on hover.
    """

    reference: str
    title: str
    kind: str
    kind_label: str
    facts: str
    origin: str
    state: str
    state_label: str
    state_detail: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)
