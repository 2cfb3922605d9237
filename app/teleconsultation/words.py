"""Dates and hours as people read them: French, Europe/Paris."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def hour(instant: datetime) -> str:
    """« 10 h 30 », « 9 h » (with no-break spaces)."""
    local = instant.astimezone(PARIS)
    return f"{local.hour}\u00a0h\u00a0{local.minute:02}" if local.minute else f"{local.hour}\u00a0h"


def day(instant: datetime) -> str:
    """« mardi 24 novembre 2026 »."""
    local = instant.astimezone(PARIS)
    number = "1er" if local.day == 1 else str(local.day)
    return f"{_DAYS[local.weekday()]} {number} {_MONTHS[local.month - 1]} {local.year}"


def appointment(instant: datetime, now: datetime) -> str:
    """« aujourd'hui à 10 h 30 », « demain à 9 h », « le mardi 24 novembre 2026 à 10 h 30 »."""
    away = (instant.astimezone(PARIS).date() - now.astimezone(PARIS).date()).days
    named = {0: "aujourd'hui", 1: "demain"}.get(away, f"le {day(instant)}")
    return f"{named} à {hour(instant)}"
