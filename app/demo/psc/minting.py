"""The demo provider's RSA key, drawn once into `var`, and what it signs."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

KEY_ID = "demo"
BITS = 2048


_drawing = threading.Lock()


def key(path: Path) -> RSAKey:
    """The key in a file only we may read. Drawing one takes a fraction of a second: call it in a thread."""
    with _drawing:
        return _key(path)


@functools.cache
def _key(path: Path) -> RSAKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(RSAKey.generate_key(BITS).as_pem(private=True))
    return RSAKey.import_key(path.read_bytes(), {"kid": KEY_ID, "use": "sig", "alg": "RS256"})


def public_keys(path: Path) -> dict[str, Any]:
    """The JWKS document."""
    return {"keys": [key(path).as_dict(private=False)]}


def id_token(path: Path, claims: dict[str, Any]) -> str:
    """A signed ID token. A millisecond or two: call it in a thread."""
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": KEY_ID}, claims, key(path))
