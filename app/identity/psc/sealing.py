"""What only the browser that began a login can bring back, and what a pending login keeps for it.

State, nonce and PKCE verifier are derived from the secret of the pre-session cookie, of which the database holds only
the digest; what has to be kept (a request of CIBA, an ID token) is encrypted under a key derived the same way. So a
copy of the database neither ends a login that has begun nor reads whose it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def derived(secret: str, purpose: str) -> str:
    """43 characters of base64url: enough for a `code_verifier` (RFC 7636 4.1), unguessable as state and nonce."""
    return _base64(_key(secret, purpose))


def challenge(verifier: str) -> str:
    """`code_challenge` of method S256 (RFC 7636 4.2)."""
    return _base64(hashlib.sha256(verifier.encode()).digest())


def seal(secret: str, values: Any) -> str:
    """Encrypt JSON for a pending login."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _base64(nonce + AESGCM(_key(secret, "seal")).encrypt(nonce, json.dumps(values).encode(), None))


def unseal(secret: str, sealed: str) -> Any:
    """What `seal` was given. Raises: cryptography.exceptions.InvalidTag for another secret."""
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    clear = AESGCM(_key(secret, "seal")).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    return json.loads(clear)


def _key(secret: str, purpose: str) -> bytes:
    return hmac.new(secret.encode(), f"psc/{purpose}".encode(), hashlib.sha256).digest()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
