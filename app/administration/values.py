"""What an administrator types, made regular or refused: RPPS, FINESS, mobile, addresses, networks.

Each function answers the value as it is kept and raises InvalidInput with words for the person who typed it.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from app.errors import InvalidInput
from app.identity import contacts, ways
from app.settings import Settings

TEST_RANGE = "997"  # RPPS of fictional people
TEST_KEY = 8  # what Luhn leaves of the demo's numbers, which are older than this check

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,48}[a-z0-9])?")
_NAME_MARKS = " -'’.()"
MOST_NETWORKS = 50


def login(text: str) -> str:
    """A login: letters without accents, digits, dots, dashes; capitals do not count."""
    value = text.strip().casefold()
    if not value:
        raise InvalidInput("Identifiant manquant.")
    if not _LOGIN.fullmatch(value):
        raise InvalidInput(
            "Identifiant incorrect : 50 caractères au plus, lettres sans accent, chiffres, point et tiret."
        )
    return value


def name(text: str, label: str, *, required: bool = True, longest: int = 80) -> str:
    """A name of a person or place: letters of any language, no sign that a name does not have."""
    value = " ".join(unicodedata.normalize("NFC", text).split())
    if not value:
        if required:
            raise InvalidInput(f"{label} manquant.")
        return ""
    if len(value) > longest:
        raise InvalidInput(f"{label} trop long : {longest} caractères au plus.")
    if not any(letter.isalpha() for letter in value) or not all(_is_of_a_name(letter) for letter in value):
        raise InvalidInput(f"{label} incorrect : lettres, chiffres, espaces, traits d'union et apostrophes.")
    return value


def words(text: str, label: str, longest: int = 80) -> str:
    """Free words on one line, or nothing."""
    value = " ".join(unicodedata.normalize("NFC", text).split())
    if len(value) > longest:
        raise InvalidInput(f"{label} : {longest} caractères au plus.")
    if any(unicodedata.category(letter).startswith("C") for letter in value):
        raise InvalidInput(f"{label} : un caractère ne peut pas s'afficher.")
    return value


def rpps(text: str, settings: Settings) -> str | None:
    """An RPPS number: 11 digits, the last one a Luhn key. Nothing typed is no number.

    The fictional numbers of the demo (997…) carry another key: there, and only there, it is accepted too.
    """
    value = re.sub(r"[\s.]", "", text)
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{11}", value):
        raise InvalidInput("RPPS incorrect (11 chiffres attendus).")
    key = luhn(value)
    if key and not (settings.demo and value.startswith(TEST_RANGE) and key == TEST_KEY):
        raise InvalidInput("RPPS incorrect (clé).")
    return value


def finess(text: str) -> str:
    """A FINESS number: 9 characters, a Luhn key at the end. Corsica writes 2A and 2B: its key is not checked."""
    value = re.sub(r"[\s.]", "", text).upper()
    if not value:
        return ""
    if not re.fullmatch(r"[0-9][0-9AB][0-9]{7}", value):
        raise InvalidInput("FINESS incorrect (9 chiffres attendus).")
    if value.isdigit() and luhn(value):
        raise InvalidInput("FINESS incorrect (clé).")
    return value


def luhn(digits: str) -> int:
    """What is left of the sum of ISO/IEC 7812-1, annex B: 0 when the key is right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10


def mobile(text: str) -> str:
    """A mobile number as E.164, by the rules of `contacts`."""
    try:
        return contacts.mobile(text)
    except InvalidInput:
        raise InvalidInput("Mobile incorrect : écrivez 06 99 00 00 11, ou +32… pour un autre pays.") from None


def phone(text: str) -> str:
    """A number to be shown and dialled by people: digits and what people put between them."""
    value = " ".join(text.split())
    if value and not re.fullmatch(r"\+?[0-9][0-9 .()\-]{3,23}", value):
        raise InvalidInput("Téléphone incorrect : chiffres et espaces.")
    return value


def email(text: str) -> str:
    """An e-mail address, by the rules of `contacts`."""
    try:
        return contacts.email(text)
    except InvalidInput:
        raise InvalidInput("Courriel incorrect. Exemple : prenom.nom@exemple.fr") from None


def networks(text: str) -> str:
    """Networks as CIDR, separated by spaces, commas or lines; « 10.1.2.3/16 » becomes « 10.1.0.0/16 »."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise InvalidInput(
                f"Réseau incorrect : « {word[:50]} ». Écrivez par exemple 192.0.2.0/24 ou 2001:db8::/32."
            ) from None
        if str(network) not in found:
            found.append(str(network))
    if len(found) > MOST_NETWORKS:
        raise InvalidInput(f"{MOST_NETWORKS} réseaux au plus.")
    return " ".join(found)


def open_ways(chosen: list[str], offered: list[ways.Way]) -> str:
    """The ways that a structure leaves open. All that are offered is kept as nothing: one offered later counts too."""
    kept = [way for way in offered if way.value in chosen]
    if not kept:
        raise InvalidInput("Laissez au moins un moyen de connexion : sinon personne ne pourrait entrer.")
    return "" if len(kept) == len(offered) else " ".join(way.value for way in kept)


def _is_of_a_name(letter: str) -> bool:
    return letter in _NAME_MARKS or letter == "," or unicodedata.category(letter)[0] in "LM" or letter.isdigit()
