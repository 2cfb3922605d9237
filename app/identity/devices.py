"""What people call the device of a login: « Chrome sur Windows », from what its browser calls itself.

Only for recognising one's own sessions: a browser says what it likes.
"""

from __future__ import annotations

import re

# In this order: Edge also says Chrome, Chrome also says Safari.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Version/[\d.]+.* Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux"),
)
UNKNOWN = "Appareil inconnu"


def device_name(user_agent: str) -> str:
    """« Firefox sur Linux », « Chrome », « Appareil inconnu »."""
    browser, system = (
        next((name for name, mark in marks if re.search(mark, user_agent)), "") for marks in (_BROWSERS, _SYSTEMS)
    )
    if browser and system:
        return f"{browser} sur {system}"
    return browser or system or UNKNOWN
