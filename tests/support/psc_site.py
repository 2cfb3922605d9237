"""Our pages of logging in, and the demo's provider beside them, served in this process with a browser without scripts."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.audit.models import AuditEntry
from app.bootstrap import platform_in_memory
from app.demo.people import add_people
from app.demo.psc import minting
from app.demo.psc.routes import ROUTES as PROVIDER
from app.identity.models import LoginSession, Professional
from app.identity.psc import provider as providers
from app.identity.psc import refusals
from app.platform import Platform
from app.server import context
from app.web.plugin import ROUTES as WEB

MARTIN, DUBOIS, PETIT, STRANGER = "99700000011", "99700000037", "99700000045", "99700000060"
CODE = "2580"
RETURN = "/connexion/psc/retour"


@dataclass
class Site:
    """A running site; `url` without a slash at its end."""

    url: str
    platform: Platform
    people: dict[str, Professional]
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        made = Browser(self.url)
        self.browsers.append(made)
        return made

    def journal(self) -> list[str]:
        """Actions of the journal, a refusal with its reason."""
        with self.platform.reading() as session:
            rows = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [f"{row.action} {json.loads(row.detail).get('reason', '')}".strip() for row in rows]

    def person(self, login: str) -> Professional:
        with self.platform.reading() as session:
            return session.exec(select(Professional).where(Professional.login == login)).one()

    def change(self, login: str, **values: Any) -> None:
        with self.platform.transaction() as session:
            person = session.exec(select(Professional).where(Professional.login == login)).one()
            for name, value in values.items():
                setattr(person, name, value)
            session.add(person)

    def last_login(self) -> LoginSession:
        with self.platform.reading() as session:
            return session.exec(select(LoginSession)).all()[-1]


class Browser:
    """Cookies, forms, redirections and `Refresh`, nothing else; `at` is the page it shows."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=20, trust_env=False)
        self.at: httpx.Response

    async def get(self, address: str, *, follow: bool = True, **headers: str) -> httpx.Response:
        self.at = await self.http.get(address, headers={"Accept": "text/html", **headers})
        return await self._follow() if follow else self.at

    async def post(self, address: str, follow: bool = True, **form: str) -> httpx.Response:
        headers = {"Accept": "text/html", "Origin": origin(str(self.http.base_url.join(address)))}
        self.at = await self.http.post(address, data=form, headers=headers)
        return await self._follow() if follow else self.at

    async def json(self, address: str) -> Any:
        return (await self.http.get(address, headers={"Accept": "application/json"})).json()

    async def _follow(self) -> httpx.Response:
        for _ in range(20):
            if self.at.is_redirect:
                where = self.at.headers["Location"]
            elif self.at.headers.get("Refresh", "").startswith("0; url="):
                where = self.at.headers["Refresh"].removeprefix("0; url=")
            else:
                return self.at
            self.at = await self.http.get(self.at.url.join(where), headers={"Accept": "text/html"})
        raise AssertionError("going round in circles")

    @property
    def path(self) -> str:
        return self.at.url.path

    @property
    def said(self) -> str:
        """The alert of the page."""
        found = re.search(r'role="alert">.*?<span>(.*?)</span>', self.at.text, re.DOTALL)
        return unescape(found[1]) if found else ""

    def found(self, pattern: str) -> str:
        found = re.search(pattern, self.at.text)
        assert found, f"{pattern} is not in {self.at.url}:\n{self.at.text[-1500:]}"
        return unescape(found[1])

    async def close(self) -> None:
        await self.http.aclose()


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def parameters(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@asynccontextmanager
async def running_site(var: Path, **settings: object) -> AsyncIterator[Site]:
    """The pages and the provider on a free port. Settings of its own win."""
    sockets = bind_sockets(0, "127.0.0.1")
    url = f"http://localhost:{sockets[0].getsockname()[1]}"
    defaults: dict[str, object] = {
        "var": var,
        "demo": True,
        "public_url": url,
        "psc_issuer": f"{url}/demo/psc",
        "psc_client_id": "teledossier-demo",
        "psc_client_secret": SecretStr("secret-of-the-test"),
        "psc_ciba": True,
    }
    (var / "psc-demo.pem").write_bytes(_key())  # drawing one for each test would take most of its time
    platform = platform_in_memory(None, **(defaults | settings))
    with platform.transaction() as session:
        people = add_people(session)
    providers._provider.cache_clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(context, "_platform", platform)
        patched.setattr("app.server.static_files.static_url", lambda name: f"/statique/{name}")
        server = HTTPServer(Application([*PROVIDER, *WEB]))
        server.add_sockets(sockets)
        site = Site(url, platform, people)
        try:
            yield site
        finally:
            for browser in site.browsers:
                await browser.close()
            server.stop()
            await server.close_all_connections()


@functools.cache
def _key() -> bytes:
    return RSAKey.generate_key(minting.BITS).as_pem(private=True)


async def begin(site: Site, browser: Browser, rpps: str) -> str:
    """From the login page to the number at the demo's provider, which it answers."""
    await browser.get("/connexion?moyen=psc")
    assert "S'identifier avec Pro Santé Connect" in unescape(browser.at.text)
    await browser.post("/connexion/psc", next="/portail")
    assert browser.path.startswith("/demo/psc/auth/"), browser.at.text
    await browser.post(browser.path, rpps=rpps)
    return browser.found(r'id="numero">(\d\d)<')


async def telephone(site: Site, rpps: str, number: str | None, *, wrong: bool = False) -> Browser:
    """Take somebody's telephone: unlock, choose the number (or a wrong one), or refuse with None."""
    phone = site.browser()
    await phone.get(f"/demo/telephone?rpps={rpps}")
    await phone.post("/demo/telephone", acte="deverrouiller", rpps=rpps, code=CODE)
    request = phone.found(r'name="demande" value="([^"]+)"')
    choices = re.findall(r'name="numero" value="(\d\d)"', phone.at.text)
    assert len(set(choices)) == 3
    if number is None:
        await phone.post("/demo/telephone", acte="refuser", demande=request)
    else:
        chosen = next(each for each in choices if (each != number) is wrong)
        await phone.post("/demo/telephone", acte="accepter", demande=request, numero=chosen)
    return phone


def desk_of(site: Site) -> Any:
    from app.demo.psc import endpoints

    return endpoints._desks[site.platform.settings.psc_issuer]


async def answered(site: Site, browser: Browser, rpps: str = MARTIN) -> str:
    """The address with which the provider sends the browser back, not yet followed."""
    number = await begin(site, browser, rpps)
    await telephone(site, rpps, number)
    await browser.get(browser.path, follow=False)
    return str(browser.at.headers["Location"])


async def logged_in(site: Site, rpps: str = MARTIN) -> Browser:
    browser = site.browser()
    await browser.get(await answered(site, browser, rpps))
    return browser


def refused_for(site: Site, browser: Browser, reason: str) -> None:
    assert site.journal()[-1] == f"login.refused {reason}"
    assert browser.said == refusals.MESSAGES[reason]
    assert browser.at.status_code == 401
    assert site.platform.settings.session_cookie not in browser.http.cookies
