"""The rig's page, as a page of ours is written."""

import panel as pn

from app.server.context import principal
from tests.support.serving_rig import rig_state

actor = principal()
if pn.state.session_args.get("broken"):
    raise ValueError("rig asked for it")
if actor is not None:
    rig_state.servable(actor).servable()
