"""Static files: compressed beforehand, with an ETag, kept for ever by the browser when their address names them.

Our own files are under `/statique/<version>/…`, where the version is a digest of all of them (`shelf.Shelf.version`);
Bokeh's, Panel's and panel-material-ui's stay where their pages look for them, `/static/…`: the routes of
`app.server.plugin` come before Bokeh's own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bokeh.server.views.multi_root_static_handler import MultiRootStaticHandler
from bokeh.server.views.static_handler import StaticHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from app.server import pins
from app.server import shelf as shelving
from app.server.shelf import Shelf, Shelved

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"  # kept, but asked for with its ETag

_shelf: Shelf | None = None


def load(cache: Path) -> Shelf:
    """Compress what is missing in `cache` and keep everything at hand; once per process."""
    global _shelf
    _shelf = shelving.build(cache)
    return _shelf


def current() -> Shelf:
    """The shelf of this process. Raises: RuntimeError before `load`."""
    if _shelf is None:
        raise RuntimeError("No static files yet: run `panel serve` with --setup app/server/setup.py")
    return _shelf


def static_url(name: str) -> str:
    """Address of one of our files, for templates: `static_url("page.js")`, `static_url("components/…/page.js")`.

    Raises: FileNotFoundError, so that a misspelt name fails where it is written and not in a browser.
    """
    kept = current()
    if kept.own(name) is None:
        raise FileNotFoundError(f"no static file « {name} »; there are: {', '.join(kept.names())}")
    return f"/statique/{kept.version}/{quote(name)}"


def static_text(name: str) -> str:
    """The content of one of our text files, for a page that must not wait for another request.

    Raises: FileNotFoundError.
    """
    kept = current().own(name)
    if kept is None:
        raise FileNotFoundError(f"no static file « {name} »")
    return kept.bodies["identity"].decode()


def has(name: str) -> bool:
    """Whether there is such a file: a page may do without an optional part."""
    return current().own(name) is not None


class Sender(RequestHandler):
    """Sends a shelved file: coding, type, ETag, length; 304 when the browser has it."""

    def send(self, shelved: Shelved, cache_control: str) -> None:
        coding = shelved.best_for(self.request.headers.get("Accept-Encoding", ""))
        self.set_header("Content-Type", shelved.content_type)
        self.set_header("Cache-Control", cache_control)
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("Etag", f'"{shelved.digest}-{coding}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        if coding != "identity":
            self.set_header("Content-Encoding", coding)
        self.finish(shelved.bodies[coding])


class OwnFile(Sender):
    """`/statique/<version>/<name>` and `/statique/<name>`: only names on the shelf, so there is no path to climb."""

    def get(self, version: str | None, name: str) -> None:
        shelved = current().own(name)
        if shelved is None:
            raise HTTPError(404)
        # A page older than the server asks for the old version: it gets today's file, and does not keep it.
        self.send(shelved, FOR_EVER if version == current().version else ASK_AGAIN)

    def head(self, version: str | None, name: str) -> None:
        self.get(version, name)


class VendorFile(Sender, StaticFileHandler):
    """A static handler of Bokeh that sends from the shelf what is there, and the rest from disk."""

    async def get(self, path: str, include_body: bool = True) -> None:
        shelved = None
        if "Range" not in self.request.headers:
            shelved = current().at(self.get_absolute_path(self.root, self.parse_url_path(path)))
        if shelved is None:
            await super().get(path, include_body)
        else:
            self.send(shelved, cache_control(self.request))

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", cache_control(self.request))


class BokehFile(VendorFile, StaticHandler):
    """`/static/…`: BokehJS."""


class ExtensionFile(VendorFile, MultiRootStaticHandler):
    """`/static/extensions/…`: Panel and panel-material-ui."""


def cache_control(request: HTTPServerRequest) -> str:
    """Whether the address of one of Bokeh's or Panel's files names its content, or only its place.

    Panel writes its own version behind panel-material-ui's styles too (`?v=1.9.4`): raising panel-material-ui alone
    would leave the old styles in every browser. Those are asked for again.
    """
    path, query = request.path, request.query
    if re.fullmatch(r"(v=)?[0-9a-f]{32,128}", query):  # digest of the content, or of panel-material-ui's version
        return FOR_EVER
    if query == f"v={_panel_version()}" and path.startswith("/static/extensions/panel/"):
        return FOR_EVER
    if re.search(r"@\d+\.\d+\.\d+/|-[A-Z0-9]{8}\.woff2?$", path):
        return FOR_EVER
    return ASK_AGAIN


def keep_component_files() -> None:
    """The same cache rules for Panel's `/components/…`, whose route is set before ours."""
    from panel.io.server import ComponentResourceHandler

    pins.replace(ComponentResourceHandler, "set_extra_headers", VendorFile.set_extra_headers)


def _panel_version() -> str:
    from panel.io.resources import JS_VERSION

    return str(JS_VERSION)


def routes() -> list[Any]:
    from bokeh.embed.bundle import extension_dirs

    return [
        (r"/statique/(?:([0-9a-f]{12})/)?(.+)", OwnFile),
        (r"/static/extensions/(.*)", ExtensionFile, {"root": extension_dirs}),
        (r"/static/(.*)", BokehFile),
    ]
