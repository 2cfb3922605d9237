"""The pages that are open in this process: whose they are, and closing them when their login has ended.

Bokeh asks who is there once, when a page opens its websocket; afterwards a page lives as long as its socket. So we
keep the register: a page used keeps its login alive, an ended login closes its pages (close code 4401; the browser
then shows the way to log in, `app/static/page.js`), and nobody can attach to a page of somebody else.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import structlog
from bokeh.document import Document
from bokeh.util.token import check_token_signature, get_token_payload
from panel.io.application import Application
from panel.io.server import WSHandler
from panel.io.state import state
from sqlalchemy.exc import SQLAlchemyError
from tornado.ioloop import IOLoop, PeriodicCallback

from app.platform import Platform
from app.server import failures, pins
from app.server.auth import login_secret
from app.server.context import platform
from app.server.origin import is_ours

log = structlog.get_logger(__name__)

OWNER = "owner"  # in the payload of a page's signed token: the number of the professional it was made for
LOGIN_ENDED = 4401
NOT_YOURS = 4403
NOT_BUILT = 4500
CHECK_EVERY = 60.0  # seconds between two uses of a login that are counted, for one page
# Seconds between two looks whether the logins of all open pages still hold. The bus is quicker, but may lose an event,
# and does not reach other machines: a revoked login must close its pages within two seconds all the same.
LOOK_EVERY = 1.0

Payload = dict[str, Any]


@dataclass(eq=False)
class LivePage:
    """One open page websocket."""

    socket: WSHandler
    professional_id: int
    secret: str | None
    loop: IOLoop
    checked_at: float = field(default_factory=time.monotonic)

    def close(self, code: int, reason: str) -> None:
        """Close it and let its session go at once; safe from any thread."""
        self.loop.add_callback(self._close, code, reason)

    def _close(self, code: int, reason: str) -> None:
        _pages.pop(self.socket, None)  # at once: a browser that goes on talking is not heard any more
        connection = self.socket.connection
        if connection is not None:
            connection.session.request_expiration()
        self.socket.close(code, reason)


_pages: dict[WSHandler, LivePage] = {}
_looker = ThreadPoolExecutor(1, thread_name_prefix="logins")  # of its own: never behind two hundred passwords
_documents: WeakSet[Document] = WeakSet()


def install() -> None:
    """Hook into Panel's pages; once per process."""
    _sign_owner()
    _count_documents()
    _follow_sockets()


def start() -> None:
    """On the event loop: hear of logouts, and look at every login once a second."""
    here = platform()
    here.bus.subscribe("logout", _hear_logout)
    PeriodicCallback(look_at_everybody, LOOK_EVERY * 1000).start()


def _hear_logout(message: dict[str, Any]) -> None:
    person = message.get("professional")
    if person is not None:
        close_ended(person)


async def look_at_everybody() -> None:
    """Close the pages whose login has ended or run out: one question to the database, in a thread, for all of them."""
    pages = tuple(_pages.values())
    if not pages:
        return
    from app.identity import login_sessions

    held = {page.secret for page in pages if page.secret}
    try:
        ended = await asyncio.get_running_loop().run_in_executor(_looker, login_sessions.not_alive, platform(), held)
    except SQLAlchemyError:
        log.exception("pages.not_looked_at")  # the database is away: the next look may find it
        return
    _close([page for page in pages if not page.secret or page.secret in ended])


def signed_payload(application: Any, token: str) -> Payload | None:
    """What a page's token says, or None when we did not sign it (checked before anything in it is unpacked)."""
    try:
        if check_token_signature(token, signed=application.sign_sessions, secret_key=application.secret_key):
            return get_token_payload(token)
    except (ValueError, KeyError, TypeError):  # not even a token
        pass
    return None


def owner_of(payload: Payload) -> int | None:
    """For whom a page was made, by the payload of its token."""
    return payload.get(OWNER)


def close_person(professional_id: int) -> int:
    """Close every open page of a person in this process; answers how many."""
    theirs = [page for page in _pages.values() if page.professional_id == professional_id]
    for page in theirs:
        page.close(LOGIN_ENDED, "login ended")
    return len(theirs)


def close_ended(professional_id: int) -> int:
    """Close the pages of a person whose login has ended; answers how many."""
    pages = [page for page in tuple(_pages.values()) if page.professional_id == professional_id]
    return _close([page for page in pages if not still_logged_in(platform(), page.secret)])


def _close(pages: list[LivePage]) -> int:
    for page in pages:
        page.close(LOGIN_ENDED, "login ended")
    if pages:
        log.info("pages.closed", count=len(pages))
    return len(pages)


def still_logged_in(here: Platform, secret: str | None) -> bool:
    """Whether a login is alive, without counting as a use of it (`login_sessions.find` would)."""
    from app.identity import login_sessions

    return bool(secret) and not login_sessions.not_alive(here, [secret or ""])


def open_pages() -> int:
    return len(_pages)


def forget_warm_pages() -> None:
    """Let go of the page that `--warm` made of each application: Panel keeps it to be shared, and we never share one."""
    state._sessions.clear()
    state._session_key_funcs.clear()


def documents_alive() -> int:
    """Bokeh Documents in memory; more than the open pages and their grace period means a leak."""
    gc.collect()
    return len(_documents)


def _sign_owner() -> None:
    process_request = Application.process_request

    @functools.wraps(process_request)
    def with_owner(self: Application, request: Any) -> Payload:
        payload = process_request(self, request)
        person = getattr(request, "principal", None)
        return payload | {OWNER: person.id} if person is not None else payload

    pins.replace(Application, "process_request", with_owner)


def _count_documents() -> None:
    initialize = Application.initialize_document

    @functools.wraps(initialize)
    def counted(self: Application, doc: Document) -> None:
        _documents.add(doc)
        initialize(self, doc)

    pins.replace(Application, "initialize_document", counted)


def _follow_sockets() -> None:
    opened, received, closed = WSHandler.open, WSHandler.on_message, WSHandler.on_close

    @functools.wraps(opened)
    def open(self: WSHandler, *args: Any, **kwargs: Any) -> Any:
        if not _is_theirs(self):
            self.close(NOT_YOURS, "page of somebody else")
            return None
        _pages[self] = LivePage(self, self.current_user.id, login_secret(self), IOLoop.current())
        return opened(self, *args, **kwargs)

    @functools.wraps(received)
    async def on_message(self: WSHandler, fragment: str | bytes) -> None:
        page = _pages.get(self)
        if page is None or not _is_used(page):
            return
        if self.connection is not None and failures.has_failed(self.connection.session):
            page.close(NOT_BUILT, "page could not be built")
            return
        await received(self, fragment)

    @functools.wraps(closed)
    def on_close(self: WSHandler) -> None:
        _pages.pop(self, None)
        closed(self)

    pins.replace(WSHandler, "open", open)
    pins.replace(WSHandler, "on_message", on_message)
    pins.replace(WSHandler, "on_close", on_close)


def _is_theirs(socket: WSHandler) -> bool:
    """Whether the page's token is one of ours, made for who now opens its websocket, from a page of this host.

    Bokeh looks at the Origin too, but lets in who sends none.
    """
    if not is_ours(socket):
        return False
    protocols = socket.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    payload = signed_payload(socket.application, protocols[-1].strip())
    return payload is not None and socket.current_user is not None and owner_of(payload) == socket.current_user.id


def _is_used(page: LivePage) -> bool:
    """Count a message as use of the login, at most once a minute; False closes a page whose login has ended."""
    from app.identity import login_sessions

    if time.monotonic() - page.checked_at < CHECK_EVERY:
        return True
    page.checked_at = time.monotonic()
    if login_sessions.find(platform(), page.secret) is not None:
        return True
    page.close(LOGIN_ENDED, "login ended")
    return False
