"""A page outlives its server, and its token: `POST /api/renouveler` gives it a new one; `/sante/…` says who is up.

Bokeh refuses a websocket whose token is older than five minutes, even when the session is alive, and gives up after
five tries. The page's driver (`app/static/page.js`) instead asks for the same session with a new expiry.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
import structlog
from bokeh.server.tornado import BokehTornado
from bokeh.util.token import generate_jwt_token, get_session_id
from tornado.escape import parse_qs_bytes
from tornado.web import HTTPError, RequestHandler

from app.documents import antivirus
from app.server import live_sessions, rooms, rooms_door
from app.server.auth import get_user
from app.server.context import platform
from app.server.origin import is_ours
from app.settings import Settings

log = structlog.get_logger(__name__)

LONGEST_BODY = 64 * 1024
LONGEST_SEARCH = 2000
MOST_ARGUMENTS = 32
WITHOUT_ANTIVIRUS = "antivirus injoignable : aucun fichier n'est accepté"
ROOMS_ELSEWHERE = "pret, salles vidéo tenues par un autre serveur de cette machine"
WITHOUT_ROOMS = "pret, sans les salles vidéo : le serveur qui les tient ne répond pas"


class Renewal(RequestHandler):
    """`{"token": …, "search": "?dossier=…"}` -> `{"token": …}`.

    401: nobody is logged in. 403: another site's page, a token that is not ours, or the page of somebody else.
    The new token carries the page's present address, so that a session built anew shows what the person sees now and
    not what they saw first.
    """

    application: BokehTornado

    def check_xsrf_cookie(self) -> None:
        return  # Origin is checked instead

    def post(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if not is_ours(self):
            raise HTTPError(403)
        person = get_user(self)
        if person is None:
            raise HTTPError(401)
        token, search = _asked(self.request.body)
        payload = live_sessions.signed_payload(self.application, token)
        if payload is None or live_sessions.owner_of(payload) != person.id:
            log.warning("renewal.refused", actor_id=person.id)
            raise HTTPError(403)
        self.finish({"token": renewed(self.application, token, payload, search)})

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish({"code": f"http-{status_code}"})


def renewed(application: BokehTornado, token: str, payload: dict[str, Any], search: str) -> str:
    """The same session and owner with a new expiry, for the address `search`."""
    kept = {name: value for name, value in payload.items() if name not in ("session_id", "session_expiry")}
    kept["arguments"] = arguments(search)
    return generate_jwt_token(
        get_session_id(token),
        secret_key=application.secret_key,
        signed=application.sign_sessions,
        expiration=application.session_token_expiration,
        extra_payload=kept,
    )


def arguments(search: str) -> dict[str, list[bytes]]:
    """The part of an address behind « ? », as Bokeh keeps it. Raises: HTTPError 400 when it is none of ours."""
    if len(search) > LONGEST_SEARCH or search.count("&") >= MOST_ARGUMENTS:
        raise HTTPError(400)
    return parse_qs_bytes(search.removeprefix("?"), keep_blank_values=True)


def _asked(body: bytes) -> tuple[str, str]:
    if len(body) > LONGEST_BODY:
        raise HTTPError(413)
    try:
        asked = json.loads(body)
        token, search = asked["token"], asked.get("search", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HTTPError(400) from None
    if not isinstance(token, str) or not isinstance(search, str):
        raise HTTPError(400)
    return token, search


class Alive(RequestHandler):
    """`/sante/vivant`: the event loop turns."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("vivant")

    head = get


class Ready(RequestHandler):
    """`/sante/pret`: the database answers; else 503.

    Says also whose the video rooms are, and when the antivirus is away: no reason to send people elsewhere, for all but
    adding files goes on.
    """

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        try:
            with platform().engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.SQLAlchemyError:
            log.error("not ready", exc_info=True)
            self.set_status(503)
            self.finish("base de données injoignable")
            return
        said = "pret" if rooms.are_here(self.application) else await _about_rooms()
        self.finish(said if await antivirus.answers(platform().settings) else f"{said}, {WITHOUT_ANTIVIRUS}")


async def _about_rooms() -> str:
    answers = await rooms_door.answers(platform().settings.rooms_socket)
    return ROOMS_ELSEWHERE if answers else WITHOUT_ROOMS


class LivePages(RequestHandler):
    """`/sante/pages`, in the demo only, for the bench: open pages and Bokeh Documents in memory."""

    def get(self) -> None:
        settings: Settings = platform().settings
        if not settings.demo:
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.finish({"pages": live_sessions.open_pages(), "documents": live_sessions.documents_alive()})


def routes() -> list[Any]:
    return [
        (r"/api/renouveler", Renewal),
        (r"/sante/vivant", Alive),
        (r"/sante/pret", Ready),
        (r"/sante/pages", LivePages),
    ]
