"""Passwords: argon2id, the same work for a login that does not exist, and what a new one must be.

A good password is long and not what others would try first: no rule about signs, no end date (ANSSI 2021, R22 to R24;
NIST SP 800-63B 3.1.1.2; ASVS 5.0 6.2). zxcvbn estimates how many tries it stands; it knows English lists only, so ours
of French words joins them, with the person's own words.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InvalidInput
from app.french import folded

SHORTEST = 12
LONGEST = 1024
SCORE = 3  # of zxcvbn's 0 to 4: « safely unguessable », 10^8 tries or more
JUDGED = 100  # letters zxcvbn is shown: its time grows faster than the length, and a hundred are judgement enough
SUBSTANCE = 4  # letters, or common words, that remain to be guessed by somebody who knows the person
GUESSED = "Ce mot de passe se devine : {}. Choisissez par exemple quatre mots sans rapport entre eux."
OWN_WORDS = GUESSED.format("il contient votre nom, votre identifiant ou votre établissement")
COMMON_WORDS = GUESSED.format("il est fait de mots ou de chiffres courants")
WORDS = Path(__file__).with_name("french_words.txt")

_HASHER = PasswordHasher()  # RFC 9106, second recommended choice
_judge = threading.Lock()  # zxcvbn keeps the words of the person it judges in a global


class WeakPassword(InvalidInput):
    """A new password that would be guessed; `message` says what to do."""

    code = "mot-de-passe-faible"


def hash_password(password: str) -> str:
    """The password as argon2id keeps it, with its own salt."""
    return _HASHER.hash(_same_everywhere(password))


def is_right(password_hash: str, password: str) -> bool:
    """Whether the password fits. An empty hash, or a text longer than any password, costs the same and never fits."""
    try:
        _HASHER.verify(password_hash or _nobody(), _same_everywhere(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash) and len(password) <= LONGEST


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def check_new(password: str, own_words: Iterable[str]) -> None:
    """Whether a password may become somebody's; `own_words` are their login, names, address, structure.

    Takes tens of milliseconds: call it in a thread.

    Raises: WeakPassword, saying what to change.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(
            f"Ce mot de passe est trop court : il en faut {SHORTEST} caractères au moins. "
            "Quatre mots sans rapport entre eux se retiennent bien."
        )
    if len(password) > LONGEST:
        raise WeakPassword(f"Ce mot de passe dépasse {LONGEST} caractères. Raccourcissez-le.")
    words = {part for word in own_words for part in _pieces(word)}
    judged = _judged(password, words)
    if judged["score"] < SCORE:
        raise WeakPassword(_advice(judged))
    common, own = _substance(password, words)
    if own < SUBSTANCE:
        raise WeakPassword(OWN_WORDS if own < common else COMMON_WORDS)


def _pieces(word: str) -> set[str]:
    """« ide.dubois@demo.invalid » and its parts, without accents."""
    plain = folded(word)
    split = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return {piece for piece in (plain, "".join(split), *split) if len(piece) > 2}


def _judged(password: str, words: set[str]) -> dict[str, Any]:
    from zxcvbn import matching, zxcvbn  # a megabyte of lists, needed only when somebody chooses a password

    shown = folded(password[:JUDGED])
    with _judge:
        if "french" not in matching.RANKED_DICTIONARIES:
            matching.add_frequency_lists({"french": WORDS.read_text(encoding="utf-8").split()})
        return zxcvbn(shown, user_inputs=sorted(words), max_length=JUDGED * 4)


def _substance(password: str, words: set[str]) -> tuple[int, int]:
    """What is left to guess: letters, a common word or a number counting as one; without, and with, one's own words.

    zxcvbn credits « -61 » after two names with thousands of tries; whoever knows the person needs a few dozen.
    """
    plain = "".join(letter for letter in folded(password) if letter.isalnum() or letter == " ")
    plain = re.sub(r"\d+", "_", plain)
    common = _without(plain, _french_words(), "_")
    return len(common.replace(" ", "")), len(
        _without(_without(plain, words, ""), _french_words(), "_").replace(" ", "")
    )


def _without(text: str, words: Iterable[str], sign: str) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, sign)
    return text


@cache
def _french_words() -> tuple[str, ...]:
    return tuple(word for word in WORDS.read_text(encoding="utf-8").split() if len(word) > 3)


def _advice(judged: dict[str, Any]) -> str:
    for part in judged["sequence"]:
        match part["pattern"]:
            case "dictionary" if part["dictionary_name"] == "user_inputs":
                return OWN_WORDS
            case "spatial":
                return GUESSED.format("il suit les touches du clavier")
            case "repeat":
                return GUESSED.format("il répète les mêmes signes")
            case "sequence":
                return GUESSED.format("il suit l'alphabet ou compte")
            case "date":
                return GUESSED.format("il contient une date")
    return COMMON_WORDS


def _same_everywhere(password: str) -> str:
    # « é » is one sign on one keyboard and two on another (NIST SP 800-63B 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
