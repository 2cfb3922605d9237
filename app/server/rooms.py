"""The rooms of this web process: alive from its start, and not from the first page that connects.

After a restart somebody must end the calls nobody came back to, and reach the forwarding unit before the pages do.
"""

from __future__ import annotations

from tornado.web import Application

from app.platform import Platform
from app.teleconsultation.hub import Hub

HUB = "teleconsultation_hub"  # in the application's settings


def start(application: Application, platform: Platform) -> Hub:
    """Make the hub of this process, once, on the event loop."""
    hub = application.settings.get(HUB)
    if hub is None:
        hub = application.settings[HUB] = Hub(platform)
    return hub


def hub_of(application: Application) -> Hub:
    """The rooms of this process. Raises: KeyError when the server was not started through `app.server.setup`."""
    hub: Hub = application.settings[HUB]
    return hub
