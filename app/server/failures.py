"""A page that could not be built says so, instead of arriving empty.

Panel logs the error of a page script and sends what there is, that is nothing. A first visit gets a plain page with
status 500; a page being rebuilt over its websocket keeps what it shows, and its driver tries again.
"""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakSet

from bokeh.document import Document
from bokeh.server.session import ServerSession
from panel.io.application import Application
from panel.io.server import DocHandler
from tornado.web import HTTPError

from app.server import pins

PAGE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Télédossier</title></head>
<body><main><h1>{title}</h1><p>{text}</p><p><a href="">Réessayer</a> · <a href="/portail">Accueil</a></p></main></body>
</html>"""
BROKEN = (
    "La page n'a pas pu s'ouvrir",
    "Ce qui était enregistré est conservé. Réessayez dans un instant, puis appelez l'assistance.",
)

_failed: WeakSet[Document] = WeakSet()


def install() -> None:
    """Notice failed pages; once per process."""
    initialize: Any = Application.initialize_document
    get_session: Any = DocHandler.get_session

    @functools.wraps(initialize)
    def initialize_document(self: Application, doc: Document) -> None:
        initialize(self, doc)
        if any(handler.failed for handler in self.handlers):
            _failed.add(doc)

    @functools.wraps(get_session)
    async def get_built_session(self: DocHandler) -> ServerSession | None:
        session: ServerSession | None = await get_session(self)
        if session is not None and has_failed(session):  # None: sent to the login page
            session.request_expiration()
            raise HTTPError(500)
        return session

    pins.replace(Application, "initialize_document", initialize_document)
    pins.replace(DocHandler, "get_session", get_built_session)
    pins.replace(DocHandler, "write_error", write_error)


def has_failed(session: ServerSession) -> bool:
    """Whether the page of a session could not be built."""
    return session.document in _failed


def write_error(handler: DocHandler, status_code: int, **_kwargs: Any) -> None:
    title, text = BROKEN
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(PAGE.format(title=title, text=text))
