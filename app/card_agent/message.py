"""What a card signs to log somebody in; the agent writes it and the server rebuilds it.

`DOMAIN ‖ SHA-256(Origin header) ‖ nonce`. The domain keeps such a signature from being good for anything else (a TLS
handshake, a document); the origin, which the browser writes and no page can choose, makes one obtained by a foreign
site worthless here; the nonce is the server's and serves once.
"""

from __future__ import annotations

import hashlib

DOMAIN = b"TELEDOSSIER-CARD-LOGIN-v1\0"
NONCE_BYTES = 32
# RFC 8017 8.1 and 8.2, both with SHA-256; PSS with MGF1-SHA-256 and a salt of 32 bytes. Some cards know only the second.
PSS = "rsa-pss-sha256"
PKCS1 = "rsa-pkcs1-sha256"


def to_sign(origin: str, nonce: bytes) -> bytes:
    """The bytes to sign for a page of `origin`. Raises: ValueError for a nonce that is not 32 bytes."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 32 bytes")
    return DOMAIN + hashlib.sha256(origin.encode()).digest() + nonce
