"""A handler that asks for the rooms says so; else, in a process without them, it would be refused and not handed through."""

from __future__ import annotations

import inspect

import pytest

from app.web.room_files import RoomFileFacts, RoomFilePage, Visitor
from app.web.routes_teleconsultation import ROUTES

HANDLERS = sorted({route[1] for route in ROUTES}, key=lambda handler: handler.__name__)
KINDS = (Visitor,)  # say how to get at the rooms, and are not served


@pytest.mark.parametrize("handler", HANDLERS)
def test_who_asks_for_the_rooms_is_served_where_they_are(handler: type) -> None:
    ours = [kind for kind in handler.__mro__ if kind.__module__.startswith("app.web.") and kind not in KINDS]
    asks = any(word in inspect.getsource(kind) for kind in ours for word in ("hub_of(", "self.hub"))
    assert handler.of_rooms == asks  # type: ignore[attr-defined]


def test_pages_of_a_document_are_drawn_in_each_process() -> None:
    assert not RoomFilePage.of_rooms
    assert not RoomFileFacts.of_rooms
