"""Pro Santé Connect over HTTP: its discovery document and keys (kept for an hour), its token and userinfo answers.

Every request ends within seconds and never blocks the event loop. What the provider says is read with suspicion: its
document must name the issuer of our settings, its addresses must be https (a provider on this machine excepted).
"""

from __future__ import annotations

import asyncio
import functools
import math
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.identity.psc.refusals import refused
from app.settings import Settings

log = structlog.get_logger(__name__)

DISCOVERY = "/.well-known/wallet-openid-configuration"  # the wallet's front, not Keycloak's own document
KEPT_SECONDS = 3600.0
DOWN_SECONDS = 5.0  # after no answer, so long nobody else waits for the time-out
KEYS_AGAIN_SECONDS = 60.0  # a key we do not know makes us ask again at most this often
TIMEOUT = httpx.Timeout(6.0, connect=4.0)
LONGEST_ANSWER = 256 * 1024  # bytes
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ENDPOINTS = {
    "authorization_endpoint": True,
    "token_endpoint": True,
    "userinfo_endpoint": True,
    "jwks_uri": True,
    "end_session_endpoint": False,
    "backchannel_authentication_endpoint": False,
}


class _Rests(Exception):
    """It was down a moment ago."""


@dataclass
class Provider:
    """What is known of the provider in this process. Times are of the monotonic clock."""

    issuer: str
    document: dict[str, Any] = field(default_factory=dict)
    read_at: float = 0.0
    keys: KeySet | None = None
    keys_at: float = 0.0
    down_at: float = -math.inf
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def discover(self) -> Mapping[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0), at most an hour old; an older one when it is down.

        Raises: LoginRefused (provider_down).
        """
        async with self.lock:
            if not self.document or time.monotonic() - self.read_at > KEPT_SECONDS:
                try:
                    self._check_rested()
                    self.document = self._checked(await self._get(self.issuer + DISCOVERY))
                    self.read_at = time.monotonic()
                except Exception as down:
                    self._was_down(down)
                    if not self.document:
                        raise _down(down) from down
                    log.warning("psc.discovery_kept", error=type(down).__name__)
        return self.document

    async def key_set(self, *, anew: bool = False) -> KeySet:
        """The keys that sign; `anew` when a token names one we do not know. Raises: LoginRefused (provider_down)."""
        document = await self.discover()
        async with self.lock:
            age = time.monotonic() - self.keys_at
            if self.keys is None or age > KEPT_SECONDS or (anew and age > KEYS_AGAIN_SECONDS):
                try:
                    self._check_rested()
                    self.keys = _signing_keys(await self._get(document["jwks_uri"]))
                    self.keys_at = time.monotonic()
                except Exception as down:
                    self._was_down(down)
                    if self.keys is None:
                        raise _down(down) from down
                    log.warning("psc.keys_kept", error=type(down).__name__)
        return self.keys

    def _check_rested(self) -> None:
        """Raises: _Rests, when it did not answer just now: the others would all wait for it, one after the other."""
        if time.monotonic() - self.down_at < DOWN_SECONDS:
            raise _Rests

    def _was_down(self, why: Exception) -> None:
        if not isinstance(why, _Rests):
            self.down_at = time.monotonic()

    async def token(self, settings: Settings, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Ask the token endpoint as our client (Basic, RFC 6749 2.3.1); answers status and JSON, refusals too."""
        return await self._post(settings, (await self.discover())["token_endpoint"], form)

    async def backchannel(self, settings: Settings, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Ask for a login on somebody's telephone (CIBA 7.1). Raises: LoginRefused (ciba_closed, provider_down)."""
        address = (await self.discover()).get("backchannel_authentication_endpoint")
        if not address:
            raise refused("ciba_closed")
        return await self._post(settings, address, form)

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """Claims about the person (OpenID Connect Core 5.3). Raises: LoginRefused (provider_down, provider_error)."""
        address = (await self.discover())["userinfo_endpoint"]
        try:
            return await self._get(address, {"Authorization": f"Bearer {access_token}"})
        except httpx.HTTPStatusError as wrong:
            raise refused("provider_error") from wrong
        except (httpx.HTTPError, ValueError) as down:
            raise _down(down) from down

    async def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        async with await self._client() as client:
            answer = await client.get(address, headers={"Accept": "application/json", **(headers or {})})
        answer.raise_for_status()
        return _json(answer)

    async def _post(self, settings: Settings, address: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        who = (settings.psc_client_id, settings.psc_client_secret.get_secret_value())
        try:
            async with await self._client() as client:
                answer = await client.post(address, data=dict(form), auth=who, headers={"Accept": "application/json"})
            if answer.status_code >= 500:
                answer.raise_for_status()
            return answer.status_code, _json(answer)
        except (httpx.HTTPError, ValueError) as down:
            raise _down(down) from down

    async def _client(self) -> httpx.AsyncClient:
        near = is_loopback(self.issuer)
        context = await asyncio.to_thread(_tls)  # reading the authorities takes tens of milliseconds, once
        return httpx.AsyncClient(timeout=TIMEOUT, verify=context, trust_env=not near, follow_redirects=False)

    def _checked(self, document: dict[str, Any]) -> dict[str, Any]:
        if document.get("issuer") != self.issuer:
            raise ValueError("the discovery document names another issuer")
        for name, needed in ENDPOINTS.items():
            address = document.get(name)
            if address is None and not needed:
                continue
            if not isinstance(address, str) or not (address.startswith("https://") or is_loopback(address)):
                raise ValueError(f"no safe address for {name}")
        return document


def provider_of(settings: Settings) -> Provider:
    """The provider of these settings, one per process."""
    return _provider(settings.psc_issuer.rstrip("/"))


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine: the demo's provider and those of tests need no TLS."""
    return urlsplit(address).scheme == "http" and urlsplit(address).hostname in LOOPBACK


@functools.cache
def _provider(issuer: str) -> Provider:
    return Provider(issuer)


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _json(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > LONGEST_ANSWER:
        raise ValueError("answer too long")
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _signing_keys(document: dict[str, Any]) -> KeySet:
    """RSA keys for signatures only: the provider also publishes encryption keys."""
    keys = [key for key in document.get("keys", []) if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
    try:
        return KeySet.import_key_set({"keys": keys})
    except JoseError as wrong:
        raise ValueError("no usable key") from wrong


def _down(cause: Exception) -> Exception:
    log.warning("psc.down", error=type(cause).__name__)
    return refused("provider_down")
