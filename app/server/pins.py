"""Every private or undocumented name of Panel and Bokeh that we lean on, with why; checked at start.

Bokeh and Panel are pinned in the requirements. When somebody raises a version and a name has gone, the server refuses
to start and says which one, instead of serving pages that look alive and are dead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.pinned import Pin, PinBroken

PYTHON = (
    Pin("bokeh.server.tornado:BokehTornado.__init__", "response transforms: headers, compression"),
    Pin("bokeh.server.tornado:BokehTornado.initialize", "the event loop is known: listen to the bus"),
    Pin("bokeh.server.server:Server.__init__", "a bound on what a request may carry"),
    Pin("bokeh.server.urls:per_app_patterns", "drop the embedding routes `autoload.js` and `metadata`"),
    Pin("bokeh.resources:Resources._default_components", "drop bokeh-gl and bokeh-mathjax"),
    Pin("bokeh.util.callback_manager:_check_callback", "cheap sessions: no signature check per callback"),
    Pin("bokeh.document.callbacks:_check_callback", "cheap sessions: the same function under its second name"),
    Pin("bokeh.util.token:generate_jwt_token", "renewal of a page's token"),
    Pin("panel.io.application:Application.initialize_document", "local css of a page born from a websocket"),
    Pin("panel.io.application:Application.process_request", "the owner's number inside the page's token"),
    Pin("panel.io.resources:patch_model_css", "local css of a page born from a websocket"),
    Pin("panel.io.resources:LOCAL_DIST", "local css of a page born from a websocket"),
    Pin("panel.io.server:DocHandler.get_session", "a page that could not be built says so"),
    Pin("panel.io.server:DocHandler.write_error", "in French"),
    Pin("panel.io.server:DocHandler.prepare", "pages have no trailing slash"),
    Pin("panel.io.server:WSHandler.open", "TCP_NODELAY, and the register of open pages"),
    Pin("panel.io.server:WSHandler.on_message", "use of a page is use of its login"),
    Pin("panel.io.server:WSHandler.on_close", "the register of open pages"),
    Pin("panel.io.server:ComponentResourceHandler.set_extra_headers", "cache rules of component files"),
    Pin("panel.io.state:state._sessions", "let go of the pages made by --warm"),
    Pin("panel.io.state:state._session_key_funcs", "the same"),
    Pin("panel.template.base:BaseTemplate.__repr__", "cheap sessions: no repr of every widget"),
)

# Names inside bokeh.min.js that `app/static/page.js` overrides or calls.
BROWSER = {
    "_notified_idle": "tell a rebuilt page that it is ready, or it stays dead",
    "_pull_doc_json": "keep the binary buffers of a pulled document",
    "replace_with_json": "give those buffers to the new document",
    "destructively_move": "the same",
    "from_json": "the same",
    "add_root": "do not send a rebuilt page back to the server",
    "set_title": "the same",
    "connection_lost": "start the reconnect driver",
    "client_reconnected": "put the drafts back",
}


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Put our own function or value in the place of one of Panel's or Bokeh's; it must be in the table above."""
    if not any(pin.where.endswith(f":{owner.__name__}.{name}") for pin in PYTHON):
        raise PinBroken(f"{owner.__name__}.{name} is replaced without a pin")
    setattr(owner, name, replacement)


def check() -> None:
    """Raises: PinBroken, naming everything that is gone."""
    import bokeh
    import panel
    from bokeh.settings import settings

    gone = [str(pin) for pin in PYTHON if not pin.holds()]
    script = (Path(settings.bokehjs_path()) / "js" / "bokeh.min.js").read_text()
    gone += [f"bokeh.min.js: {name} ({why})" for name, why in BROWSER.items() if name not in script]
    if gone:
        raise PinBroken(
            f"Panel {panel.__version__} or Bokeh {bokeh.__version__} lacks what the server leans on: "
            + "; ".join(gone)
            + ". Install the versions of requirements/, or adapt app/server and app/static/page.js."
        )
