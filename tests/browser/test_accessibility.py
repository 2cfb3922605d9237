"""axe-core looks at every page of the product, wide and on a telephone: nothing serious."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.axe import AXE, serious
from tests.browser.conftest import People
from tests.browser.demo_server import DemoServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
]

WIDE, PHONE = (1440, 900), (390, 844)
TABS = ("Demande", "Documents", "Avis de l'expert", "Téléconsultation", "Traçabilité")
DOCUMENTS = ("Courrier du Dr PETIT", "Scanner cérébral", "Biologie du")


# Words of buttons that do not find their place.
CUT = """(buttons) => buttons.filter((button) => button.scrollWidth > button.clientWidth
  || button.getBoundingClientRect().right > innerWidth).map((button) => button.innerText)"""


def is_wide(page: Page) -> bool:
    return page.viewport_size is not None and page.viewport_size["width"] > PHONE[0]


def left_of(one: Locator, other: Locator) -> bool:
    """Whether one ends where the other begins, or before, and they share a height."""
    a, b = boxes(one, other)
    return a["x"] + a["width"] <= b["x"] + 1 and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def above(one: Locator, other: Locator) -> bool:
    a, b = boxes(one, other)
    return a["y"] + a["height"] <= b["y"] + 1


def boxes(*several: Locator) -> list[FloatRect]:
    found = [one.bounding_box() for one in several]
    assert None not in found
    return [box for box in found if box]


def look(page: Page, findings: dict[str, list[str]], name: str) -> None:
    if found := serious(page):
        findings[name] = found


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_of_a_professional_has_a_serious_fault(
    someone: People, demo: DemoServer, size: tuple[int, int]
) -> None:
    findings: dict[str, list[str]] = {}
    page = someone.page(*size)
    page.goto(f"{demo.url}/connexion")
    look(page, findings, "connexion")
    for address in ("/connexion?moyen=forte", "/connexion/oubli", "/connexion/nouveau-mot-de-passe/abc"):
        page.goto(demo.url + address)
        look(page, findings, address)
    page.goto(f"{demo.url}/connexion?moyen=cle")
    look(page, findings, "clé d'accès")
    page = someone.logged_in("dr.martin", *size)
    look(page, findings, "portail")
    page.goto(f"{demo.url}/parametres")
    look(page, findings, "paramètres")
    page.goto(f"{demo.url}/tlm")
    page.get_by_role("link", name="TLM-2026-0006").first.wait_for()
    look(page, findings, "liste")
    page.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_load_state("networkidle")
        look(page, findings, tab)
    page.get_by_role("tab", name="Documents").click()
    for title in DOCUMENTS:
        page.get_by_role("button", name=title).click()
        page.wait_for_load_state("networkidle")
        look(page, findings, title)
    join_and_look(page, findings)
    page.goto(f"{demo.url}/demo/boite")
    look(page, findings, "boîte")
    page.goto(f"{demo.url}/invitation/abc")
    look(page, findings, "invitation refusée")
    assert findings == {}


ADMINISTRATION = (
    "personnes",
    "personnes&personne=nouvelle",
    "personnes&personne=1",
    "etablissements",
    "etablissements&etablissement=1",
    "moyens",
    "moyens&etablissement=1",
    "salles",
    "journal",
)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_of_an_administrator_has_a_serious_fault_or_is_too_wide(
    someone: People, demo: DemoServer, size: tuple[int, int]
) -> None:
    findings: dict[str, list[str]] = {}
    page = someone.logged_in("admin", *size)
    for place in ADMINISTRATION:
        page.goto(f"{demo.url}/administration?onglet={place}")
        page.get_by_role("heading", name="Administration", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        look(page, findings, place)
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            findings.setdefault(place, []).append("too wide")
    page.goto(f"{demo.url}/administration/import")
    look(page, findings, "import")
    assert findings == {}


def join_and_look(page: Page, findings: dict[str, list[str]]) -> None:
    """The lobby, the call, and each of its panels; then out again."""
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name="Salle Orange").wait_for()
    look(page, findings, "choix de la salle")
    page.get_by_role("radio", name="Salle Orange").check()
    page.get_by_role("button", name="Rejoindre").click()
    leave = page.get_by_role("button", name="Quitter la téléconsultation")
    leave.wait_for()
    if cut := page.locator(".td-bar-second button").evaluate_all(CUT):
        findings["cut off in the bar"] = cut
    for panel in ("Inviter", "Discussion", "Participants"):
        page.get_by_role("button", name=panel).first.click()
        look(page, findings, panel)
    if is_wide(page):  # what the call is about stands beside it, and beside its list
        chosen, shown = page.get_by_role("button", name=DOCUMENTS[-1]), page.locator(".document-beside")
        assert left_of(chosen, shown)
        assert left_of(shown, leave)
    else:  # the identity is whole above the room
        assert above(page.get_by_text("Identité qualifiée").first, page.get_by_role("heading", name="Salle Orange"))
        page.set_viewport_size({"width": 390, "height": 664})
        page.get_by_role("button", name="Discussion").first.click()
        assert above(page.get_by_role("textbox", name="Message à la salle"), leave)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    leave.click()
    expect(leave).to_have_count(0)


@pytest.mark.parametrize("width", [360, 390, 768])
def test_no_page_is_wider_than_its_window(someone: People, demo: DemoServer, width: int) -> None:
    page = someone.logged_in("dr.martin", width, 800)
    too_wide = []
    for address in (
        "/portail",
        "/parametres",
        "/tlm",
        *(f"/tlm?dossier=TLM-2026-0001&onglet={tab}" for tab in ("demande", "documents", "avis")),
    ):
        page.goto(demo.url + address)
        page.wait_for_load_state("networkidle")
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            too_wide.append(address)
    assert too_wide == []
