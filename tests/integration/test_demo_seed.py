"""Making the demo: once, whole, and finished the next time when somebody stopped it half-way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.bootstrap import platform_in_memory
from app.demo import seed
from app.documents import service
from app.documents.models import Document
from app.dossiers.models import Dossier, Step
from app.platform import Platform
from tests.support.people import SetClock


def documents(platform: Platform) -> list[tuple[str, str]]:
    with platform.reading() as session:
        wanted = select(Dossier.number, Document.filename).where(Document.dossier_id == Dossier.id)
        return sorted(session.exec(wanted))


@pytest.mark.slow
def test_a_demo_stopped_half_way_is_finished_the_next_time_and_always_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    platform, added, add = platform_in_memory(clock), [], service.add

    async def stopped(*arguments: Any) -> Any:
        if len(added) == 2:
            raise KeyboardInterrupt
        added.append(arguments[2])
        return await add(*arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(service, "add", stopped)
        seed.ensure(platform)
    assert len(documents(platform)) == 2

    assert seed.ensure(platform)
    once = documents(platform)
    assert len(once) == len(set(once)) >= 10
    with platform.reading() as session:
        assert session.exec(select(Dossier.step).where(Dossier.number == "TLM-2026-0003")).one() is Step.CLOSED
    assert not seed.ensure(platform)
    assert documents(platform) == once

    first = select(Dossier.planned_at).where(Dossier.number == "TLM-2026-0001")
    with platform.reading() as session:
        planned = session.exec(first).one()
    assert planned is not None
    clock.at += timedelta(days=3)
    seed.ensure(platform)
    with platform.reading() as session:
        assert session.exec(first).one() == planned + timedelta(days=3)
