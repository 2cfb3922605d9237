"""Waiting that grows with failures in a row, for a login as it was typed, known or not.

A wrong password and a wrong one-time code count alike: whoever knows one must not get free guesses at the other.
Only a login that came to its end forgets the failures.

Where somebody has logged in before, their failures have a count of their own: a stranger who guesses elsewhere makes
guessing slow for strangers, and keeps nobody from their own workstation (NIST SP 800-63B 3.2.2).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from app.errors import TooManyAttempts
from app.identity import login_sessions
from app.identity.models import LoginThrottle
from app.identity.ways import NOWHERE, Visitor
from app.platform import Platform

FREE_FAILURES = 5  # this many in a row cost nothing but the time of argon2
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
LONGEST_LOGIN = 200


def tidied(login: str) -> str:
    """A login as the database spells it."""
    return login.strip().casefold()[:LONGEST_LOGIN]


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: nothing, then 2 s, 4 s, 8 s … 15 minutes."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_WAIT)


def counter(platform: Platform, login: str, visitor: Visitor = NOWHERE) -> str:
    """The name under which failures of this login count from here."""
    if visitor.address and login_sessions.was_here_before(platform, login, visitor.address):
        return f"{login}\0{visitor.address}"  # no form brings a NUL: nobody can type this
    return login


def check(platform: Platform, login: str, visitor: Visitor = NOWHERE) -> None:
    """Whether this login may be tried now from here. Raises: TooManyAttempts(seconds)."""
    name = counter(platform, login, visitor)
    with platform.reading() as session:
        throttle = session.get(LoginThrottle, _hashed(name))
    if throttle is None:
        return
    left = throttle.last_failure_at + wait_after(throttle.failures) - platform.now()
    if left > timedelta():
        raise TooManyAttempts(int(left.total_seconds()) + 1)


def count(session: Session, platform: Platform, name: str) -> None:
    """One more failure for a `counter`, in the caller's transaction."""
    now = platform.now()
    throttle = session.get(LoginThrottle, _hashed(name))
    if throttle is None:
        # Names that nobody has are invented without end: what is forgotten leaves no row.
        session.execute(delete(LoginThrottle).where(col(LoginThrottle.last_failure_at) < now - FORGOTTEN_AFTER))
        throttle = LoginThrottle(login_hash=_hashed(name), last_failure_at=now)
    if now - throttle.last_failure_at > FORGOTTEN_AFTER:
        throttle.failures = 0
    throttle.failures += 1
    throttle.last_failure_at = now
    session.add(throttle)


def forget(session: Session, name: str) -> None:
    """The failures of a `counter` are over: a login came to its end."""
    throttle = session.get(LoginThrottle, _hashed(name))
    if throttle is not None:
        session.delete(throttle)


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
