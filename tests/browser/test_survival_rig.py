"""A page outlives its server: the five traps of Bokeh's reconnecting, in a real browser (docs: `page.js`, `pins.py`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.serving_rig.rig_browser import give_cookie, open_page
from tests.support.serving_rig.rig_server import RigServer

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.slow]

# Seconds between the death of the web process and a page that answers a click; on a machine where the server alone
# takes longer than five to start, twice that.
BACK_WITHIN = 10.0
PATIENCE = 45_000  # milliseconds, where another rule is looked at


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    return chromium


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RigServer]:
    rig = RigServer(tmp_path)
    try:
        rig.start_supervised()
        yield rig
    finally:
        rig.close()


def test_a_page_is_alive_again_within_ten_seconds_with_everything_typed(browser: Browser, server: RigServer) -> None:
    seen = open_page(browser, server, "?dossier=TLM-2026-0001")
    page = seen.page
    page.get_by_role("button", name="Compter").click()
    expect(page.get_by_text("n=1")).to_be_visible()
    page.evaluate("window.__same = true")
    page.get_by_label("Note").click()
    page.keyboard.type("Vu ce matin.", delay=8)
    opinion = page.get_by_label("Avis")
    opinion.click()
    page.keyboard.type("Le patient est stable, ", delay=8)
    page.wait_for_timeout(1000)
    old = server.web_pid

    server.kill_web()
    killed = time.monotonic()
    page.keyboard.type("le sommeil reste fragmenté", delay=25)
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    # A click is the measure: the picture of a page may be there long before its life.
    expect(page.get_by_text(f"pid={old}")).to_have_count(0, timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('#td-banner').dataset.state === 'back' || !window.__td.down")
    expect(opinion).to_have_value("Le patient est stable, le sommeil reste fragmenté")
    expect(page.get_by_label("Note")).to_have_value("Vu ce matin.")
    page.wait_for_function("() => !window.__td.drafts.busy()")
    focused = seen.focused()
    page.get_by_role("button", name="Compter").click()
    expect(page.get_by_text("n=1")).to_be_visible(timeout=PATIENCE)
    took = time.monotonic() - killed

    assert took < max(BACK_WITHIN, 2 * server.started_in), f"{took:.1f} s"
    text = "Le patient est stable, le sommeil reste fragmenté"
    assert focused == {"tag": "TEXTAREA", "value": text, "start": len(text) - 4}
    assert server.web_pid != old
    expect(page.get_by_text("note: Vu ce matin.")).to_be_visible()  # the component told Python
    expect(page.get_by_text("dossier=TLM-2026-0001")).to_be_visible()
    expect(page.locator(".tabulator-row")).to_have_count(5)
    assert page.evaluate("window.__same"), "the page was loaded anew"
    assert seen.refused() == []
    assert "already known" not in server.log.read_text(), "the rebuilt page was sent back to the server"
    assert {
        address.split("/")[2] for address in seen.addresses if "://" in address and not address.startswith("blob:")
    } == {f"localhost:{server.settings.port}"}


def test_keys_pressed_while_the_page_is_rebuilt_are_not_lost(browser: Browser, server: RigServer) -> None:
    page = open_page(browser, server).page
    opinion = page.get_by_label("Avis")
    opinion.click()
    page.keyboard.type("avant ")
    page.wait_for_timeout(600)
    old = server.web_pid
    server.kill_web()
    typed, end = "", time.monotonic() + PATIENCE / 1000
    while page.get_by_text(f"pid={old}").count() or len(typed) % 10:
        key = "abcdefghij"[len(typed) % 10]
        page.keyboard.press(key)
        typed += key
        assert time.monotonic() < end  # how many keys fit into a start of the server is the machine's affair
    for key in "0123456789":
        page.keyboard.press(key)
        page.wait_for_timeout(30)
    expect(opinion).to_have_value(f"avant {typed}0123456789")


def test_the_rebuilt_page_shows_the_present_address_not_the_first(browser: Browser, server: RigServer) -> None:
    page = open_page(browser, server, "?dossier=TLM-2026-0001").page
    page.evaluate("window.__td.navigate('?dossier=TLM-2026-0002')")
    expect(page.get_by_text("dossier=TLM-2026-0002")).to_be_visible()
    old = server.web_pid
    server.kill_web()
    expect(page.get_by_text(f"pid={old}")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_text("dossier=TLM-2026-0002")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("dossier=TLM-2026-0001")).to_be_visible()


def test_logging_out_elsewhere_ends_the_page_and_logging_in_again_brings_it_back(
    browser: Browser, server: RigServer
) -> None:
    page = open_page(browser, server).page
    other = page.context.new_page()
    other.goto(f"{server.url}/connexion")
    page.get_by_label("Avis").click()
    page.keyboard.type("pas encore signé")
    page.wait_for_timeout(600)
    other.evaluate("fetch('/deconnexion', {method: 'POST'})")
    expect(page.get_by_role("status")).to_contain_text("Votre session a expiré", timeout=PATIENCE)
    expect(page.get_by_role("link", name="Se reconnecter")).to_be_visible()
    expect(page.get_by_label("Avis")).to_have_value("pas encore signé")

    give_cookie(page.context, server, server.login_again())
    expect(page.get_by_role("status")).to_contain_text("Connexion rétablie", timeout=PATIENCE)
    expect(page.get_by_label("Avis")).to_have_value("pas encore signé")
    page.get_by_role("button", name="Compter").click()
    expect(page.get_by_text("n=1")).to_be_visible()


def test_a_field_emptied_after_typing_stays_empty(browser: Browser, server: RigServer) -> None:
    page = open_page(browser, server).page
    page.get_by_label("Note").click()
    page.keyboard.type("message envoyé")
    page.wait_for_timeout(300)
    page.get_by_label("Note").evaluate("field => { field.value = '' }")  # as a chat does when it has sent
    old = server.web_pid
    server.kill_web()
    expect(page.get_by_text(f"pid={old}")).to_have_count(0, timeout=PATIENCE)
    page.wait_for_timeout(1000)
    expect(page.get_by_label("Note")).to_have_value("")


def test_a_first_visit_is_a_megabyte_and_a_second_one_almost_nothing(browser: Browser, server: RigServer) -> None:
    context = browser.new_context()
    give_cookie(context, server, server.secrets[0])
    received = []
    for _ in range(2):
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        page.goto(server.url + server.path)
        page.get_by_role("button", name="Compter").click()
        expect(page.get_by_text("n=1")).to_be_visible()
        received.append(sum(sizes) / 1024)
        page.close()
    first, second = received
    assert first < 1200, f"{first:.0f} kB"  # 4969 kB as Panel serves the same page
    assert second < 40, f"{second:.0f} kB"
