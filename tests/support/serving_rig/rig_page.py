"""The rig's page, as a page of ours is written."""

from app.server.context import principal
from tests.support.serving_rig import rig_state

actor = principal()
if actor is not None:
    rig_state.servable(actor).servable()
