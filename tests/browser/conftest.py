"""The demo, started for each file of browser tests, and Debian's Chromium with a fake camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from app.bench.browser import CHROMIUM, FLAGS
from app.bench.going_over import BLOCKED
from tests.browser.demo_server import DemoServer, running_demo
from tests.browser.room_rig import RoomServer

PASSWORD = "Demonstration-2026"
PATIENCE = 45  # seconds: ends what will never come, judges nobody
# What Chromium itself says of a refusal that a test asks for, and of a line that the page gives up to dial anew.
KNOWN = ("Failed to load resource", "WebSocket connection to")
expect.set_options(timeout=1000 * PATIENCE)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with running_demo(tmp_path_factory.mktemp("demo")) as server:
        yield server


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright, once: its loop runs in this thread, and a second one beside it is refused."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def someone(chromium: Browser, demo: DemoServer) -> Iterator[People]:
    people = People(chromium, demo)
    yield people
    people.close()


@pytest.fixture(params=["direct", "unit"])
def route(request: pytest.FixtureRequest) -> str:
    """By which way pictures travel: a test that takes it runs on both. `take_route` brings the pages there."""
    return str(request.param)


def take_route(route: str, *pages: Page) -> None:
    """The call of these pages goes by this route, and by no other."""
    if route == "unit":
        pages[0].evaluate(BLOCKED)
    for page in pages:
        until(page, f"window.__td.call.route() === '{route}' && window.__td.call.connections() === 1", 120)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[RoomServer]:
    server = RoomServer(getattr(request, "param", 2))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def open_page(chromium: Browser, server: RoomServer) -> Iterator[Open]:
    contexts, errors = [], []

    def open_page(path: str, width: int = 1440, height: int = 900, script: str = "") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            permissions=["camera", "microphone"],
            locale="fr-FR",
            timezone_id="Europe/Paris",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        if script:
            page.add_init_script(script)
        page.goto(server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def join(page: Page) -> Page:
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
    return page


class People:
    """Opens a browser of its own for each person; remembers what went wrong in their pages."""

    def __init__(self, chromium: Browser, demo: DemoServer) -> None:
        self._chromium, self._demo = chromium, demo
        self._contexts: list[object] = []
        self.errors: list[str] = []
        self.asked: set[str] = set()

    def page(self, width: int = 1440, height: int = 900, user_agent: str | None = None) -> Page:
        context = self._chromium.new_context(
            viewport={"width": width, "height": height},
            permissions=["camera", "microphone"],
            locale="fr-FR",
            timezone_id="Europe/Paris",
            user_agent=user_agent,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("request", lambda request: self.asked.add(request.url))
        return page

    def _note(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or (kind == "error" and not text.startswith(KNOWN)):
            self.errors.append(text)

    def logged_in(self, login: str, width: int = 1440, height: int = 900, user_agent: str | None = None) -> Page:
        """A browser in which somebody has logged in, at the kiosk."""
        page = self.page(width, height, user_agent)
        page.goto(f"{self._demo.url}/connexion?moyen=mot-de-passe")
        page.get_by_label("Identifiant").fill(login)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.get_by_role("heading", name="Kiosque des services", level=1).wait_for()
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()  # type: ignore[attr-defined]


def until(page: Page, expression: str, seconds: float = PATIENCE) -> None:
    """Wait until a JavaScript expression (or its promise) is true; `wait_for_function` needs eval, which pages forbid."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {expression}")
        page.wait_for_timeout(50)
