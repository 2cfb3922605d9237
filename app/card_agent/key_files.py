"""A reader that is a folder, for the demo and for tests: nothing here protects a real professional's key.

reader/
    unplugged          there is no reader when this file exists
    inserted           name of the card in the reader
    cards/<name>/certificate.pem, key.pem   (PKCS#8, encrypted with the card's code)
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from app.card_agent import message
from app.card_agent.readers import Card, NoCard, NoReader, Reader, WrongCode


class FolderReader:
    """Reads the folder anew each time: the demo changes it from another process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def card(self) -> Card:
        certificate = x509.load_pem_x509_certificate(self._read("certificate.pem"))
        der = certificate.public_bytes(serialization.Encoding.DER)
        return Card(certificate.fingerprint(hashes.SHA256()).hex(), der)

    def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
        try:
            key = serialization.load_pem_private_key(self._read("key.pem"), code.encode())
        except ValueError:
            raise WrongCode from None
        if self.card() != card:  # swapped between the two
            raise NoCard
        assert isinstance(key, rsa.RSAPrivateKey)
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return message.PSS, key.sign(message_, pss, hashes.SHA256())

    def _read(self, name: str) -> bytes:
        if (self._folder / "unplugged").exists() or not self._folder.is_dir():
            raise NoReader
        try:
            card = (self._folder / "inserted").read_text().strip()
            if not re.fullmatch(r"[a-z0-9-]{1,40}", card):
                raise NoCard
            return (self._folder / "cards" / card / name).read_bytes()
        except OSError:
            raise NoCard from None


class Pluggable:
    """Another reader that the demo can unplug: a software token's module always shows one."""

    def __init__(self, folder: Path, reader: Reader) -> None:
        self._folder, self._reader = folder, reader

    def card(self) -> Card:
        self._check()
        return self._reader.card()

    def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
        self._check()
        return self._reader.sign(card, code, message_)

    def _check(self) -> None:
        if (self._folder / "unplugged").exists():
            raise NoReader
