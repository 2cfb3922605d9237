"""Mobile numbers and e-mail addresses: whether they can be right, and how they are kept and shown."""

from __future__ import annotations

import re

from app.errors import InvalidInput

LONGEST = 254  # RFC 5321 4.5.3.1.3, less its brackets

_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
_E164 = re.compile(r"\+[1-9]\d{7,14}", re.ASCII)  # ITU-T E.164, 6: at most fifteen digits


def is_email(address: str) -> bool:
    """Whether a text can be an e-mail address (RFC 5321, without quoted local parts)."""
    return len(address) <= LONGEST and _EMAIL.fullmatch(address) is not None


def email(typed: str) -> str:
    """The address as it is kept; empty stays empty. Raises: InvalidInput."""
    address = typed.strip()
    if address and not is_email(address):
        raise InvalidInput("Cette adresse de courriel n'est pas valable. Exemple : prenom.nom@exemple.fr")
    return address


def mobile(typed: str) -> str:
    """The number in international form (E.164), « +33699000011 » for « 06 99 00 00 11 »; empty stays empty.

    Numbers of metropolitan France must be mobile ones: a code by SMS never reaches another.

    Raises: InvalidInput.
    """
    number = re.sub(r"[\s.\-/\u00a0\u202f]", "", typed)[:LONGEST]
    number = re.sub(r"[()]", "", re.sub(r"(?<=\d)\(0\)", "", number))  # « +33 (0)6 … », « +32 (0)4 … »
    number = re.sub(r"^00", "+", number)
    number = re.sub(r"^(\+33)0", r"\1", number)  # « +33 06 … »
    number = re.sub(r"^0(?=\d{9}$)", "+33", number)
    if not number:
        return ""
    if _E164.fullmatch(number) is None or (
        number.startswith("+33") and not re.fullmatch(r"\+33[67]\d{8}", number, re.ASCII)
    ):
        raise InvalidInput("Ce numéro n'est pas celui d'un mobile. Exemple : 06 99 00 00 11")
    return number


def shown_mobile(number: str) -> str:
    """« 06 99 00 00 11 » for a French number, groups of two for others."""
    national = re.sub(r"^\+33(?=\d{9}$)", "0", number)
    return " ".join(re.findall(r"\d{2}", national)) if national.startswith("0") else number
