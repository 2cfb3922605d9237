"""Answers of Pro Santé Connect that are not what they should be: each is refused for its own reason."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlmodel import select

from app.demo.psc import endpoints, identities, minting
from app.identity.models import PendingLogin
from app.identity.psc import provider as providers
from app.identity.psc import sealing
from tests.support.psc_site import (
    DUBOIS,
    RETURN,
    Site,
    answered,
    desk_of,
    logged_in,
    parameters,
    refused_for,
    running_site,
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


# ---- answers that are not what they should be


async def test_an_answer_used_twice_is_refused(site: Site) -> None:
    browser = site.browser()
    back = await answered(site, browser)
    secret = browser.http.cookies["presession"]
    await browser.get(back)
    thief = site.browser()
    thief.http.cookies.set("presession", secret, domain="localhost.local")
    await thief.get(back)
    refused_for(site, thief, "replayed")


async def test_a_code_used_twice_is_refused_by_the_provider(site: Site) -> None:
    browser = site.browser()
    code = parameters(await answered(site, browser))["code"]
    desk_of(site).codes[code].used = True
    await browser.get(browser.at.headers["Location"])
    refused_for(site, browser, "code")


async def test_a_code_stolen_from_another_browser_does_not_fit_this_one(site: Site) -> None:
    victim, thief = site.browser(), site.browser()
    stolen = parameters(await answered(site, victim))
    own = parameters(await answered(site, thief, DUBOIS))
    await thief.get(f"{RETURN}?code={stolen['code']}&state={own['state']}&iss={own['iss']}")
    refused_for(site, thief, "code")  # PKCE: the verifier is the victim's


async def test_the_state_of_another_browser_is_refused(site: Site) -> None:
    victim, thief = site.browser(), site.browser()
    await answered(site, victim)
    await victim.get(await answered(site, thief, DUBOIS))
    refused_for(site, victim, "state")


async def test_an_answer_in_a_browser_that_began_nothing_is_refused(site: Site) -> None:
    stranger = site.browser()
    await stranger.get(await answered(site, site.browser()))
    refused_for(site, stranger, "no_login")


async def test_an_answer_that_comes_too_late_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    back = await answered(site, browser)
    now = site.platform.clock.now()
    monkeypatch.setattr(type(site.platform.clock), "now", lambda _self: now + timedelta(minutes=11))
    await browser.get(back)
    refused_for(site, browser, "expired")


@pytest.mark.parametrize("issuer", ["https://evil.example", ""])
async def test_an_answer_of_another_issuer_or_of_none_is_refused(site: Site, issuer: str) -> None:
    browser = site.browser()
    back = parameters(await answered(site, browser))
    await browser.get(f"{RETURN}?code={back['code']}&state={back['state']}" + (f"&iss={issuer}" if issuer else ""))
    refused_for(site, browser, "issuer")


def by_hand(header: dict[str, str], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    parts = [json.dumps(part).encode() for part in (header | {"kid": minting.KEY_ID}, claims)]
    body = ".".join(encoded(part) for part in parts)
    return f"{body}.{encoded(sign(body.encode()))}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_signed(claims: dict[str, Any], key: RSAKey) -> str:
    """Signed with the public key as an HMAC secret: the classical confusion of algorithms (RFC 8725, 2.1)."""
    public = key.as_pem(private=False)
    return by_hand({"alg": "HS256"}, claims, lambda body: hmac.new(public, body, hashlib.sha256).digest())


def unsigned(claims: dict[str, Any]) -> str:
    return by_hand({"alg": "none"}, claims, lambda _body: b"")


def altered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-4]}{'AAAA' if body[-4:] != 'AAAA' else 'BBBB'}.{signature}"


def foreign(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": minting.KEY_ID}, claims, RSAKey.generate_key(2048))


BAD_TOKENS: dict[str, tuple[str, Callable[[dict[str, Any], RSAKey, Callable[..., str]], str]]] = {
    "of another nonce": ("nonce", lambda c, _k, sign: sign(c | {"nonce": "another"})),
    "without nonce": ("nonce", lambda c, _k, sign: sign({n: v for n, v in c.items() if n != "nonce"})),
    "altered": ("signature", lambda c, _k, sign: altered(sign(c))),
    "of another key": ("signature", lambda c, _k, _s: foreign(c)),
    "no token": ("signature", lambda _c, _k, _s: "eyJh"),
    "unsigned": ("algorithm", lambda c, _k, _s: unsigned(c)),
    "hmac": ("algorithm", lambda c, key, _s: hmac_signed(c, key)),
    "of another issuer": ("issuer", lambda c, _k, sign: sign(c | {"iss": "https://evil.example"})),
    "for another client": ("audience", lambda c, _k, sign: sign(c | {"aud": "another", "azp": "another"})),
    "for two clients": ("audience", lambda c, _k, sign: sign(c | {"aud": [c["aud"], "b"], "azp": "b"})),
    "expired": ("token_expired", lambda c, _k, sign: sign(c | {"exp": c["iat"] - 60})),
    "of tomorrow": ("token_expired", lambda c, _k, sign: sign(c | {"iat": c["iat"] + 3600})),
    "without end": ("token_expired", lambda c, _k, sign: sign({n: v for n, v in c.items() if n != "exp"})),
    "of a weak login": ("acr", lambda c, _k, sign: sign(c | {"acr": "eidas0"})),
    "without level": ("acr", lambda c, _k, sign: sign({n: v for n, v in c.items() if n != "acr"})),
    "of somebody else": ("subject", lambda c, _k, sign: sign(c | {"sub": "f:x:899700000029"})),
}


@pytest.mark.parametrize("fault", BAD_TOKENS)
async def test_a_wrong_token_is_refused_for_its_own_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    reason, spoil = BAD_TOKENS[fault]
    sign = minting.id_token

    def spoilt(path: Path, claims: dict[str, Any]) -> str:
        return spoil(claims, minting.key(path), lambda other: sign(path, other))

    monkeypatch.setattr(minting, "id_token", spoilt)
    refused_for(site, await logged_in(site), reason)


@pytest.mark.parametrize("level", ["eidas1", "eidas2", "eidas3"])
async def test_a_stronger_login_than_asked_for_is_good(site: Site, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    sign = minting.id_token
    monkeypatch.setattr(minting, "id_token", lambda path, claims: sign(path, claims | {"acr": level}))
    assert (await logged_in(site)).path == "/portail"


async def test_userinfo_without_an_identifier_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "traits", lambda holder: {"sub": holder.subject, "given_name": "Claire"})
    refused_for(site, await logged_in(site), "no_subject")


async def test_a_client_secret_that_is_wrong_is_said_to_be_ours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_client(_self: object) -> None:
        raise endpoints.Refused("invalid_client")

    monkeypatch.setattr(endpoints.Endpoint, "check_client", no_client)
    refused_for(site, await logged_in(site), "client")


async def test_of_several_answers_at_once_one_gets_in(tmp_path: Path) -> None:
    async with running_site(tmp_path, database_url=f"sqlite:///{tmp_path}/site.db") as site:
        browser = site.browser()
        back = await answered(site, browser)
        answers = await asyncio.gather(*(browser.http.get(back) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401, 401]
        assert site.journal().count("login.refused replayed") == 5


async def test_a_key_that_the_provider_changed_is_asked_for_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await logged_in(site)
    site.platform.settings.var.joinpath("psc-demo.pem").write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    minting._key.cache_clear()
    monkeypatch.setattr(minting, "KEY_ID", "next")
    refused_for(site, await logged_in(site), "signature")  # asked for a moment ago: not again for every wrong token
    monkeypatch.setattr(providers, "KEYS_AGAIN_SECONDS", 0.0)
    assert (await logged_in(site)).path == "/portail"


async def test_the_database_holds_nothing_that_ends_a_login(site: Site) -> None:
    browser = site.browser()
    back = parameters(await answered(site, browser))
    with site.platform.reading() as session:
        kept = session.exec(select(PendingLogin)).one().model_dump_json()
    secret = browser.http.cookies["presession"]
    for word in (
        secret,
        back["state"],
        back["code"],
        *(sealing.derived(secret, name) for name in ("nonce", "verifier")),
    ):
        assert word not in kept
