"""« Carte professionnelle » in the demo, as a person meets it: the reader, the card, its code, the kiosk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.bench.browser import CHROMIUM, FLAGS
from app.bench.certificates import self_signed
from app.demo.card_box import CardBox
from tests.browser.conftest import People
from tests.browser.demo_server import DemoServer, free_port, running_demo

pytestmark = pytest.mark.browser


def state(page: Page, name: str) -> None:
    expect(page.locator(f'[data-state="{name}"]')).to_be_visible()


def test_from_an_empty_reader_to_the_kiosk(someone: People, demo: DemoServer) -> None:
    table, page = someone.page(), someone.page()
    table.goto(f"{demo.url}/demo/carte")
    table.get_by_role("button", name="Débrancher le lecteur").click()
    page.goto(f"{demo.url}/connexion")
    page.get_by_role("link", name="Carte professionnelle").click()
    expect(page.get_by_role("heading", name="Aucun lecteur détecté")).to_be_visible()
    table.get_by_role("button", name="Brancher le lecteur").click()
    expect(page.get_by_role("heading", name="Insérez votre carte")).to_be_visible()
    code, enter = page.get_by_label("Code CPS"), page.get_by_role("button", name="Se connecter avec ma carte")
    expect(enter).to_be_disabled()
    table.get_by_role("button", name="Insérer la carte de Claire MARTIN", exact=True).click()
    expect(page.get_by_role("heading", name="Carte de Claire MARTIN")).to_be_visible()
    expect(code).to_be_focused()
    # Wrong codes, down to the block.
    for typed, said in (("0000", "Il reste 2 essais"), ("1111", "Il reste 1 essai."), ("2222", "")):
        code.fill(typed)
        enter.click()
        if said:
            expect(page.get_by_text(f"Code incorrect. {said}")).to_be_visible()
            expect(code).to_be_focused()
            expect(code).to_have_value("")
    expect(page.get_by_role("heading", name="Carte bloquée")).to_be_visible()
    table.reload()
    table.get_by_role("button", name="Débloquer la carte").click()
    expect(page.get_by_role("heading", name="Carte de Claire MARTIN")).to_be_visible()
    asked = someone.asked
    asked.clear()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    code.fill("1234")
    code.press("Enter")
    page.get_by_role("heading", name="Kiosque des services", level=1).wait_for()
    assert [line.split(" ")[0] for line in sent if "1234" in line.partition(" ")[2]] == [
        line.split(" ")[0] for line in sent if line.split(" ")[0].endswith("/sign")
    ]  # the code went to the agent, and to nobody else
    assert not any("/sign" in line and demo.url in line.split(" ")[0] for line in sent)
    assert someone.errors == []


@pytest.mark.parametrize(
    ("card", "heading", "words"),
    [
        ("expiree", "Carte expirée le", "nouvelle carte"),
        ("revoquee", "Carte révoquée", "n'est plus valable depuis"),
        ("inconnue", "Connexion refusée", "aucun compte ne porte votre numéro RPPS"),
    ],
)
def test_a_card_that_is_no_good_says_why(
    someone: People, demo: DemoServer, card: str, heading: str, words: str
) -> None:
    CardBox(demo.var).insert(card)
    page = someone.page(390, 844)
    page.goto(f"{demo.url}/connexion?moyen=carte")
    if card != "expiree":
        page.get_by_label("Code CPS").fill("1234")
        page.get_by_role("button", name="Se connecter avec ma carte").click()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text(words)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert someone.errors == []


# ---- a page from elsewhere: only then does Chromium ask before it lets a page reach this machine


class TlsFront:
    """What nginx does in front: takes https for `portail.test`, passes the bytes on."""

    def __init__(self, folder: Path, port: int, behind: int) -> None:
        self._port, self._behind = port, behind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made = self_signed(folder, "portail.test")
        self._context.load_cert_chain(made.certificate, made.key)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        starting = asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._context)
        self._server = self._loop.run_until_complete(starting)
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        await asyncio.gather(_pour(reader, behind_writer), _pour(behind_reader, writer))

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    writer.close()


@pytest.fixture
def far(driver: Playwright, tmp_path: Path) -> Iterator[tuple[Browser, str, DemoServer]]:
    """A demo at https://portail.test, which Chromium takes for a site of the Internet."""
    port = free_port()
    url = f"https://portail.test:{port}"
    flags = [
        "--host-resolver-rules=MAP portail.test 127.0.0.1",
        f"--ip-address-space-overrides=127.0.0.1:{port}=public",
    ]
    with running_demo(tmp_path / "demo", {"TD_PUBLIC_URL": url}) as demo:
        front = TlsFront(tmp_path, port, demo.port)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser, url, demo
        finally:
            browser.close()
            front.close()


def allow(browser: Browser, page: Page, origin: str, setting: str) -> None:
    """What a person chooses in the browser's own window."""
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]
    asked = {"permission": {"name": "loopback-network"}, "setting": setting, "origin": origin}
    browser.new_browser_cdp_session().send(
        "Browser.setPermission", asked | {"browserContextId": target["browserContextId"]}
    )


def test_the_browsers_permission_is_explained_then_refused_then_given(
    far: tuple[Browser, str, DemoServer],
) -> None:
    browser, url, demo = far
    CardBox(demo.var).insert("leroy")
    page = browser.new_context(ignore_https_errors=True, locale="fr-FR").new_page()
    page.set_default_timeout(20_000)
    reached: list[str] = []
    page.on("response", lambda response: reached.append(response.url))
    page.goto(f"{url}/connexion?moyen=carte")
    expect(page.get_by_role("heading", name="Autorisez le lecteur de cartes")).to_be_visible()
    assert not any("/info" in address for address in reached)  # nothing is asked before it is explained
    allow(browser, page, url, "denied")
    expect(page.get_by_role("heading", name="Le navigateur bloque le lecteur")).to_be_visible()
    expect(page.get_by_text("Cliquez sur l'icône à gauche de l'adresse")).to_be_visible()
    page.get_by_role("button", name="Réessayer").click()
    expect(page.get_by_role("heading", name="Le navigateur bloque le lecteur")).to_be_visible()
    assert not any("/info" in address for address in reached)
    allow(browser, page, url, "granted")
    expect(page.get_by_role("heading", name="Carte de Hugo LEROY")).to_be_visible()
    page.get_by_label("Code CPS").fill("1234")
    page.get_by_role("button", name="Se connecter avec ma carte").click()
    page.get_by_role("heading", name="Kiosque des services", level=1).wait_for()
    assert any("/sign" in address for address in reached)
    assert json.loads(page.evaluate("JSON.stringify(isSecureContext)"))
