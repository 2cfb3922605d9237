"""Small corrections to Panel and Bokeh, each with its reason and its measure. All names are pinned in `pins`."""

from __future__ import annotations

import functools
from typing import Any

import bokeh.document.callbacks
import bokeh.util.callback_manager
from bokeh.document import Document
from bokeh.resources import Resources
from panel.io.application import Application
from panel.io.resources import LOCAL_DIST, patch_model_css
from panel.io.server import DocHandler, WSHandler
from panel.io.state import set_curdoc, state
from panel.template.base import BaseTemplate

from app.server import pins

DROPPED = ("bokeh-gl", "bokeh-mathjax")


def apply() -> None:
    """All of them, once per process."""
    make_sessions_cheap()
    drop_components()
    send_small_frames_at_once()
    keep_css_local()
    refuse_trailing_slash()


def make_sessions_cheap() -> None:
    """A quarter less CPU per page (173 -> 134 ms): no repr of every widget, no signature check of every callback.

    The repr is for a notebook's display of a template, which we have not; the check is for who writes a callback, and
    runs in the tests, where this is not applied.
    """
    pins.replace(BaseTemplate, "__repr__", lambda self: type(self).__name__)
    unchecked = lambda *_args, **_kwargs: None  # noqa: E731
    bokeh.util.callback_manager._check_callback = unchecked
    bokeh.document.callbacks._check_callback = unchecked


def drop_components() -> None:
    """No WebGL and no MathJax (2 MB): any text pane would pull the second. bokeh-tables must stay, Panel imports it."""
    kept = [name for name in Resources._default_components if name not in DROPPED]
    pins.replace(Resources, "_default_components", kept)


def send_small_frames_at_once() -> None:
    """TCP_NODELAY: a message of Bokeh is several frames, and Nagle held the last one back (48 ms -> 7 ms)."""
    opened = WSHandler.open

    @functools.wraps(opened)
    def open(self: WSHandler, *args: Any, **kwargs: Any) -> Any:
        self.set_nodelay(True)
        return opened(self, *args, **kwargs)

    pins.replace(WSHandler, "open", open)


def keep_css_local() -> None:
    """A page rebuilt over the websocket must not point at cdn.holoviz.org.

    Panel makes the addresses of its css local when it writes the HTML; a session born from a websocket has no HTML.
    """
    initialize = Application.initialize_document

    @functools.wraps(initialize)
    def initialize_document(self: Application, doc: Document) -> None:
        initialize(self, doc)
        with set_curdoc(doc):
            dist_url = f"{state.rel_path}/{LOCAL_DIST}" if state.rel_path else LOCAL_DIST
            doc.template_variables.setdefault("dist_url", dist_url)  # for what is added to the page later
            for root in doc.roots:
                patch_model_css(root, dist_url=dist_url)

    pins.replace(Application, "initialize_document", initialize_document)


def refuse_trailing_slash() -> None:
    """`/tlm/` is `/tlm`: Panel's relative addresses (styles, « ./connexion ») break one folder deeper."""
    prepare = DocHandler.prepare

    @functools.wraps(prepare)
    async def prepare_page(self: DocHandler) -> None:
        path = self.request.path
        if path.endswith("/") and path.strip("/"):
            query = f"?{self.request.query}" if self.request.query else ""
            self.redirect("/" + path.strip("/") + query)
            return
        await prepare(self)

    pins.replace(DocHandler, "prepare", prepare_page)
