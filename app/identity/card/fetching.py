"""Fetch lists of revoked cards into the folder of trust; a bad answer never replaces a good list."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.identity.card import trust

SECONDS = 30.0
LARGEST_LIST = 64 * 1024 * 1024


def fetch(folder: Path, address: str, now: datetime) -> str:
    """Fetch one list, check that one of our authorities issued it and that it is of today; answers the file's name.

    Raises: ValueError (not a list, of no authority of ours, too old), httpx.HTTPError, OSError.
    """
    content = _download(address)
    crl = trust.crl_of(content)
    believed = trust.load(folder)
    if not any(_issued(crl, authority) for authority in (*believed.roots, *believed.intermediates)):
        raise ValueError("cette liste n'est signée par aucune des autorités reconnues")
    if crl.next_update_utc is None or crl.next_update_utc < now:
        raise ValueError("cette liste est périmée")
    name = f"{Path(urlsplit(address).path).stem[:60] or 'liste'}-{hashlib.sha256(address.encode()).hexdigest()[:8]}.crl"
    target = folder / "crls" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{name}.part")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    return name


def _download(address: str) -> bytes:
    body = bytearray()
    with httpx.stream("GET", address, timeout=SECONDS, follow_redirects=True) as answer:
        answer.raise_for_status()
        for part in answer.iter_bytes():
            body += part
            if len(body) > LARGEST_LIST:
                raise ValueError("cette liste est trop volumineuse")
    return bytes(body)


def _issued(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    return (
        crl.issuer == authority.subject
        and isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
        and crl.is_signature_valid(key)
    )
