"""Dates, ages, sizes and names as French readers expect them, in the time of Paris."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)  # fmt: skip
SHORT_MONTHS = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"


def local(instant: datetime) -> datetime:
    """The instant on a clock in Paris."""
    return instant.astimezone(PARIS)


def hour(instant: datetime) -> str:
    """« 10:30 »."""
    return f"{local(instant):%H:%M}"


def spoken_hour(instant: datetime) -> str:
    """« 10 h 30 », for patients."""
    return f"{local(instant):%-H}{NO_BREAK_SPACE}h{NO_BREAK_SPACE}{local(instant):%M}"


def numeric_date(day: date) -> str:
    """« 14/03/1938 »."""
    return f"{day:%d/%m/%Y}"


def long_date(day: date) -> str:
    """« mardi 24 novembre 2026 »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{DAYS[day.weekday()]} {number} {MONTHS[day.month - 1]} {day.year}"


def brief(instant: datetime, now: datetime) -> str:
    """« auj. 10:30 », « lun. 23 nov. 16:30 »; with the year when it is another one."""
    moment, today = local(instant), local(now).date()
    if moment.date() == today:
        return f"auj. {moment:%H:%M}"
    text = f"{DAYS[moment.weekday()][:3]}. {moment.day} {SHORT_MONTHS[moment.month - 1]}"
    if moment.year != today.year:
        text += f" {moment.year}"
    return f"{text} {moment:%H:%M}"


def full(instant: datetime, now: datetime) -> str:
    """« aujourd'hui à 10:30 », « lundi 23 novembre 2026 à 16:30 »."""
    moment = local(instant)
    day = "aujourd'hui" if moment.date() == local(now).date() else long_date(moment.date())
    return f"{day} à {moment:%H:%M}"


def age(birth_date: date, today: date) -> int:
    """Whole years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def file_size(count: int) -> str:
    """« 148 ko », « 18,4 Mo »; `count` in bytes."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))}{NO_BREAK_SPACE}ko"
    return f"{count / 1_000_000:.1f}{NO_BREAK_SPACE}Mo".replace(".", ",")


def ins(number: str) -> str:
    """A national health id in its usual groups: « 2 38 03 61 001 042 53 »."""
    cuts = (1, 2, 2, 2, 3, 3, 2)
    groups, start = [], 0
    for width in cuts:
        groups.append(number[start : start + width])
        start += width
    return " ".join(group for group in groups if group)


def folded(text: str) -> str:
    """Without accents or capitals, for searching."""
    if text.isascii():  # most of what is searched: ten times faster
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
