"""A reader behind a PKCS#11 module: the one of the CPS, or SoftHSM in tests.

The card holds two key pairs; only the authentication one is used here. Its certificate is found by what it may do
(`digitalSignature`, not `contentCommitment`), not by its label: labels differ from one module to the next.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag
from pkcs11 import exceptions as trouble

from app.card_agent import message
from app.card_agent.readers import Card, CardBlocked, NoCard, NoModule, NoReader, WrongCode

# Where ANS's installers put the module (docs/carte.md).
USUAL_MODULES = {
    "win32": (r"C:\Windows\System32\cps3_pkcs11_w64.dll", r"C:\Windows\System32\cps3_pkcs11_w32.dll"),
    "darwin": ("/usr/local/lib/libcps3_pkcs11_osx.dylib",),
    "linux": (
        "/usr/lib/libcps3_pkcs11.so",
        "/usr/local/lib/libcps3_pkcs11_lux.so",
        "/usr/local/galss/libcps3_pkcs11_lux.so",
    ),
}
START_AGAIN_EVERY = 2.0  # seconds: some modules list a new card only after being started again
WRONG = (trouble.PinIncorrect, trouble.PinInvalid, trouble.PinLenRange)
PSS_PARAMETERS = (Mechanism.SHA256, pkcs11.MGF.SHA256, 32)


def usual_module(platform: str = sys.platform) -> Path | None:
    """The CPS module of this machine, where its installer puts it; None when it is not there."""
    return next((path for name in USUAL_MODULES.get(platform, ()) if (path := Path(name)).exists()), None)


class ModuleReader:
    """Readers and cards as one PKCS#11 module shows them; the first card with an authentication key counts."""

    def __init__(self, module: Path | None) -> None:
        self._module = module or usual_module()
        self._started_at = 0.0

    def card(self) -> Card:
        token, certificate = self._found()
        if token.flags & TokenFlag.USER_PIN_LOCKED:
            raise CardBlocked
        return Card(certificate.fingerprint(hashes.SHA256()).hex(), certificate.public_bytes(Encoding.DER))

    def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
        token, certificate = self._found()
        if certificate.public_bytes(Encoding.DER) != card.certificate:
            raise NoCard
        try:
            with token.open(user_pin=code) as session:
                key = self._key(session, certificate)
                if Mechanism.SHA256_RSA_PKCS_PSS in token.slot.get_mechanisms():
                    signature = key.sign(
                        message_, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=PSS_PARAMETERS
                    )
                    return message.PSS, bytes(signature)
                return message.PKCS1, bytes(key.sign(message_, mechanism=Mechanism.SHA256_RSA_PKCS))
        except trouble.PinLocked:
            raise CardBlocked from None
        except WRONG:
            raise WrongCode from None
        # Any other error is let through: whether the card saw the code is not known, and the try stays counted.

    def _found(self) -> tuple[Any, x509.Certificate]:
        """The card; looked for a second time with the module started again. Raises: NoModule, NoReader, NoCard."""
        library = self._library()
        try:
            return self._look(library)
        except (NoReader, NoCard):
            if not self._may_start_again():
                raise
        except trouble.PKCS11Error:  # taken out while it was looked at
            if not self._may_start_again():
                raise NoCard from None
        try:
            library.reinitialize()
            return self._look(library)
        except trouble.PKCS11Error:
            raise NoCard from None

    def _look(self, library: Any) -> tuple[Any, x509.Certificate]:
        if not library.get_slots():
            raise NoReader
        for slot in library.get_slots(token_present=True):
            token = slot.get_token()
            if not token.flags & TokenFlag.TOKEN_INITIALIZED:
                continue
            with token.open() as session:  # certificates are public: no code
                for item in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
                    certificate = _readable(bytes(item[Attribute.VALUE]))
                    if certificate is not None and _authenticates(certificate):
                        return token, certificate
        raise NoCard

    def _key(self, session: Any, certificate: x509.Certificate) -> Any:
        """The private key whose modulus is the certificate's: labels and numbers may say anything."""
        numbers: Any = certificate.public_key()
        modulus = numbers.public_numbers().n
        for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.KEY_TYPE: KeyType.RSA}):
            if int.from_bytes(bytes(key[Attribute.MODULUS]), "big") == modulus:
                return key
        raise NoCard

    def _library(self) -> Any:
        if self._module is None:
            raise NoModule
        try:
            return pkcs11.lib(str(self._module))
        except (RuntimeError, trouble.PKCS11Error):  # not there, or not a module
            raise NoModule from None

    def _may_start_again(self) -> bool:
        now = time.monotonic()
        if now - self._started_at < START_AGAIN_EVERY:
            return False
        self._started_at = now
        return True


def _readable(der: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        return None


def _authenticates(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.digital_signature and not usage.content_commitment and not usage.key_cert_sign
