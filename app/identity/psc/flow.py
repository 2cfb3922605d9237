"""Log in by the pages of Pro Santé Connect: authorization code, PKCE, state, nonce (OpenID Connect Core 3.1).

`begin` gives the address to go to, `finish` takes the answer, `choose` ends a login whose person practises in several
places. Only the browser that began can finish: see `sealing`.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlmodel import select

from app.errors import AccessDenied, LoginExpired, LoginRefused
from app.identity import pending, service
from app.identity.login_sessions import hash_secret
from app.identity.models import PendingLogin, Professional
from app.identity.psc import claims, leaving, linking, sealing, tokens
from app.identity.psc.claims import Identity, Situation
from app.identity.psc.provider import Provider, provider_of
from app.identity.psc.refusals import UnknownProfessional, refused
from app.identity.ways import Visitor, Way
from app.platform import Platform

PURPOSE = "psc"
CHOICE = "psc.situation"
LIFETIME = timedelta(minutes=10)  # to find one's telephone
CHOICE_LIFETIME = timedelta(minutes=5)
SCOPE = "openid scope_all"
LEVEL = "eidas1"
RETURN = "/connexion/psc/retour"


@dataclass(frozen=True)
class Begun:
    """A login under way: `secret` for the pre-session cookie, `address` at the provider."""

    secret: str
    address: str
    lifetime: timedelta = LIFETIME


@dataclass(frozen=True)
class Entered:
    """The login is done: `secret` for the login cookie, `next` where the person wanted to go."""

    secret: str
    next: str


@dataclass(frozen=True)
class Choosing:
    """The person practises in several places and has to say where: `secret` for the pre-session cookie."""

    secret: str
    lifetime: timedelta = CHOICE_LIFETIME


async def begin(platform: Platform, next_page: str) -> Begun:
    """Open a login and say where the browser has to go.

    Raises: LoginRefused (provider_down).
    """
    settings = platform.settings
    document = await provider_of(settings).discover()
    secret = await asyncio.to_thread(_open, platform, next_page)
    asked = {
        "response_type": "code",
        "client_id": settings.psc_client_id,
        "redirect_uri": settings.url(RETURN),
        "scope": SCOPE,
        "acr_values": LEVEL,
        "state": sealing.derived(secret, "state"),
        "nonce": sealing.derived(secret, "nonce"),
        "code_challenge": sealing.challenge(sealing.derived(secret, "verifier")),
        "code_challenge_method": "S256",
    }
    address = document["authorization_endpoint"]
    return Begun(secret, address + ("&" if "?" in address else "?") + urlencode(asked))


async def finish(
    platform: Platform, secret: str | None, answer: Mapping[str, str], visitor: Visitor
) -> Entered | Choosing:
    """Take the provider's answer (`code`, `state`, `iss`, or `error`), with the pre-session of this browser.

    Raises: LoginRefused (every reason of `refusals`), UnknownProfessional, AccessDenied; all journalled.
    """
    identity = None
    try:
        data = await asyncio.to_thread(burned, platform, PURPOSE, secret)
        code = await _code(platform, str(secret), answer)
        granted = await _exchange(platform, str(secret), code)
        nonce = sealing.derived(str(secret), "nonce")
        identity = await identified(platform, granted, nonce)
        return await asyncio.to_thread(admit, platform, identity, visitor, data["next"], granted["id_token"])
    except (LoginRefused, AccessDenied) as refusal:
        await asyncio.to_thread(journal, platform, refusal, visitor, identity)
        raise


async def identified(platform: Platform, granted: Mapping[str, Any], nonce: str | None) -> Identity:
    """Who the tokens are about: the ID token checked, userinfo asked, both about the same person.

    Raises: LoginRefused.
    """
    settings, provider = platform.settings, provider_of(platform.settings)
    checked = await tokens.check(provider, granted.get("id_token"), settings.psc_client_id, platform.now(), nonce)
    access_token = granted.get("access_token")
    if not isinstance(access_token, str):
        raise refused("provider_error")
    told = await provider.userinfo(access_token)
    if told.get("sub") != checked["sub"]:
        raise refused("subject")
    identity = claims.read(told)
    if identity is None:
        raise refused("no_subject")
    return identity


def admit(
    platform: Platform, identity: Identity, visitor: Visitor, next_page: str, hint: str = ""
) -> Entered | Choosing:
    """Open the login session of an identified person, or ask them where they practise today.

    Raises: UnknownProfessional, LoginRefused (other_identity, suspended), AccessDenied (closed by the structure).
    """
    try:
        with platform.transaction() as session:
            professional = linking.account(session, platform, identity)
            situations = identity.situations
            if len(situations) < 2 or professional.suspended:
                situation = situations[0] if situations else None
                made = linking.open_session(session, platform, professional, visitor, situation=situation, hint=hint)
                return Entered(made, next_page)
            secret = pending.begin(
                session, platform, CHOICE, {"next": next_page}, CHOICE_LIFETIME, professional_id=professional.id
            )
            kept = {"situations": [asdict(situation) for situation in situations], "hint": hint}
            row = pending.look(session, platform, CHOICE, secret)
            pending.keep(session, row, {"next": next_page, "sealed": sealing.seal(secret, kept)})
            return Choosing(secret)
    except UnknownProfessional as unknown:
        raise UnknownProfessional(unknown.reason, identity, leaving.address(platform, hint)) from None


def situations_of(platform: Platform, secret: str | None) -> tuple[Professional, list[Situation]]:
    """Who chooses, and between what. Raises: LoginExpired."""
    with platform.reading() as session:
        row = pending.look(session, platform, CHOICE, secret)
        professional = session.get_one(Professional, row.professional_id)
    kept = sealing.unseal(str(secret), pending.content(row)["sealed"])
    return professional, [Situation(**situation) for situation in kept["situations"]]


def choose(platform: Platform, secret: str | None, number: int, visitor: Visitor) -> Entered:
    """End a login with the situation chosen, by its place in the list from 0.

    Raises: LoginRefused (expired, replayed, no_login, situation), AccessDenied; all journalled.
    """
    try:
        data = burned(platform, CHOICE, secret)
        kept = sealing.unseal(str(secret), data["sealed"])
        if not 0 <= number < len(kept["situations"]):
            raise refused("situation")
        situation = Situation(**kept["situations"][number])
        with platform.transaction() as session:
            professional = session.get_one(Professional, data["professional"])
            made = linking.open_session(
                session, platform, professional, visitor, situation=situation, hint=kept["hint"]
            )
        return Entered(made, data["next"])
    except (LoginRefused, AccessDenied) as refusal:
        journal(platform, refusal, visitor)
        raise


def burned(platform: Platform, purpose: str, secret: str | None) -> dict[str, Any]:
    """Use up the pending login of this browser, and commit, before anything is compared.

    Raises: LoginRefused (no_login, expired, replayed).
    """
    try:
        with platform.transaction() as session:
            row = pending.burn(session, platform, purpose, secret)
            return pending.content(row) | {"professional": row.professional_id}
    except LoginExpired:
        raise refused(why_closed(platform, purpose, secret)) from None


def why_closed(platform: Platform, purpose: str, secret: str | None) -> str:
    """« replayed », « expired », or « no_login » for a secret of nothing we know."""
    with platform.reading() as session:
        row = session.exec(
            select(PendingLogin).where(
                PendingLogin.secret_hash == hash_secret(secret or ""), PendingLogin.purpose == purpose
            )
        ).first()
    if row is None:
        return "no_login"
    return "expired" if row.used_at is None else "replayed"


def journal(
    platform: Platform, refusal: LoginRefused | AccessDenied, visitor: Visitor, identity: Identity | None = None
) -> None:
    """Keep a refusal in the journal, under the name of whoever was identified; « closed » is the structure's choice."""
    reason = refusal.reason if isinstance(refusal, LoginRefused) else "closed"
    professional = None
    if identity is not None:
        with platform.reading() as session:
            professional = linking.known(session, identity)
    service.journal_refusal(platform, Way.PSC, reason, visitor, professional)


def _open(platform: Platform, next_page: str) -> str:
    with platform.transaction() as session:
        return pending.begin(session, platform, PURPOSE, {"next": next_page}, LIFETIME)


async def _code(platform: Platform, secret: str, answer: Mapping[str, str]) -> str:
    """The code of an answer that is for this browser and from this provider (RFC 9207). Raises: LoginRefused."""
    provider = provider_of(platform.settings)
    expected = sealing.derived(secret, "state")
    if not hmac.compare_digest(answer.get("state", "").encode(), expected.encode()):
        raise refused("state")
    document = await provider.discover()
    named = document.get("authorization_response_iss_parameter_supported") is True or "iss" in answer
    if named and answer.get("iss") != provider.issuer:
        raise refused("issuer")
    if "error" in answer:
        raise refused("refused_by_person" if answer["error"] == "access_denied" else "provider_error")
    if not answer.get("code"):
        raise refused("provider_error")
    return answer["code"]


async def _exchange(platform: Platform, secret: str, code: str) -> dict[str, Any]:
    """Tokens for a code (RFC 6749 4.1.3, RFC 7636 4.5). Raises: LoginRefused (code, client, provider_down)."""
    provider: Provider = provider_of(platform.settings)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": platform.settings.url(RETURN),
        "code_verifier": sealing.derived(secret, "verifier"),
    }
    status, granted = await provider.token(platform.settings, form)
    if status == 200:
        return granted
    raise refused("client" if granted.get("error") == "invalid_client" else "code")
