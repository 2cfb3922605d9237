"""What the agent needs from a card reader, whatever is behind it: a PKCS#11 module, or a folder (demo)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID


class ReaderTrouble(Exception):
    """Why there is no signature; `code` is what the page is told."""

    code = "reader"
    status = 503


class NoModule(ReaderTrouble):
    """The card's software (PKCS#11 module) is not installed, or not where it was looked for."""

    code = "no-module"


class NoReader(ReaderTrouble):
    """No reader is plugged in."""

    code, status = "no-reader", 404


class NoCard(ReaderTrouble):
    """No card in the reader, or it was taken out meanwhile."""

    code, status = "no-card", 404


class WrongCode(ReaderTrouble):
    """The card does not know this code. A try is spent."""

    code, status = "wrong-code", 401


class CardBlocked(ReaderTrouble):
    """Too many wrong codes."""

    code, status = "blocked", 423


@dataclass(frozen=True)
class Card:
    """The card in the reader, as anybody may read it without its code. `identifier` is stable for one card."""

    identifier: str
    certificate: bytes  # DER, of the authentication key

    @property
    def holder(self) -> str:
        """« Claire MARTIN »; the card's number when its certificate has no name."""
        subject = self._parsed.subject
        names = [
            str(found[0].value)
            for oid in (NameOID.GIVEN_NAME, NameOID.SURNAME)
            if (found := subject.get_attributes_for_oid(oid))
        ]
        return " ".join(names) or self.identifier[:8]

    @property
    def expires(self) -> datetime:
        return self._parsed.not_valid_after_utc

    @property
    def _parsed(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.certificate)


class Reader(Protocol):
    """A card reader. Not used by two threads at once."""

    def card(self) -> Card:
        """The card in the reader. Raises: NoModule, NoReader, NoCard, CardBlocked (by the card itself)."""
        ...

    def sign(self, card: Card, code: str, message: bytes) -> tuple[str, bytes]:
        """Sign with the card's authentication key; answers the algorithm and the signature. May take a second.

        Raises: WrongCode, CardBlocked, NoCard, NoReader, NoModule.
        """
        ...
