"""Master keys by their number: each file's own key is wrapped by one of them, and kept that way in the database.

A wrapped key is the master key's number (4 bytes), a nonce (12) and the key under AES-256-GCM, bound to the file's id.
New keys are wrapped by the current master key; older ones only open, until `teledossier files rotate` has passed.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import FileDamaged

NUMBER = 4  # bytes at the start of a wrapped key
NONCE = 12


class MasterKeys:
    """The master keys of this installation; `current` is the number of the one that wraps new keys."""

    def __init__(self, keys: Mapping[int, bytes], current: int) -> None:
        if current not in keys:
            raise ValueError(f"no master key has the number {current}")
        self._keys, self.current = dict(keys), current

    def wrap(self, key: bytes, file_id: str) -> bytes:
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self._keys[self.current]).encrypt(nonce, key, b"key|" + file_id.encode())
        return prefix_of(self.current) + nonce + sealed

    def unwrap(self, wrapped: bytes, file_id: str) -> bytes:
        """Raises: FileDamaged, when the key was altered, is another file's, or its master key is gone."""
        try:
            master = self._keys[number_of(wrapped)]
            sealed = wrapped[NUMBER + NONCE :]
            return AESGCM(master).decrypt(wrapped[NUMBER : NUMBER + NONCE], sealed, b"key|" + file_id.encode())
        except (KeyError, InvalidTag, struct.error, ValueError) as error:
            raise FileDamaged from error

    def rewrap(self, file_id: str, wrapped: bytes) -> bytes:
        """The same file key under the current master key. Raises: FileDamaged."""
        return self.wrap(self.unwrap(wrapped, file_id), file_id)


def number_of(wrapped: bytes) -> int:
    """The number of the master key that wrapped this one. Raises: struct.error, for what is too short."""
    return int(struct.unpack("!I", wrapped[:NUMBER])[0])


def prefix_of(number: int) -> bytes:
    """How every key starts that this master key has wrapped."""
    return struct.pack("!I", number)
