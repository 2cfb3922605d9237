"""When something is on the screen: told by the pictures that Chromium itself composes, the same for every viewer."""

from __future__ import annotations

import base64
import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Colour = tuple[int, int, int]

FRAME = (640, 450)  # pixels of a frame that is looked at: half of the window
WINDOW = {"width": 1280, "height": 900}
ENOUGH = 1500  # pixels of a page's band; a thumbnail's has a tenth of it
CLOSE = 60  # how far a colour may be from its name, after JPEG
CHANGED = 12.0  # mean change of the middle of the screen, of 255


class Screen:
    """The frames of one page, with the instants at which they were shown (seconds since 1970)."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._frames: list[tuple[float, Any]] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._receive)
        size = {"maxWidth": FRAME[0], "maxHeight": FRAME[1]}
        self._session.send("Page.startScreencast", {"format": "jpeg", "quality": 60, **size})

    def shown(self, colour: Colour, since: float, seconds: float = 15.0) -> float:
        """Milliseconds from `since` until a page with that band was on the screen."""
        return self._until(lambda picture: has(picture, colour), since, seconds)

    def changed(self, since: float, seconds: float = 10.0) -> float:
        """Milliseconds from `since` until the middle of the screen was another picture."""
        before = self._frames[-1][1]
        return self._until(lambda picture: differ(before, picture), since, seconds)

    def gone(self, colour: Colour, seconds: float = 20.0) -> None:
        """Wait until no page with that band is on the screen."""
        self._until(lambda picture: not has(picture, colour), 0.0, seconds)

    def rest(self, seconds: float = 0.2) -> None:
        """Wait until nothing has moved for a moment: what comes later was caused later."""
        seen = -1
        while seen != len(self._frames):
            seen = len(self._frames)
            self._page.wait_for_timeout(1000 * seconds)
        self._frames = self._frames[-1:]

    def close(self) -> None:
        self._session.detach()

    def _until(self, right: Callable[[Any], bool], since: float, seconds: float) -> float:
        end, looked = time.time() + seconds, 0
        if since == 0.0 and self._frames:
            looked = len(self._frames) - 1  # what is there now counts
        while time.time() < end:
            for at, picture in self._frames[looked:]:
                if at >= since and right(picture):
                    return 1000 * (at - since)
            looked = len(self._frames)
            self._page.wait_for_timeout(15)
        raise RuntimeError(f"not on the screen within {seconds:.0f} s")

    def _receive(self, event: Any) -> None:
        import numpy as np
        from PIL import Image

        with contextlib.suppress(Exception):  # the page is closing
            self._session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})
        with Image.open(io.BytesIO(base64.b64decode(event["data"]))) as image:
            picture = np.asarray(image.convert("RGB"), "i2")
        self._frames.append((float(event["metadata"]["timestamp"]), picture))


def has(picture: Any, colour: Colour) -> bool:
    """Whether a page's band is in a picture, large enough to be read."""
    near = (abs(picture - colour) < CLOSE).all(axis=2)
    return int(near.sum()) >= ENOUGH


def differ(before: Any, after: Any) -> bool:
    """Whether the middle of two pictures is not the same."""
    if before.shape != after.shape:
        return True
    height, width = before.shape[:2]
    middle = (slice(height // 4, 3 * height // 4), slice(width // 3, 9 * width // 10))
    return float(abs(before[middle] - after[middle]).mean()) >= CHANGED


@contextlib.contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """The same files as any web server hands them out, in ranges: for the browser's own viewer. Answers its address."""
    import asyncio

    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, StaticFileHandler

    sockets = bind_sockets(0, "127.0.0.1")
    ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    started = threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        server = HTTPServer(Application([(r"/(.*)", StaticFileHandler, {"path": str(folder)})]))
        server.add_sockets(sockets)
        ready.append((asyncio.get_running_loop(), stop))
        started.set()
        await stop.wait()
        server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        loop, stop = ready[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
