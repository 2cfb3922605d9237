"""`make screenshots`: every screen of the demo, wide and as on a phone, into `docs/screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from app.bench.browser import chromium, log_in, until
from app.bench.pages import invite
from tests.browser.demo_server import ROOT, running_demo

TARGET = ROOT / "docs" / "screenshots"
NUMBER = "TLM-2026-0001"


def main() -> None:
    """Draw them all."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as demo, chromium() as browser:
        for width, height, end in ((1440, 900, ""), (390, 844, "-390")):
            page = _page(browser, width, height)
            _ways(page, demo.url, end)
            log_in(page, demo.url, "dr.martin")
            page.screenshot(path=TARGET / f"portail{end}.png")
            page.goto(f"{demo.url}/tlm")
            page.get_by_role("heading", name="Mes télédossiers").wait_for()
            page.screenshot(path=TARGET / f"liste{end}.png")
            page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
            page.get_by_role("button", name="Entrer en salle").wait_for()
            page.wait_for_timeout(2500)  # until the first page is drawn
            page.screenshot(path=TARGET / f"dossier{end}.png")
            page.goto(f"{demo.url}/parametres")
            page.screenshot(path=TARGET / f"parametres{end}.png")
            page.context.close()
            page = _page(browser, width, height)
            log_in(page, demo.url, "admin")
            page.goto(f"{demo.url}/administration")
            page.get_by_role("link", name="dr.martin").or_(page.get_by_text("Claire MARTIN")).first.wait_for()
            page.screenshot(path=TARGET / f"administration{end}.png")
            page.context.close()
        _call(browser, demo.url)
        _guest(browser, demo.url)


def _ways(page: Any, url: str, end: str) -> None:
    """Before logging in: the card that waits for its code, the pane of each other way, the demo's telephone."""
    page.goto(f"{url}/demo/carte")
    page.get_by_role("button", name="Insérer", exact=False).first.click()
    page.goto(f"{url}/connexion?moyen=carte")
    page.get_by_role("heading", name="Carte de").wait_for()
    page.screenshot(path=TARGET / f"connexion{end}.png")
    for slug in ("psc", "forte", "mot-de-passe", "cle"):
        page.goto(f"{url}/connexion?moyen={slug}")
        page.screenshot(path=TARGET / f"connexion-{slug}{end}.png")
    for name in ("telephone", "carte"):
        page.goto(f"{url}/demo/{name}")
        page.screenshot(path=TARGET / f"demo-{name}{end}.png")


def _call(browser: Any, url: str) -> None:
    pages = []
    for login, width, height in (("ide.dubois", 390, 844), ("dr.martin", 1440, 900)):
        page = _page(browser, width, height)
        log_in(page, url, login)
        page.goto(f"{url}/tlm?dossier={NUMBER}")
        page.get_by_role("button", name="Entrer en salle").click()
        page.get_by_role("button", name="Rejoindre").wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=TARGET / f"salle{'-390' if width < 800 else ''}.png")
        page.get_by_role("button", name="Rejoindre").click()
        page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
        pages.append(page)
    nurse, expert = pages
    until(expert, "window.__td.call.framesShown() > 20")
    expert.get_by_role("tab", name="Avis de l'expert").click()
    expert.get_by_label("Synthèse et hypothèses").fill("Confusion aiguë sur maladie d'Alzheimer, infection probable.")
    expert.wait_for_timeout(1200)
    expert.screenshot(path=TARGET / "appel.png")
    nurse.screenshot(path=TARGET / "appel-390.png")
    for page in pages:
        page.context.close()


def _guest(browser: Any, url: str) -> None:
    """An invited person on a telephone: device check, waiting room, call."""
    link = invite(url, browser)
    expert = _page(browser, 1440, 900)
    log_in(expert, url, "dr.martin")
    expert.goto(f"{url}/tlm?dossier={NUMBER}")
    expert.get_by_role("button", name="Entrer en salle").click()
    expert.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Quitter la téléconsultation").wait_for()
    guest = _page(browser, 390, 844)
    guest.goto(link)
    guest.get_by_text("On vous entend", exact=True).wait_for()
    guest.wait_for_timeout(2500)  # until the network is checked
    guest.screenshot(path=TARGET / "invite-390.png")
    guest.get_by_role("button", name="Rejoindre").click()
    guest.get_by_role("heading", name="Vous êtes dans la salle d'attente").wait_for()
    guest.screenshot(path=TARGET / "invite-attente-390.png")
    expert.get_by_role("button", name="Admettre").first.click()
    until(guest, "window.__td.call.framesShown() > 20")
    guest.screenshot(path=TARGET / "invite-appel-390.png")
    expert.screenshot(path=TARGET / "appel-invite.png")
    for page in (guest, expert):
        page.context.close()


def _page(browser: Any, width: int, height: int) -> Any:
    return browser.new_context(
        viewport={"width": width, "height": height},
        permissions=["camera", "microphone"],
        locale="fr-FR",
        timezone_id="Europe/Paris",
    ).new_page()


if __name__ == "__main__":
    main()
