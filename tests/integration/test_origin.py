"""No route changes anything for a page of another site: all of them are walked, ours, the demo's, Bokeh's and Panel's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from bokeh.server.tornado import BokehTornado
from panel.io.application import Application as PanelApplication
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

import app.demo.plugin
import app.server.plugin
import app.web.plugin
from app.demo.psc.endpoints import Backchannel, Token
from app.server import context
from tests.support.people import small_world
from tests.support.web import Site

# What the demo's provider answers to our own server, which names itself at each call: no cookie counts there.
MACHINES = (Token, Backchannel)
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
FOREIGN = (None, "null", "https://evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1:1")
OURS = [*app.server.plugin.ROUTES, *app.web.plugin.ROUTES, *app.demo.plugin.ROUTES]


def sample(pattern: str) -> str:
    """A path that a route's pattern takes: the first choice everywhere, the fewest repeats."""

    def written(tree: Any) -> Iterator[str]:
        for kind, what in tree:
            name = str(kind)
            if name == "LITERAL":
                yield chr(what)
            elif name == "NOT_LITERAL" or name == "ANY":
                yield "a"
            elif name == "IN":
                yield one_of(what)
            elif name in ("MAX_REPEAT", "MIN_REPEAT"):
                yield "".join(written(what[2])) * what[0]
            elif name == "SUBPATTERN":
                yield from written(what[3])
            elif name == "BRANCH":
                yield from written(what[1][0])

    def one_of(choices: Any) -> str:
        kind, what = choices[0]
        if str(kind) == "NEGATE":
            return "a"
        if str(kind) == "CATEGORY":
            return "1"
        return chr(what[0] if str(kind) == "RANGE" else what)

    path = "".join(written(parser.parse(pattern)))
    assert re.fullmatch(pattern, path), (pattern, path)
    return path


def changing_methods(handler: type[RequestHandler]) -> list[str]:
    """The methods of a handler that may change something and are implemented."""
    return [
        method
        for method in CHANGING
        if getattr(handler, method.lower()) is not RequestHandler._unimplemented_method  # type: ignore[attr-defined]
    ]


def routes(server: BokehTornado) -> Iterator[tuple[str, type[RequestHandler]]]:
    """Everything the web process answers, as Tornado has it."""
    for rule in server.wildcard_router.rules:
        yield rule.matcher.regex.pattern.removesuffix("$"), rule.target  # type: ignore[attr-defined]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The application as `panel serve` builds it: one Panel page and our routes beside it."""
    world = small_world(
        demo=True, cookie_secret="s3cret", psc_client_id="us", psc_client_secret="s3cret", psc_ciba=True
    )
    context.use(world.platform)
    [socket] = bind_sockets(0, "127.0.0.1")
    port = socket.getsockname()[1]
    application = BokehTornado(
        {"/tlm": PanelApplication()},
        extra_patterns=OURS,
        extra_websocket_origins=[f"127.0.0.1:{port}"],
        use_index=False,
    )
    server = HTTPServer(application)
    server.add_socket(socket)
    site = Site(world, f"http://127.0.0.1:{port}")
    site.application = application  # type: ignore[attr-defined]
    yield site
    server.stop()
    await server.close_all_connections()


async def ask(site: Site, method: str, path: str, headers: dict[str, str]) -> HTTPResponse:
    request = HTTPRequest(
        f"{site.url}{path}",
        method=method,
        body="{}" if method in CHANGING else None,
        headers=headers,
        allow_nonstandard_methods=True,
        follow_redirects=False,
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def test_every_route_that_changes_something_refuses_a_page_of_another_site(site: Site) -> None:
    cookie = f"session={site.log_in('admin')}"
    walked, let_in = 0, []
    for pattern, handler in routes(site.application):  # type: ignore[attr-defined]
        for method in changing_methods(handler):
            for origin in FOREIGN:
                walked += 1
                headers = {"Cookie": cookie} | ({"Origin": origin} if origin else {})
                answer = await ask(site, method, sample(pattern), headers)
                if answer.code != (401 if issubclass(handler, MACHINES) else 403):
                    let_in.append((method, pattern, origin, answer.code))
    assert let_in == []
    assert walked >= 13 * len(FOREIGN)


async def test_our_own_pages_are_let_in_by_the_same_routes(site: Site) -> None:
    """Else the test above would be right for a server that refuses everything."""
    for path in ("/connexion/cle/debut", "/parametres/cles/debut", "/parametres/sessions/fin"):
        headers = {"Cookie": f"session={site.log_in('dr.martin')}", "Origin": site.url}
        assert (await ask(site, "POST", path, headers)).code in (200, 303), path


async def test_every_websocket_refuses_a_page_of_another_site(site: Site) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Cookie": f"session={site.log_in('dr.martin')}",
    }
    walked, let_in = 0, []
    for pattern, handler in routes(site.application):  # type: ignore[attr-defined]
        if not issubclass(handler, WebSocketHandler):
            continue
        for origin in FOREIGN:
            if origin is None and handler.__module__.startswith(("bokeh", "panel")):
                continue  # Bokeh takes it; `app.server.live_sessions` then closes it (tests/integration/test_serving.py)
            walked += 1
            headers = handshake | ({"Origin": origin} if origin else {})
            answer = await ask(site, "GET", sample(pattern), headers)
            if answer.code != 403:
                let_in.append((pattern, origin, answer.code))
    assert let_in == []
    assert walked >= 3 * (len(FOREIGN) - 1)


async def test_what_bokeh_and_panel_add_changes_nothing_over_http(site: Site) -> None:
    ours = {route[1] for route in OURS}
    theirs = [
        (pattern, changing_methods(handler))
        for pattern, handler in routes(site.application)  # type: ignore[attr-defined]
        if handler not in ours and changing_methods(handler)
    ]
    assert theirs == []
