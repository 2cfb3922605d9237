"""Rules of pages that follow events: what one of them hears of a busy installation."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from app.bus import MemoryBus, Message
from app.pages import live
from app.pages.live import Subscriptions


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
