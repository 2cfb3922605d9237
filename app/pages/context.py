"""What every page view is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.identity.models import Professional
from app.platform import Platform


@dataclass(frozen=True)
class PageContext:
    """Who looks, at which installation, and how to go elsewhere (`navigate("?dossier=…")`)."""

    platform: Platform
    actor: Professional
    navigate: Callable[[str], None] = lambda _search: None
    language: str = "fr"
