"""Log in by Pro Santé Connect without leaving our page (CIBA, poll mode).

The person types their RPPS number, their telephone shows three numbers, ours shows the one to choose: it is the
`binding_message`, and we draw it. The server asks for the outcome, never oftener than the provider wants.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.errors import AccessDenied, LoginExpired, LoginRefused
from app.identity import pending
from app.identity.models import LoginThrottle
from app.identity.psc import flow, sealing
from app.identity.psc.claims import RPPS_PREFIX
from app.identity.psc.flow import Choosing, Entered
from app.identity.psc.provider import provider_of
from app.identity.psc.refusals import refused
from app.identity.ways import Visitor
from app.platform import Platform

PURPOSE = "psc.ciba"
GRANT = "urn:openid:params:grant-type:ciba"
USUAL_INTERVAL = 5  # seconds, when the answer names none (CIBA 7.3)
LONGEST_WAIT = 300  # seconds
SLOWER_BY = 5  # seconds, when asked to slow down (CIBA 11)
REQUESTS = 3  # for one number within `WINDOW`: a telephone that rings by itself teaches people to accept
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Asked:
    """A request is on somebody's telephone: `secret` for the pre-session cookie."""

    secret: str
    lifetime: timedelta


@dataclass(frozen=True)
class Waiting:
    """The telephone has not answered: the number to show, seconds until it is worth asking again, and to the end."""

    number: str
    again_in: int
    left: int


async def begin(platform: Platform, rpps: str, next_page: str, visitor: Visitor) -> Asked:
    """Send a request to the telephone of a professional.

    Raises: LoginRefused (ciba_closed, rpps, ciba_often, ciba_unknown, client, provider_down); all journalled.
    """
    try:
        if not platform.settings.psc_ciba:
            raise refused("ciba_closed")
        digits = re.sub(r"[\s.]", "", rpps)
        if not re.fullmatch(r"[0-9]{11}", digits):
            raise refused("rpps")
        await asyncio.to_thread(_count, platform, digits)
        number = f"{secrets.randbelow(90) + 10}"
        answer = await _ask(platform, RPPS_PREFIX + digits, number)
        return await asyncio.to_thread(_keep, platform, answer, RPPS_PREFIX + digits, number, next_page)
    except LoginRefused as refusal:
        await asyncio.to_thread(flow.journal, platform, refusal, visitor)
        raise


async def poll(platform: Platform, secret: str | None, visitor: Visitor) -> Waiting | Entered | Choosing:
    """How far the request of this browser is; asks the provider when that is due.

    Raises: LoginRefused (ciba_expired, refused_by_person, …), UnknownProfessional, AccessDenied; all journalled.
    """
    identity = None
    try:
        waiting, request = await asyncio.to_thread(_due, platform, secret)
        if request is None:
            return waiting
        form = {"grant_type": GRANT, "auth_req_id": request["auth_req_id"]}
        try:
            status, granted = await provider_of(platform.settings).token(platform.settings, form)
        except LoginRefused:  # down for the moment: the request on the telephone is still good, ask again
            return waiting
        if status != 200:
            return await asyncio.to_thread(_not_yet, platform, secret, waiting, str(granted.get("error")))
        data = await asyncio.to_thread(flow.burned, platform, PURPOSE, secret)
        identity = await flow.identified(platform, granted, None)
        if identity.subject != request["hint"]:
            raise refused("subject")
        # Nobody is logged in at the provider's pages this way: there is nothing to end there later.
        return await asyncio.to_thread(flow.admit, platform, identity, visitor, data["next"])
    except (LoginRefused, AccessDenied) as refusal:
        await asyncio.to_thread(_close, platform, secret)
        await asyncio.to_thread(flow.journal, platform, refusal, visitor, identity)
        raise


async def _ask(platform: Platform, hint: str, number: str) -> dict[str, Any]:
    form = {"scope": flow.SCOPE, "acr_values": flow.LEVEL, "login_hint": hint, "binding_message": number}
    status, answer = await provider_of(platform.settings).backchannel(platform.settings, form)
    if status == 200 and isinstance(answer.get("auth_req_id"), str):
        return answer
    match answer.get("error"):
        case "unknown_user_id":
            raise refused("ciba_unknown")
        case "invalid_client" | "unauthorized_client":
            raise refused("client")
        case _:
            raise refused("provider_error")


def _keep(platform: Platform, answer: dict[str, Any], hint: str, number: str, next_page: str) -> Asked:
    interval = _whole(answer.get("interval"), USUAL_INTERVAL, 60)
    lifetime = timedelta(seconds=_whole(answer.get("expires_in"), 120, LONGEST_WAIT))
    with platform.transaction() as session:
        secret = pending.begin(session, platform, PURPOSE, {}, lifetime)
        row = pending.look(session, platform, PURPOSE, secret)
        kept = {
            "next": next_page,
            "number": number,
            "interval": interval,
            "ask_at": (platform.now() + timedelta(seconds=interval)).isoformat(),
            "sealed": sealing.seal(secret, {"auth_req_id": answer["auth_req_id"], "hint": hint}),
        }
        pending.keep(session, row, kept)
    return Asked(secret, lifetime)


def _due(platform: Platform, secret: str | None) -> tuple[Waiting, dict[str, Any] | None]:
    """What to show, and the request to ask about when that is due: whoever asks first moves the next time."""
    try:
        with platform.transaction() as session:
            row = pending.look(session, platform, PURPOSE, secret)
            data, now = pending.content(row), platform.now()
            ask_at, left = datetime.fromisoformat(data["ask_at"]), int((row.expires_at - now).total_seconds())
            if now < ask_at:
                return Waiting(data["number"], int((ask_at - now).total_seconds()) + 1, left), None
            pending.keep(session, row, data | {"ask_at": (now + timedelta(seconds=data["interval"])).isoformat()})
            waiting = Waiting(data["number"], data["interval"], left)
    except LoginExpired:
        why = flow.why_closed(platform, PURPOSE, secret)
        raise refused("ciba_expired" if why == "expired" else why) from None
    return waiting, sealing.unseal(str(secret), data["sealed"])


def _not_yet(platform: Platform, secret: str | None, waiting: Waiting, error: str) -> Waiting:
    match error:
        case "authorization_pending":
            return waiting
        case "slow_down":
            with platform.transaction() as session:
                row = pending.look(session, platform, PURPOSE, secret)
                data = pending.content(row)
                slower = data["interval"] + SLOWER_BY
                ask_at = platform.now() + timedelta(seconds=slower)
                pending.keep(session, row, data | {"interval": slower, "ask_at": ask_at.isoformat()})
            return Waiting(waiting.number, slower, waiting.left)
        case "expired_token":
            raise refused("ciba_expired")
        case "access_denied":
            raise refused("refused_by_person")
        case "invalid_client":
            raise refused("client")
        case _:
            raise refused("provider_error")


def _close(platform: Platform, secret: str | None) -> None:
    try:
        with platform.transaction() as session:
            pending.burn(session, platform, PURPOSE, secret)
    except LoginExpired:
        return


def _count(platform: Platform, rpps: str) -> None:
    """Count a request for a number, known here or not. Raises: LoginRefused (ciba_often)."""
    name = hashlib.sha256(f"{PURPOSE}/{rpps}".encode()).hexdigest()
    now = platform.now()
    with platform.transaction() as session:
        row = session.get(LoginThrottle, name) or LoginThrottle(login_hash=name, last_failure_at=now)
        if now - row.last_failure_at > WINDOW:
            row.failures = 0
        if row.failures >= REQUESTS:
            raise refused("ciba_often")
        row.failures += 1
        row.last_failure_at = now
        session.add(row)


def _whole(value: object, usual: int, most: int) -> int:
    return min(max(value, 1), most) if isinstance(value, int) and not isinstance(value, bool) else usual
