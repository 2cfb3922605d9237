"""Rules of pages that follow events: what one of them hears of a busy installation."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlmodel import select

from app.bus import MISSED, MemoryBus, Message
from app.dossiers.models import Dossier
from app.pages import live
from app.pages.context import PageContext
from app.pages.dossier_view import DossierPage
from app.pages.list_view import ListPage
from app.pages.live import Subscriptions
from app.teleconsultation.register import GUESTS_ASKED
from tests.support.people import small_world


class Page:
    """A page's session, whose callbacks run when the test lets them."""

    def __init__(self) -> None:
        self.session_context = object()
        self._due: list[Callable[[], None]] = []

    def add_timeout_callback(self, act: Callable[[], None], _milliseconds: int) -> None:
        self._due.append(act)

    def run(self) -> None:
        due, self._due = self._due, []
        for act in due:
            act()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    page = Page()
    state = SimpleNamespace(curdoc=page, on_session_destroyed=lambda _end: None)
    monkeypatch.setattr(live, "pn", SimpleNamespace(state=state))
    return page


def test_several_events_at_once_are_one_call_with_the_last(page: Page) -> None:
    bus, heard = MemoryBus(), list[Message]()
    Subscriptions(bus).on("dossier", heard.append)
    for number in (1, 2, 3):
        bus.publish("dossier", {"number": number})
    assert heard == []
    page.run()
    assert heard == [{"number": 3}]


def test_another_dossier_that_changes_at_the_same_moment_hides_nothing(page: Page) -> None:
    bus, heard = MemoryBus(), list[Message]()
    Subscriptions(bus).on("dossier", heard.append, concerns=lambda message: message["number"] == 1)
    bus.publish("dossier", {"number": 1})
    bus.publish("dossier", {"number": 2})
    page.run()
    assert heard == [{"number": 1}]
    bus.publish("dossier", {"number": 2})
    page.run()
    assert len(heard) == 1


def test_lost_events_make_a_page_look_again_but_not_all_pages_at_one_moment(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, looked, delays = MemoryBus(), list[int](), set[int]()
    add = page.add_timeout_callback
    monkeypatch.setattr(page, "add_timeout_callback", lambda act, ms: (delays.add(ms), add(act, ms)))
    subscriptions = Subscriptions(bus)
    for number in range(50):
        subscriptions.on_missed(lambda number=number: looked.append(number))  # type: ignore[misc]
    bus.publish(MISSED, {})
    assert looked == []
    page.run()
    assert looked == list(range(50))
    assert len(delays) > 10
    assert max(delays) <= live.SPREAD


def test_pages_that_missed_the_last_change_show_it_when_they_are_told() -> None:
    world = small_world()
    context, bus = PageContext(world.platform, world.dr_martin), world.platform.bus
    dossier = DossierPage(context, "TLM-2026-0001", Subscriptions(bus))
    listed = ListPage(context, Subscriptions(bus))
    asked: list[Message] = []
    bus.subscribe(GUESTS_ASKED, asked.append)
    with world.platform.transaction() as session:
        kept = session.exec(select(Dossier).where(Dossier.number == "TLM-2026-0001")).one()
        kept.urgent = not kept.urgent
        session.add(kept)
    before = (str(dossier._state.object), listed._browser.content)
    bus.publish(MISSED, {})
    assert ("Urgent" in before[0]) != ("Urgent" in str(dossier._state.object))
    assert before[1] != listed._browser.content
    assert [message["dossier"] for message in asked] == [dossier._dossier.dossier_id, 0]
