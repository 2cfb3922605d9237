"""Passwords: argon2id, and the same work for a login that does not exist."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()  # RFC 9106, second recommended choice


def hash_password(password: str) -> str:
    """The password as argon2id keeps it, with its own salt."""
    return _HASHER.hash(password)


def is_right(password_hash: str, password: str) -> bool:
    """Whether the password fits. An empty hash costs the same time and never fits."""
    try:
        _HASHER.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
