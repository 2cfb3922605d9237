"""What the installation believes about cards: authorities and lists of revoked cards, from a folder.

    roots/           the anchors, chosen by the administrator (IGC-Santé roots)
    intermediates/   the authorities that issue cards
    crls/            their lists of revoked certificates, refreshed by a job (`teledossier card-crl`)

PEM or DER. Read again when a file changes: a fresh list serves at the next login, without a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from cryptography import x509

log = structlog.get_logger(__name__)

Parsed = TypeVar("Parsed")
_kept: dict[Path, tuple[tuple[int, int], object]] = {}  # a list of revoked cards may hold 100 000 numbers


@dataclass(frozen=True)
class Trust:
    """The folder, read."""

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]


def load(folder: Path) -> Trust:
    """Read the folder; a file that can't be read is left out, and said in the log: what depends on it is refused."""
    return Trust(
        _all(folder / "roots", certificate_of),
        _all(folder / "intermediates", certificate_of),
        _all(folder / "crls", crl_of),
    )


def certificate_of(content: bytes) -> x509.Certificate:
    """A certificate in PEM or DER. Raises: ValueError."""
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


def crl_of(content: bytes) -> x509.CertificateRevocationList:
    """A list of revoked certificates in PEM or DER. Raises: ValueError."""
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(content)
    return x509.load_der_x509_crl(content)


def _all(folder: Path, parse: Callable[[bytes], Parsed]) -> tuple[Parsed, ...]:
    found = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            found.append(_parsed(path, parse))
        except (OSError, ValueError):
            log.error("card.trust_file_unreadable", file=f"{folder.name}/{path.name}")
    return tuple(found)


def _parsed(path: Path, parse: Callable[[bytes], Parsed]) -> Parsed:
    about = path.stat()
    stamp = (about.st_mtime_ns, about.st_size)
    kept = _kept.get(path)
    if kept is None or kept[0] != stamp:
        kept = (stamp, parse(path.read_bytes()))
        _kept[path] = kept
    return kept[1]  # type: ignore[return-value]
