"""The Tornado application that Bokeh builds: response transforms in, embedding routes out, event loop known, a log
without secrets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from bokeh.server import urls
from bokeh.server.server import Server
from bokeh.server.tornado import BokehTornado
from tornado.ioloop import IOLoop

from app.server import pins
from app.server.compression import PageCompression
from app.server.headers import SecurityHeaders
from app.server.request_log import log_request

TRANSFORMS = [SecurityHeaders, PageCompression]  # in this order: the nonce is written before the page is compressed

LARGEST_BODY = 1024 * 1024  # bytes


def add_transforms() -> None:
    """Every answer passes through our transforms, and is logged by us; `panel serve` has no option for either."""
    build = BokehTornado.__init__

    @functools.wraps(build)
    def init(self: BokehTornado, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **{"transforms": TRANSFORMS, "log_function": log_request, **kwargs})

    pins.replace(BokehTornado, "__init__", init)


def bound_bodies() -> None:
    """No request carries more than a form unless its handler says so: Tornado keeps 100 MB of each in memory.

    Uploads raise the bound for themselves (`connection.set_max_body_size`); websockets have their own.
    """
    build = Server.__init__

    @functools.wraps(build)
    def init(self: Server, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs | {"http_server_kwargs": {"max_body_size": LARGEST_BODY}})

    pins.replace(Server, "__init__", init)


def drop_embedding() -> None:
    """Our pages are never part of another site: `autoload.js` answers any origin, `metadata` says what runs here."""
    urls.per_app_patterns[:] = [
        pattern for pattern in urls.per_app_patterns if pattern[0] not in ("/autoload.js", "/metadata")
    ]


def on_loop(start: Callable[[BokehTornado], None]) -> None:
    """Call `start` with the application on the server's event loop, once it runs."""
    initialize = BokehTornado.initialize

    @functools.wraps(initialize)
    def initialized(self: BokehTornado, io_loop: IOLoop) -> None:
        initialize(self, io_loop)
        io_loop.add_callback(start, self)

    pins.replace(BokehTornado, "initialize", initialized)
