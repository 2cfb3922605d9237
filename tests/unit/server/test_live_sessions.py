"""An open page follows its login: it closes when the login is ended or runs out, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.identity import login_sessions
from app.identity.ways import Way
from app.server import context, live_sessions
from app.server.live_sessions import LivePage
from tests.support.people import World, small_world


class Socket:
    """What `LivePage` needs of a page's websocket."""

    connection = None
    closed: tuple[int, str] | None = None

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


class Loop:
    def add_callback(self, callback: Any, *arguments: Any) -> None:
        callback(*arguments)


@pytest.fixture
def world() -> Iterator[World]:
    world = small_world()
    context.use(world.platform)
    yield world
    live_sessions._pages.clear()


def open_page(world: World, secret: str, login: str = "dr.martin") -> Socket:
    socket: Any = Socket()
    loop: Any = Loop()
    live_sessions._pages[socket] = LivePage(socket, world.people[login].id or 0, secret, loop)
    return socket


def log_in(world: World, login: str = "dr.martin") -> str:
    with world.platform.transaction() as session:
        return login_sessions.open_session(session, world.platform, world.people[login], Way.CARD)


async def test_a_page_closes_when_its_login_has_been_idle_for_fifteen_minutes(world: World) -> None:
    page = open_page(world, log_in(world))
    world.clock.pass_by(minutes=14, seconds=59)
    await live_sessions.look_at_everybody()
    assert page.closed is None
    world.clock.pass_by(seconds=1)
    await live_sessions.look_at_everybody()
    assert page.closed == (4401, "login ended")


async def test_a_page_in_use_closes_eight_hours_after_the_login(world: World) -> None:
    secret = log_in(world)
    page = open_page(world, secret)
    for _ in range(47):
        world.clock.pass_by(minutes=10)
        assert login_sessions.find(world.platform, secret)
        await live_sessions.look_at_everybody()
        assert page.closed is None
    world.clock.pass_by(minutes=10)
    await live_sessions.look_at_everybody()
    assert page.closed == (4401, "login ended")


async def test_a_revoked_login_closes_its_pages_even_when_the_bus_says_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.platform.bus, "publish", lambda topic, message: None)
    revoked, kept = log_in(world), log_in(world)
    first, second, other = (
        open_page(world, revoked),
        open_page(world, kept),
        open_page(world, log_in(world, "dr.leroy"), "dr.leroy"),
    )
    assert live_sessions.LOOK_EVERY <= 1.0
    login_sessions.end_all(world.platform, world.dr_martin, keep=kept)
    await live_sessions.look_at_everybody()
    assert first.closed == (4401, "login ended")
    assert live_sessions.open_pages() == 2  # what its browser still says is not heard
    assert second.closed is other.closed is None


async def test_a_page_without_a_login_closes(world: World) -> None:
    page = open_page(world, "")
    await live_sessions.look_at_everybody()
    assert page.closed == (4401, "login ended")
