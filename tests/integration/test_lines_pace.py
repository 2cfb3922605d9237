"""How often lines may be asked for: everybody pays for their own refusals, and nobody for those of the house."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select
from tornado.httpclient import HTTPClientError

from app.identity import login_sessions
from app.identity.models import LoginSession
from app.teleconsultation import hub
from app.web import direct, room_pace, signalling
from app.web.pace import Pace
from app.web.room_pace import REFUSED
from tests.support.people import small_world
from tests.support.room import NUMBER, House, open_house

BURST = 100
HERE = "127.0.0.1"
LINE, LINK, DIRECT = f"/api/salle?dossier={NUMBER}", "/api/invitation/salle?invitation=1", "/api/messages"


class Hand:
    """A clock that stands still."""

    def __call__(self) -> float:
        return 0.0


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Everybody may ask a hundred times, and then no more."""
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping
    async with open_house(small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret")) as house:
        for pace in (room_pace.PACE, getattr(direct, "PACE", "")):
            house.application.settings[pace] = Pace(Hand(), burst=BURST, per_second=10.0)
        yield house
        if board := house.application.settings.pop(direct.SWITCHBOARD, None):
            await board.close()


async def answer(house: House, path: str, cookie: str, origin: str | None = "") -> int:
    """The status of the answer to a page that wants a line; a line is closed again."""
    try:
        page = await house.connect(path, cookie, origin)
    except HTTPClientError as refused:
        return refused.code
    page.close()
    return 101


def steps_left(house: House, who: str, pace: str = room_pace.PACE) -> int:
    left, _at = house.application.settings[pace]._left.get(who, (BURST, 0.0))
    return round(left)


def of(house: House, login: str) -> str:
    return f"professional {house.world.people[login].id}"


@pytest.mark.parametrize(
    ("path", "cookie"),
    [(LINE, ""), (LINE, f"session={'A' * 43}"), (LINK, ""), (LINK, f"invitation-1={'A' * 43}")],
    ids=["no login", "a bad login", "no invitation", "a bad invitation"],
)
async def test_a_refused_line_costs_what_a_refusal_costs(house: House, path: str, cookie: str) -> None:
    await answer(house, path, cookie)
    assert steps_left(house, HERE) == BURST - 1 - REFUSED


@pytest.mark.parametrize("path", [LINE, LINK])
async def test_who_guesses_takes_nothing_from_who_is_logged_in_on_the_same_network(house: House, path: str) -> None:
    statuses = [await answer(house, path, f"session={'A' * 43}; invitation-1={'A' * 43}") for _ in range(8)]
    assert statuses == [101] * 5 + [429] * 3  # granted to say why: a page can't read a refused upgrade
    cookie = f"session={house.log_in('dr.martin')}"
    assert [await answer(house, LINE, cookie) for _ in range(10)] == [101] * 10
    assert await answer(house, DIRECT, cookie) == 101
    assert steps_left(house, of(house, "dr.martin")) == BURST - 10


async def test_who_looks_for_the_rooms_of_foreign_dossiers_soon_waits_and_the_journal_does_not_fill(
    house: House,
) -> None:
    cookie = f"session={house.log_in('ide.moreau')}"
    statuses = [await answer(house, LINE, cookie) for _ in range(20)]
    assert statuses == [404] * 5 + [429] * 15
    assert house.journal().count("dossier.refused") == 5
    assert steps_left(house, HERE) == BURST
    assert await answer(house, LINE, f"session={house.log_in('dr.martin')}") == 101


async def test_the_row_of_a_foreign_dossier_is_written_beside_the_event_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, write = [], signalling.journal_refusal

    def journal(*arguments: object) -> None:
        threads.append(threading.current_thread())
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(signalling, "journal_refusal", journal)
    assert await answer(house, LINE, f"session={house.log_in('ide.moreau')}") == 404
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()
    assert house.journal()[-1] == "dossier.refused"


async def test_many_looks_at_once_pay_before_their_rows_are_written(house: House) -> None:
    cookie = f"session={house.log_in('ide.moreau')}"
    statuses = await asyncio.gather(*(answer(house, LINE, cookie) for _ in range(20)))
    assert sorted(statuses) == [404] * 5 + [429] * 15
    assert house.journal().count("dossier.refused") == 5


@pytest.mark.parametrize("path", [LINE, DIRECT])
async def test_a_page_of_another_site_spends_nobody_s_steps(house: House, path: str) -> None:
    cookie = f"session={house.log_in('dr.martin')}"
    assert await answer(house, path, cookie, "https://evil.example") == 403
    assert steps_left(house, of(house, "dr.martin")) == steps_left(house, HERE) == BURST


@pytest.mark.parametrize("path", [LINE, DIRECT])
async def test_a_page_that_comes_back_by_itself_keeps_no_login_alive(house: House, path: str) -> None:
    secret = house.log_in("dr.martin")
    house.world.clock.pass_by(minutes=5)
    assert await answer(house, path, f"session={secret}") == 101
    with house.world.platform.reading() as session:
        wanted = select(LoginSession).where(LoginSession.secret_hash == login_sessions.hash_secret(secret))
        login = session.exec(wanted).one()
    assert login.last_seen_at == login.created_at


# -- the lines of direct messages


async def test_lines_of_direct_messages_are_not_to_be_had_without_end(house: House) -> None:
    cookie = f"session={house.log_in('dr.martin')}"
    assert [await answer(house, DIRECT, cookie) for _ in range(BURST + 2)] == [101] * BURST + [429] * 2
    assert await answer(house, DIRECT, f"session={house.log_in('dr.leroy')}") == 101
    assert await answer(house, LINE, cookie) == 101


async def test_pages_left_open_over_night_take_nothing_from_the_invited_of_their_network(house: House) -> None:
    """Each asks again every quarter of a minute, until somebody logs in."""
    secret = house.log_in("dr.martin")
    login_sessions.end(house.world.platform, secret)
    statuses = [await answer(house, DIRECT, f"session={secret}") for _ in range(BURST + 1)]
    assert statuses == [101] * BURST + [429]
    assert steps_left(house, HERE) == BURST
    assert await answer(house, DIRECT, f"session={house.log_in('dr.martin')}") == 101
