"""What every page view is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.identity.models import Professional
from app.platform import Platform


@dataclass(frozen=True)
class PageContext:
    """Who looks, at which installation, how to go elsewhere (`navigate("?dossier=…")`), how to say in the address
    where one is (`locate`): a page built anew opens there again."""

    platform: Platform
    actor: Professional
    navigate: Callable[[str], None] = lambda _search: None
    locate: Callable[[str], None] = lambda _search: None
    language: str = "fr"
