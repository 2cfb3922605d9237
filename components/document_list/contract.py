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


@dataclass(frozen=True)
class ListedArrival:
    """A file on its way into the dossier, in words.

    `state`: examining, refused, flattening. `reason`: why it was refused, a whole sentence. `progress`: 0 to 1, or None
    when nobody can tell. `actions`: what may be done with it, of `flatten` and `dismiss`.
    """

    reference: str
    title: str
    facts: str
    origin: str
    state: str
    state_label: str
    reason: str = ""
    progress: float | None = None
    actions: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self) | {"actions": list(self.actions)}
