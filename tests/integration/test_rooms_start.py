"""The rooms are there from the start of the server, whoever connects or does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bokeh.server.tornado import BokehTornado
from sqlmodel import select

from app.dossiers.models import Dossier, Step
from app.server import context, rooms, setup
from app.teleconsultation import hub, service
from tests.support.people import small_world

NUMBER = "TLM-2026-0001"


async def test_a_call_nobody_came_back_to_is_ended_even_when_nobody_connects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.COMING_BACK == 120
    monkeypatch.setattr(hub, "COMING_BACK", 0.05)
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", var=tmp_path)
    service.enter(world.platform, world.dr_martin, NUMBER, "salle-bleue")  # then the server was killed
    context.use(world.platform)
    server = BokehTornado({})
    setup.on_loop(server)
    assert rooms.hub_of(server) is rooms.start(server, world.platform)

    def step() -> Step:
        with world.platform.reading() as session:
            return session.exec(select(Dossier.step).where(Dossier.number == NUMBER)).one()

    async with asyncio.timeout(5):
        while step() is Step.IN_CALL:
            await asyncio.sleep(0.01)
    assert step() is Step.OPINION_DUE
    await rooms.hub_of(server).close()
    world.platform.engine.dispose()
