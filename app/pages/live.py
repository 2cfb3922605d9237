"""Pages that move by themselves: events of the bus, brought into the page's own session."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import panel as pn

from app.bus import MISSED, Bus, Message

SOON = 200  # ms: who enters a room changes a dossier, and waits for a picture; pages that only show it come after
SPREAD = 3000  # ms over which pages look again after lost events


class Subscriptions:
    """What one page listens to. Ends with the page's session, or when the page shows something else."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._ends: list[Callable[[], None]] = []
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.on_session_destroyed(lambda _context: self.clear())

    def on_missed(self, act: Callable[[], None]) -> None:
        """Call `act` in the page's session when events were lost, whatever their topic: look again at what is shown.

        Not all the pages of a process at one moment: while they look, more would be lost.
        """
        document = pn.state.curdoc

        def heard(_message: Message) -> None:
            if document is None or document.session_context is None:
                act()
            else:
                document.add_timeout_callback(act, random.randint(SOON, SPREAD))

        self._ends.append(self._bus.subscribe(MISSED, heard))

    def on(
        self, topic: str, act: Callable[[Message], None], concerns: Callable[[Message], bool] = lambda _message: True
    ) -> None:
        """Call `act` in the page's session, soon after each event; several at once become one call with the last.

        Only of those that `concerns` the page: else the last one, of another dossier, would hide what it waits for.
        """
        document = pn.state.curdoc
        pending: list[Message] = []

        def heard(message: Message) -> None:
            if not concerns(message):
                return
            pending.append(message)
            if len(pending) > 1:
                return
            if document is None or document.session_context is None:
                run()
            else:
                document.add_timeout_callback(run, SOON)

        def run() -> None:
            if pending:
                last = pending[-1]
                pending.clear()
                act(last)

        self._ends.append(self._bus.subscribe(topic, heard))

    def clear(self, *_: Any) -> None:
        """Stop listening."""
        for end in self._ends:
            end()
        self._ends.clear()
