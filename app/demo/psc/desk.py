"""What is under way at the demo's provider, in memory: logins that have begun, requests on telephones, codes, tokens.

Everything ends as fast as at the real one: two minutes for a token, one for a code. A restart forgets it all.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

TOKEN_SECONDS = 120
CODE_LIFETIME = timedelta(seconds=60)
REQUEST_LIFETIME = timedelta(seconds=120)  # on a telephone
LOGIN_LIFETIME = timedelta(minutes=10)
SESSION_LIFETIME = timedelta(hours=4)
CIBA_INTERVAL = 2  # seconds


class Answer(StrEnum):
    """How far a request on a telephone is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # by the person, or by a number that is not the one shown
    EXPIRED = "expired"


class Refused(Exception):
    """An error of OAuth 2.0, OpenID Connect or CIBA, by its registered name."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error, self.description = error, description


@dataclass
class Request:
    """A request on a telephone: which of three numbers is shown where the person logs in?"""

    id: str
    rpps: str
    number: str
    choices: tuple[str, ...]
    expires_at: datetime
    answer: Answer = Answer.WAITING
    asked_at: datetime | None = None  # CIBA: when the client last asked
    interval: int = CIBA_INTERVAL


@dataclass
class Login:
    """An authorization request that waits for its person."""

    id: str
    parameters: dict[str, str]
    expires_at: datetime
    request: Request | None = None


@dataclass
class Grant:
    """What a code or an access token stands for."""

    rpps: str
    expires_at: datetime
    parameters: dict[str, str] = field(default_factory=dict)
    used: bool = False


class Desk:
    """The provider's memory; `now` is the platform's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.logins: dict[str, Login] = {}
        self.requests: dict[str, Request] = {}
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}
        self.sessions: dict[str, Grant] = {}  # who is logged in at the provider, by its cookie
        self.telephones: dict[str, str] = {}  # which telephone a browser holds unlocked, by its cookie

    def begin(self, parameters: dict[str, str]) -> Login:
        """Take an authorization request whose parameters were found right."""
        self._forget()
        login = Login(secrets.token_urlsafe(16), parameters, self.now() + LOGIN_LIFETIME)
        self.logins[login.id] = login
        return login

    def login(self, login_id: str) -> Login | None:
        found = self.logins.get(login_id)
        return found if found and found.expires_at > self.now() else None

    def ask(self, rpps: str, number: str = "") -> Request:
        """Make a telephone ring. `number` is the one shown, drawn here unless the client drew it."""
        number = number or _number()
        choices = {number}
        while len(choices) < 3:
            choices.add(_number())
        mixed = sorted(choices)
        request = Request(secrets.token_urlsafe(24), rpps, number, tuple(mixed), self.now() + REQUEST_LIFETIME)
        self.requests[request.id] = request
        return request

    def waiting(self, rpps: str) -> Request | None:
        """The newest request on somebody's telephone."""
        found = [each for each in self.requests.values() if each.rpps == rpps and self.state(each) is Answer.WAITING]
        return found[-1] if found else None

    def state(self, request: Request) -> Answer:
        if request.answer is Answer.WAITING and request.expires_at <= self.now():
            return Answer.EXPIRED
        return request.answer

    def reply(self, request_id: str, rpps: str, number: str | None) -> Answer:
        """The telephone's answer, once: the number chosen, or None for a refusal."""
        request = self.requests.get(request_id)
        if request is None or request.rpps != rpps or self.state(request) is not Answer.WAITING:
            return Answer.EXPIRED
        request.answer = Answer.ACCEPTED if number == request.number else Answer.REFUSED
        return request.answer

    def code_for(self, login: Login, rpps: str) -> str:
        """The code of an accepted login, good once."""
        self.logins.pop(login.id, None)
        code = secrets.token_urlsafe(32)
        self.codes[code] = Grant(rpps, self.now() + CODE_LIFETIME, login.parameters)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Grant:
        """What a code stands for (RFC 6749 4.1.3, RFC 7636 4.6). Raises: Refused (invalid_grant)."""
        grant = self.codes.get(code)
        if grant is None or grant.used or grant.expires_at <= self.now():
            raise Refused("invalid_grant", "code unknown, used or expired")
        grant.used = True
        digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        if not hmac.compare_digest(digest, grant.parameters["code_challenge"].encode()):
            raise Refused("invalid_grant", "code_verifier")
        if redirect_uri != grant.parameters["redirect_uri"]:
            raise Refused("invalid_grant", "redirect_uri")
        return grant

    def poll(self, request_id: str) -> Request:
        """The accepted request of CIBA, once (CIBA 11). Raises: Refused."""
        request = self.requests.get(request_id)
        if request is None:
            raise Refused("invalid_grant")
        now, before, request.asked_at = self.now(), request.asked_at, self.now()
        if before is not None and now - before < timedelta(seconds=request.interval - 0.5):
            request.interval += 5
            raise Refused("slow_down")
        match self.state(request):
            case Answer.WAITING:
                raise Refused("authorization_pending")
            case Answer.EXPIRED:
                raise Refused("expired_token")
            case Answer.REFUSED:
                raise Refused("access_denied")
            case Answer.ACCEPTED:
                return self.requests.pop(request_id)

    def access_token(self, rpps: str) -> str:
        token = secrets.token_urlsafe(32)
        self.tokens[token] = Grant(rpps, self.now() + timedelta(seconds=TOKEN_SECONDS))
        return token

    def holder_of(self, access_token: str) -> str:
        """Whose an access token is. Raises: Refused (invalid_token)."""
        grant = self.tokens.get(access_token)
        if grant is None or grant.expires_at <= self.now():
            raise Refused("invalid_token")
        return grant.rpps

    def open_session(self, rpps: str) -> str:
        cookie = secrets.token_urlsafe(32)
        self.sessions[cookie] = Grant(rpps, self.now() + SESSION_LIFETIME)
        return cookie

    def session_of(self, cookie: str | None) -> str | None:
        """Who is logged in at the provider already."""
        grant = self.sessions.get(cookie or "")
        return grant.rpps if grant and grant.expires_at > self.now() else None

    def _forget(self) -> None:
        now = self.now() - LOGIN_LIFETIME  # a while longer, to tell what has expired from what never was
        kinds: tuple[dict[str, Any], ...] = (self.logins, self.requests, self.codes, self.tokens, self.sessions)
        for kept in kinds:
            for name in [name for name, each in kept.items() if each.expires_at <= now]:
                del kept[name]


def _number() -> str:
    return f"{secrets.randbelow(90) + 10}"
