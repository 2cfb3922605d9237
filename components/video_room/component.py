"""The room as a Panel component: a place on a page of ours, a whole room in a notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

import param
from panel.custom import JSComponent

from components._shared import TOKENS
from components.video_room.hub import Visitor
from components.video_room.labels import LABELS

HERE = Path(__file__).parent
PAGE_MODULE, GUEST_MODULE, NOTEBOOK_MODULE = "page.js", "guest.js", "notebook.js"
_IMPORT = re.compile(r'^(?:import|export)\b(?:[^"();]*\bfrom)?\s*"\./([\w.]+)"', re.MULTILINE)
_LATER = re.compile(r'\bimport\(\s*"\./([\w.]+)"\s*\)(?!\.[A-Z])')  # not the types of comments
_STYLE_IMPORT = re.compile(r'^@import url\("([\w.]+)"\);[ \t]*\n', re.MULTILINE)
LAZY = tuple(sorted({name for module in HERE.glob("*.js") for name in _LATER.findall(module.read_text())}))
"""Modules that a page fetches when it first needs them (`import("./unit.js")`), each sent with all that it imports."""


class Connection(Protocol):
    """One page's line, as a hub gives it."""

    def receive(self, said: str) -> None: ...

    def close(self, *, gone: bool = True) -> None: ...


class Switchboard(Protocol):
    """Who speaks the server's side of the signalling in a notebook: `LocalHub`, or one's own."""

    def connect(self, visitor: Visitor, deliver: Callable[[dict[str, Any]], None]) -> Connection: ...


class VideoRoom(JSComponent):
    """A video room: choose the room, check the devices, meet, write, invite.

    On a page with a stage (`<section id="td-stage" hidden>` and the module `page.js`) this is only the room's place: the
    call lives in the window and outlives component, session and server; signalling goes to `url`. In a notebook the
    component holds the room itself and signalling goes over its own channel to `hub`, as `visitor`.

        hub = LocalHub()
        VideoRoom(hub=hub, visitor=Visitor("Nadia DUBOIS", detail="Infirmière"), width=560, height=720)
    """

    dossier = param.String(default="", doc="Number of the télédossier whose rooms are shown.")
    url = param.String(default="/api/salle", doc="WebSocket of the signalling, relative to the page.")
    labels = param.Dict(default=dict(LABELS), doc="Every word the room shows; any mapping of text is taken.")
    me = param.Dict(default={}, doc="What is known of the person before the line is open: `name`, `role`.")
    ice_servers = param.List(default=[], doc="RTCIceServer dictionaries; none: direct paths only.")
    opened = param.Boolean(default=False, doc="Whether the lobby opens as soon as the component is shown.")
    state: Any = param.Selector(
        default="closed", objects=["closed", "lobby", "call"], doc="Where the person is; told by the browser."
    )

    _esm = HERE / "component.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "component.css").read_text()]

    def __init__(self, *, hub: Switchboard | None = None, visitor: Visitor | None = None, **params: Any) -> None:
        if "labels" in params:
            params["labels"] = dict(params["labels"])
        if visitor is not None:
            params.setdefault("me", {"name": visitor.name, "role": visitor.role})
        super().__init__(**params)
        self._hub = hub
        self._visitor = visitor or Visitor(str(self.me.get("name", "")))
        self._connections: dict[str, Connection] = {}
        self.on_msg(self._receive)

    def open(self) -> None:
        """Show the lobby (« Entrer en salle »); a room that is open stays as it is."""
        self._send_msg({"t": "open"})

    def close(self) -> None:
        """Leave the room and give its place back."""
        self._send_msg({"t": "close"})

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        if message.get("t") == "sources":
            modules = [{"name": name, "source": (HERE / name).read_text()} for name in notebook_modules()]
            self._send_msg({"t": "sources", "modules": modules, "style": notebook_style()})
        elif message.get("t") == "line" and isinstance(message.get("page"), str):
            self._speak(message["page"], message)

    def _speak(self, page: str, message: dict[str, Any]) -> None:
        if self._hub is None:
            return
        if message.get("open"):
            self._send_msg({"t": "line", "page": page, "open": True})
            self._connections[page] = self._hub.connect(
                self._visitor, lambda said: self._send_msg({"t": "line", "page": page, "frame": json.dumps(said)})
            )
        elif message.get("close"):
            if connection := self._connections.pop(page, None):
                connection.close()
        elif isinstance(message.get("frame"), str) and page in self._connections:
            self._connections[page].receive(message["frame"])


@cache
def modules_of(entry: str) -> tuple[str, ...]:
    """The modules that `entry` needs from the first, itself last, each after those that it imports: for preloading."""
    return _ordered(entry, lambda source: _IMPORT.findall(source))


@cache
def notebook_modules() -> tuple[str, ...]:
    """The same for a notebook, which fetches nothing later: those of `LAZY` too, before who asks for them."""
    return _ordered(NOTEBOOK_MODULE, lambda source: [*_IMPORT.findall(source), *_LATER.findall(source)])


def _ordered(entry: str, needs: Callable[[str], list[str]]) -> tuple[str, ...]:
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        for wanted in needs((HERE / name).read_text()):
            visit(wanted)
        ordered[name] = None

    visit(entry)
    return tuple(ordered)


def style_of(name: str) -> str:
    """The text of a style sheet with those that it imports."""
    return _STYLE_IMPORT.sub(lambda found: style_of(found[1]), (HERE / name).read_text())


def notebook_style() -> str:
    """Tokens and style of the room for a shadow root, where `:root` does not reach."""
    alone = (
        ".td-host .td-seg, .td-door[hidden] { display: none; } .td-host .td-room { border: 0; } "
        ".td-door:not([hidden]) { display: grid; place-items: center; min-height: 100%; }"
    )
    return "\n".join((TOKENS.replace(":root", ":host"), style_of("room.css"), alone))
