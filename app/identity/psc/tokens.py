"""What an ID token must be (OpenID Connect Core 3.1.3.7), each check with its own reason."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.identity.psc.provider import Provider
from app.identity.psc.refusals import refused

ALGORITHM = "RS256"  # never what the token's own header proposes
LEVELS = ("eidas1", "eidas2", "eidas3")  # eidas1 is asked; a card answers eidas3
LEEWAY = 30  # seconds that two clocks may differ
LONGEST = 16 * 1024  # bytes of a token


async def check(
    provider: Provider, id_token: object, client_id: str, now: datetime, nonce: str | None = None
) -> dict[str, Any]:
    """The claims of an ID token that is right in every respect; `nonce` None when the flow has none (CIBA).

    Raises: LoginRefused (algorithm, signature, issuer, audience, token_expired, nonce, acr, no_subject).
    """
    if not isinstance(id_token, str) or len(id_token) > LONGEST:
        raise refused("signature")
    header = _header(id_token)
    if header.get("alg") != ALGORITHM:
        raise refused("algorithm")
    keys = await provider.key_set()
    if header.get("kid") not in {key.kid for key in keys.keys}:
        keys = await provider.key_set(anew=True)
    claims = _signed(id_token, keys)
    _check_claims(claims, provider.issuer, client_id, now.timestamp())
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise refused("nonce")
    return claims


def _check_claims(claims: Mapping[str, Any], issuer: str, client_id: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise refused("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences or claims.get("azp", client_id) != client_id:
        raise refused("audience")
    if len(audiences) > 1 and "azp" not in claims:
        raise refused("audience")
    if _seconds(claims, "exp") + LEEWAY <= now or _seconds(claims, "iat") - LEEWAY > now:
        raise refused("token_expired")
    if claims.get("acr") not in LEVELS:
        raise refused("acr")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise refused("no_subject")


def _signed(id_token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return dict(jwt.decode(id_token, keys, algorithms=[ALGORITHM]).claims)
    except (JoseError, ValueError, TypeError) as wrong:
        raise refused("signature") from wrong


def _header(id_token: str) -> dict[str, Any]:
    part = id_token.split(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, UnicodeDecodeError) as wrong:
        raise refused("signature") from wrong
    if not isinstance(found, dict):
        raise refused("signature")
    return found


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise refused("token_expired")
    return float(value)
