"""The hook of `panel serve --setup`: what has to happen before the first page is built.

Run by Panel as a file, under the module name `panel_setup_module`; `install()` is also what tests call.
"""

from __future__ import annotations

from bokeh.server.tornado import BokehTornado
from tornado.ioloop import IOLoop

from app import log_lines
from app import settings as settings_module
from app.documents import examining
from app.server import application, bokeh_patches, context, failures, live_sessions, pins, rooms, static_files
from app.settings import Settings

WARM_AFTER = 5.0  # seconds until the rendering processes are started, for the first reader not to wait for them


def install(settings: Settings) -> None:
    """Check the pins, build the platform, load the static files, hook into Panel.

    Raises: PinBroken, and whatever `platform_from_settings` refuses (placeholder secrets, no database).
    """
    from app.bootstrap import platform_from_settings

    context.use(platform_from_settings(settings))
    hook_into_panel(settings)


def hook_into_panel(settings: Settings) -> None:
    """All but the platform, which must be in place."""
    log_lines.keep_whole()
    pins.check()
    static_files.load(settings.var / "static-cache")
    static_files.keep_component_files()
    application.add_transforms()
    application.bound_bodies()
    application.drop_embedding()
    application.on_loop(on_loop)
    bokeh_patches.apply()
    failures.install()
    live_sessions.install()


def on_loop(server: BokehTornado) -> None:
    """The event loop runs: hear the other processes, follow logouts, open the rooms, go on examining files."""
    listen = getattr(context.platform().bus, "listen", None)
    if listen is not None:  # a bus inside one process has nothing to listen to
        listen()
    live_sessions.forget_warm_pages()
    live_sessions.start()
    rooms.start_alone(server, context.platform())
    examining.start(context.platform())
    start_renderer = getattr(context.platform().renderer, "start", None)
    if start_renderer is not None:  # after a restart the pages come back first
        IOLoop.current().call_later(WARM_AFTER, start_renderer)


if __name__ == "panel_setup_module":
    install(settings_module.load())
