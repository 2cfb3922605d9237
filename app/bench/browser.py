"""Chromium as the measures use it (a development dependency: Playwright, and Debian's browser)."""

from __future__ import annotations

import contextlib
import gzip
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Other cameras to add or to go over to; the second of them is one for depth, whose pictures no call can send.
    "--use-fake-device-for-media-stream=device-count=3",
    "--use-fake-ui-for-media-stream",  # takes any device, and for a shared screen a picture of 1280 x 720 with its sound
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
PASSWORD = "Demonstration-2026"


@contextlib.contextmanager
def chromium(flags: Sequence[str] = ()) -> Iterator[Any]:
    """A headless Chromium with a fake camera. Raises: SystemExit when Playwright or Chromium is missing."""
    with playwright() as driver, launched(driver, flags) as browser:
        yield browser


@contextlib.contextmanager
def playwright() -> Iterator[Any]:
    """What starts browsers. Raises: SystemExit when it is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SystemExit("La mesure demande Playwright et Chromium : « make setup » les installe.") from error
    with sync_playwright() as driver:
        yield driver


@contextlib.contextmanager
def launched(driver: Any, flags: Sequence[str] = (), program: str = CHROMIUM) -> Iterator[Any]:
    """One more Chromium; `program` may start it elsewhere, as in a network namespace."""
    browser = driver.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
    try:
        yield browser
    finally:
        browser.close()


def log_in(page: Any, url: str, login: str) -> None:
    """Through the login page, as a person."""
    page.goto(f"{url}/connexion?moyen=mot-de-passe")
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("heading", name="Kiosque des services").wait_for()


def until(page: Any, expression: str, seconds: float = 20.0) -> None:
    """Wait until a JavaScript expression is true; `wait_for_function` needs eval, which the pages forbid."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds:.0f} s: {expression}")
        page.wait_for_timeout(20)


@dataclass
class Wire:
    """What a page brought over the wire. `gzip_bytes` is what it would be, compressed as a whole by gzip."""

    wire_bytes: int = 0
    gzip_bytes: int = 0
    requests: int = 0
    from_cache: int = 0
    _bodies: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def watched(page: Any) -> Iterator[Wire]:
    """Count what `page` asks for; compression is gzip for everybody, so that figures compare."""
    wire = Wire()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable", {"maxTotalBufferSize": 200_000_000, "maxResourceBufferSize": 50_000_000})
    session.send("Network.setExtraHTTPHeaders", {"headers": {"Accept-Encoding": "gzip"}})
    encoded: dict[str, bool] = {}

    def answered(event: Any) -> None:
        response = event["response"]
        if response["url"].startswith(("data:", "blob:")):
            return
        wire.requests += 1
        wire.from_cache += bool(response.get("fromDiskCache"))
        headers = {name.lower(): value for name, value in response["headers"].items()}
        encoded[event["requestId"]] = "content-encoding" in headers

    def finished(event: Any) -> None:
        wire.wire_bytes += int(event["encodedDataLength"])
        if encoded.get(event["requestId"]) is False:
            wire._bodies.append((event["requestId"], ""))
            plain[event["requestId"]] = int(event["encodedDataLength"])

    plain: dict[str, int] = {}
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    yield wire
    saved = 0
    for request, _ in wire._bodies:
        with contextlib.suppress(Exception):  # evicted or never kept: counted as it came
            answer = session.send("Network.getResponseBody", {"requestId": request})
            if not answer["base64Encoded"] and plain[request] > 1000:
                body = answer["body"].encode()
                saved += max(0, len(body) - len(gzip.compress(body, 6)))
    wire.gzip_bytes = wire.wire_bytes - saved
    session.detach()
