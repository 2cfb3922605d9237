"""The document viewer in a real browser: fast, searchable, by keyboard, on a phone, and under our page policy.

`python -m tests.browser.test_viewer_rig` serves the rig alone, to look at it by hand.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-rig'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)  # as `app.server.headers`: no eval, no blob scripts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def serve() -> None:
    """A server with one person logged in, four documents, and a page per query `?d=`."""
    import asyncio

    import panel as pn
    from panel.io.server import DocHandler
    from tornado.web import RequestHandler

    from app.demo import files
    from app.documents import service
    from app.documents.models import DocumentKind
    from app.french import local
    from app.identity import login_sessions
    from app.identity.ways import Way
    from app.pages.picture_view import picture_view
    from app.server import context
    from app.web.routes_documents import ROUTES
    from components.document_viewer import DocumentViewer
    from components.document_viewer.demo import demo
    from components.picture_viewer.demo import demo as picture_demo
    from tests.support.people import small_world
    from tests.unit.documents import samples

    world = small_world()
    context.use(world.platform)
    with world.platform.transaction() as session:
        secret = login_sessions.open_session(session, world.platform, world.dr_martin, Way.PASSWORD)
    today = local(world.clock.now()).date()
    contents = {
        "lettre": ("Courrier du Dr PETIT.pdf", files.letter(today)),
        "scan": ("Ordonnance numérisée.pdf", samples.scan(2)),
        "photo": ("Photo avant-bras gauche.jpg", files.wound_photo(today)),
        "avant": ("Talon droit.jpg", files.wound_photo(today - timedelta(days=21))),
        "colonnes": ("Deux colonnes.pdf", columns()),
        "long": (
            "Dossier complet.pdf",
            samples.pdf(*(f"Page {number} : constante mesure" for number in range(1, 207))),
        ),
    }

    async def fill() -> dict[str, Any]:
        return {
            name: await service.add(world.platform, world.ide_dubois, "TLM-2026-0001", filename, iter([content]))
            for name, (filename, content) in contents.items()
        }

    documents = asyncio.run(fill())
    documents["absent"] = None

    plain_write = DocHandler.write

    def write(handler: Any, chunk: Any) -> None:
        if isinstance(chunk, str):
            chunk = re.sub(r"<script(?=[\s>])", '<script nonce="rig"', chunk)
            handler.set_header("Content-Security-Policy", POLICY)
        plain_write(handler, chunk)

    DocHandler.write = write

    class LogIn(RequestHandler):
        def get(self) -> None:
            self.set_cookie(world.platform.settings.session_cookie, secret, httponly=True)
            self.finish("ok")

    def page() -> Any:
        name = (pn.state.session_args.get("d") or [b"lettre"])[0].decode()
        narrow = (pn.state.session_args.get("l") or [b"400"])[0].decode()
        if name == "carnet":
            return pn.Column(demo(), sizing_mode="stretch_width")
        if name == "images":
            return picture_demo()
        document = documents[name]
        if document and document.kind is DocumentKind.PICTURE:
            return picture_view(document, [each for each in documents.values() if each])
        pressed = pn.pane.Str("", css_classes=["pressed"])
        viewer = DocumentViewer(
            source=f"/api/documents/{document.reference if document else '0' * 32}",
            title=document.title if document else "Disparu",
            actions=[{"name": "send", "label": "Envoyer…", "primary": True}],
            on_action=lambda action: setattr(pressed, "object", action),
            sizing_mode="stretch_width",
            min_height=560,
            margin=0,
        )
        told = pn.pane.Str(pn.bind(lambda page, zoom: f"page={page} zoom={zoom}", viewer.param.page, viewer.param.zoom))
        if narrow == "0":
            return pn.Column(viewer, told, pressed, sizing_mode="stretch_width", margin=0)
        rest = pn.Column(pn.Spacer(height=60), told, pressed, width=int(narrow), margin=0)
        return pn.Row(rest, viewer, sizing_mode="stretch_width", margin=0)

    tokens = (ROOT / "components/_shared/tokens.css").read_text(encoding="utf-8")
    pn.config.raw_css = [tokens, "body { margin: 0; padding: 0; }"]
    server = pn.serve(
        {"/": page}, port=int(sys.argv[1]) if len(sys.argv) > 1 else 0, address="127.0.0.1", show=False, start=False,
        extra_patterns=[(r"/entrer", LogIn), *ROUTES], title="Lecture",
    )  # fmt: skip
    server.start()
    sys.stdout.write(f"port={server.port}\n")
    sys.stdout.flush()
    server.io_loop.start()


def columns() -> bytes:
    """A page in two columns whose lines were drawn in a wild order, the second page lying and turned upright."""
    import pymupdf

    left = ["Le patient est suivi depuis", "trois ans pour une maladie", "chronique bien connue ici"]
    right = ["La biologie du mois dernier", "montre un sodium trop bas", "sans autre anomalie notable"]
    with pymupdf.open() as document:
        for _page in range(2):
            page = document.new_page()
            for line in (2, 0, 1):
                for x, lines in ((320, right), (60, left)):
                    page.insert_text((x, 100 + 16 * line), lines[line], fontsize=11)
        return bytes(document.tobytes())


# ---- the browser's side


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    environment = os.environ | {"BOKEH_RESOURCES": "server", "BOKEH_LOG_LEVEL": "error"}
    rig = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.test_viewer_rig"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert rig.stdout is not None
    port = next((line[5:].strip() for line in rig.stdout if line.startswith("port=")), "")
    assert port, "the rig does not start"
    yield f"http://localhost:{port}"
    rig.kill()
    rig.wait()
    rig.stdout.close()


Opening = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Opening]:
    """Opens a page of the rig; afterwards nothing may have gone wrong in it."""
    wrong: list[str] = []
    contexts = []

    def open_page(query: str, width: int = 1440, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if _is_wrong(message) else None)
        page.on("request", lambda request: wrong.append(request.url) if _is_foreign(request.url) else None)
        page.goto(f"{address}/entrer")
        page.goto(f"{address}/?{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _is_wrong(message: Any) -> bool:
    return message.type == "error" and "Failed to load resource" not in message.text


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://localhost", "ws://localhost", "data:", "blob:"))


def picture(page: Page, name: str) -> None:
    """Keep what is seen, to be looked at (`VIEWER_SHOTS=folder`)."""
    folder = Path(os.environ.get("VIEWER_SHOTS") or tempfile.gettempdir()) / "viewer-rig"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def sheet(page: Page, number: int, pages: int = 2) -> Any:
    return page.get_by_role("article", name=f"Page {number} sur {pages}")


def test_a_letter_is_read_as_in_the_mock_up(opened: Opening) -> None:
    page = opened("d=lettre")
    expect(sheet(page, 1).locator("img")).to_be_visible()
    expect(page.get_by_role("heading", name="Courrier du Dr PETIT")).to_be_visible()
    expect(page.locator(".pager")).to_have_text("1 / 2")
    expect(page.get_by_role("list", name="Pages").get_by_role("button")).to_have_count(2)
    assert sheet(page, 1).bounding_box()["width"] == 760  # type: ignore[index]
    page.get_by_label("Chercher dans le document").fill("alzheimer")
    expect(page.locator("mark").first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 sur")).to_be_visible()
    expect(page.locator(".thumb img")).to_have_count(2)
    picture(page, "lettre-1440")


def test_pages_turn_by_button_thumbnail_and_key_and_python_is_told(opened: Opening) -> None:
    page = opened("d=long")
    expect(sheet(page, 1, 206).locator("img")).to_be_visible()
    page.get_by_role("button", name="Page suivante").click()
    expect(page.locator(".pager")).to_have_text("2 / 206")
    expect(page.get_by_text("page=2 zoom=1")).to_be_visible()
    page.get_by_role("region", name="Dossier complet").press("PageDown")
    expect(page.locator(".pager")).to_have_text("3 / 206")
    page.keyboard.press("PageUp")
    expect(page.locator(".pager")).to_have_text("2 / 206")
    page.get_by_role("list", name="Pages").get_by_role("button", name="Page 5", exact=True).click()
    expect(page.locator(".pager")).to_have_text("5 / 206")
    expect(sheet(page, 5, 206).locator("img")).to_be_visible()
    page.get_by_label("Chercher dans le document").fill("page 151")
    expect(page.locator(".pager")).to_have_text("151 / 206")
    expect(sheet(page, 151, 206).locator("img")).to_be_visible()
    expect(sheet(page, 1, 206).locator("img")).to_have_count(0)  # far away: gone
    assert page.locator(".sheet img").count() < 10


def test_thumbnails_leave_the_page_when_a_call_takes_the_room_and_come_back(opened: Opening) -> None:
    page = opened("d=lettre", width=1280)
    pages = page.get_by_role("list", name="Pages")
    expect(pages).to_be_visible()
    page.set_viewport_size({"width": 620, "height": 900})
    expect(pages).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(pages).to_be_visible()


def test_zoom_keeps_its_place_and_has_its_keys(opened: Opening) -> None:
    page = opened("d=lettre")
    image = sheet(page, 1).locator("img")
    expect(image).to_be_visible()
    page.get_by_role("button", name="Agrandir").click()
    expect(page.get_by_text("125 %")).to_be_visible()
    assert sheet(page, 1).bounding_box()["width"] == 950  # type: ignore[index]
    page.get_by_role("region", name="Courrier du Dr PETIT").press("+")
    page.keyboard.press("+")
    expect(page.get_by_text("200 %")).to_be_visible()
    expect(page.get_by_text("zoom=2", exact=False)).to_be_visible()
    expect(image).to_have_attribute("src", re.compile(r"/api/documents/[0-9a-f]{32}/pages/1\.webp\?l=1520$"))
    picture(page, "lettre-200")
    page.keyboard.press("0")
    page.keyboard.press("-")
    expect(page.get_by_text("75 %")).to_be_visible()


def test_a_page_stays_on_the_screen_until_its_sharper_picture_has_come(opened: Opening) -> None:
    page = opened("d=lettre")
    image = sheet(page, 1).locator("img")
    expect(image).to_have_attribute("src", re.compile(r"l=760$"))
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route(re.compile(r"pages/1\.webp\?l=(950|1140)$"), hold)
    page.get_by_role("button", name="Agrandir").click()
    expect(page.get_by_text("125 %")).to_be_visible()
    page.get_by_role("button", name="Agrandir").click()  # and the first is let go of: it has not come
    for _ in range(800):
        if held and held[-1].request.url.endswith("l=1140"):
            break
        page.wait_for_timeout(50)
    expect(image).to_have_attribute("src", re.compile(r"l=760$"))
    assert image.evaluate("image => image.naturalWidth") == 760
    held[-1].continue_()
    expect(image).to_have_attribute("src", re.compile(r"l=1140$"))


def test_search_goes_from_place_to_place_without_a_mouse(opened: Opening) -> None:
    page = opened("d=long")
    expect(sheet(page, 1, 206).locator("img")).to_be_visible()
    page.get_by_role("region", name="Dossier complet").press("Control+f")
    expect(page.get_by_label("Chercher dans le document")).to_be_focused()
    # The answer to all of it: a hand that halts is searched for too, and « Entrée » after more was typed only searches.
    with page.expect_response(re.compile("mesur%C3%A9$")):
        page.keyboard.type("CONSTANTE mesuré")
    expect(page.get_by_text("1 sur 206")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 sur 206")).to_be_visible()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("206 sur 206")).to_be_visible()
    expect(page.locator(".pager")).to_have_text("206 / 206")
    page.keyboard.press("Escape")
    expect(page.locator("mark")).to_have_count(0)
    page.keyboard.type("absent")
    expect(page.get_by_text("Aucun résultat")).to_be_visible()


def test_words_can_be_selected_where_they_stand(opened: Opening) -> None:
    page = opened("d=lettre")
    word = sheet(page, 1).locator(".text span", has_text="Alzheimer").first
    expect(word).to_be_attached()
    box = word.bounding_box()
    assert box is not None
    # Measured against the image: the word's box lies on ink, the same place a line higher does not hold it.
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = page.evaluate(
        "() => { const find = (n) => { for (const e of n.querySelectorAll('*')) if (e.shadowRoot) { const s = e.shadowRoot.getSelection?.(); if (s && String(s)) return String(s); const deep = find(e.shadowRoot); if (deep) return deep; } return ''; }; return find(document) || String(getSelection()); }"
    )
    assert "Alzheimer" in chosen
    expected = page.evaluate("(e) => e.getBoundingClientRect().width", word.element_handle())
    assert 40 < expected < 140


def test_a_scan_says_that_it_has_no_text(opened: Opening) -> None:
    page = opened("d=scan")
    expect(sheet(page, 1).locator("img")).to_be_visible()
    expect(page.get_by_text("Document numérisé sans texte")).to_be_visible()
    expect(page.get_by_label("Chercher dans le document")).to_be_disabled()
    picture(page, "scan-1440")


def stage(page: Page, name: str = "Photo avant-bras gauche") -> Any:
    return page.get_by_role("application", name=re.compile(name))


def test_a_picture_fits_and_can_be_magnified_to_every_point(opened: Opening) -> None:
    page = opened("d=photo")
    tiles: list[str] = []
    page.on(
        "request",
        lambda request: tiles.append(request.url.split("/tuiles/")[-1]) if "/tuiles/" in request.url else None,
    )
    expect(stage(page)).to_have_attribute("data-sharp", "true")
    assert tiles == []  # the whole picture is sharp enough as it is
    figure = page.locator(".figures")
    whole = int(figure.inner_text().split("\u202f")[0])
    assert whole < 100  # all of it is in view
    page.get_by_role("button", name="Agrandir").click()
    expect(figure).not_to_have_text(f"{whole}\u202f%")
    assert int(figure.inner_text().split("\u202f")[0]) == pytest.approx(whole * 1.25, abs=1)
    page.get_by_role("button", name="Taille réelle").click()
    expect(figure).to_have_text("100\u202f%")
    expect(stage(page)).to_have_attribute("data-sharp", "true")
    # Its finest tiles may all be there since the step before: beyond 50 % of the points a coarser level would be blurred.
    assert [tile for tile in tiles if tile.startswith("0/1-1")] == ["0/1-1.webp"]
    assert len(tiles) == len(set(tiles))
    picture(page, "photo-1440")
    stage(page).press("0")
    expect(figure).to_have_text(f"{whole}\u202f%")


def test_a_wound_is_measured_with_the_mouse_against_the_ruler_in_the_picture(opened: Opening) -> None:
    page = opened("d=photo&l=0", width=1280, height=800)
    expect(stage(page)).to_have_attribute("data-sharp", "true")
    page.get_by_role("button", name="Mesurer").click()
    box = stage(page).bounding_box()
    assert box is not None
    scale = min(box["width"] / 1600, box["height"] / 1200)

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + box["width"] / 2 + (x - 800) * scale, box["y"] + box["height"] / 2 + (y - 600) * scale

    def draw(*points: tuple[float, float]) -> None:
        page.mouse.move(*at(*points[0]))
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*at(*point), steps=4)
        page.mouse.up()

    page.get_by_role("button", name="Référence", exact=True).click()
    draw((330, 1046), (330 + 50 * 14, 1046))  # five of the ruler's centimetres
    length = page.get_by_label(re.compile("Longueur réelle de la référence, en millimètres"))
    expect(length).to_be_focused()
    page.keyboard.type("50")
    page.get_by_role("button", name="Longueur", exact=True).click()
    draw((500, 400), (500 + 30 * 14, 400))
    measured = page.get_by_role("region", name="Mesures").locator(".list li")
    found = float(measured.locator("b").inner_text().split("\u00a0")[0].replace(",", "."))
    assert found == pytest.approx(30, abs=0.3)
    page.get_by_role("button", name="Surface", exact=True).click()
    draw((600, 500), (880, 500), (880, 780), (600, 780), (602, 506))  # followed by hand: 20 mm by 20 mm
    found = float(measured.nth(1).locator("b").inner_text().split("\u00a0")[0].replace(",", "."))
    assert found == pytest.approx(4.0, abs=0.2)
    expect(page.get_by_text("Estimation sur une image plate")).to_be_visible()
    picture(page, "mesure-1280")
    page.get_by_role("button", name="Annuler").click()
    expect(measured).to_have_count(1)
    point = page.get_by_role("button", name="Point 2 : Longueur")
    point.focus()
    before = measured.locator("b").inner_text()
    for _step in range(3):
        point.press("Shift+ArrowRight")
    expect(measured.locator("b")).not_to_have_text(before)


def test_two_fingers_bring_a_page_nearer_and_the_wheel_with_ctrl_too(opened: Opening) -> None:
    page = opened("d=lettre&l=0", width=390, height=844, has_touch=True)
    expect(sheet(page, 1).locator("img")).to_be_visible()
    hands = page.context.new_cdp_session(page)
    for apart in (40, 60, 80):
        points = [{"x": 195 - apart, "y": 400}, {"x": 195 + apart, "y": 400}]
        kind = "touchStart" if apart == 40 else "touchMove"
        hands.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    hands.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_text(re.compile("zoom=1.[3-9]"))).to_be_visible()
    wide = opened("d=lettre&w=1")
    expect(sheet(wide, 1).locator("img")).to_be_visible()
    wide.mouse.move(900, 400)
    wide.keyboard.down("Control")
    wide.mouse.wheel(0, -150)
    wide.keyboard.up("Control")
    expect(wide.get_by_text(re.compile("zoom=1.6"))).to_be_visible()


def test_pages_fit_the_width_and_the_height_of_their_room(opened: Opening) -> None:
    page = opened("d=lettre&l=0", width=1280, height=800)
    expect(sheet(page, 1).locator("img")).to_be_visible()
    pane = page.get_by_role("region", name="Courrier du Dr PETIT")
    page.get_by_role("button", name="Page entière").click()
    expect(page.get_by_role("button", name="Page entière")).to_have_attribute("aria-pressed", "true")
    room = pane.bounding_box()
    assert room is not None
    assert sheet(page, 1).bounding_box()["height"] == pytest.approx(room["height"] - 32, abs=12)  # type: ignore[index]
    pane.press("l")
    wide = sheet(page, 1).bounding_box()
    assert wide is not None
    assert wide["width"] == pytest.approx(room["width"] - 48, abs=12)
    page.set_viewport_size({"width": 900, "height": 800})
    expect(page.locator(".percent")).not_to_have_text(re.compile("^1[1-9]"))
    pane.press("0")
    pane.press("r")
    turned = sheet(page, 1).bounding_box()
    assert turned is not None
    assert turned["width"] > turned["height"]
    picture(page, "lettre-tournee-900")


COLUMNS = (
    "Le patient est suivi depuis\ntrois ans pour une maladie\nchronique bien connue ici\n"
    "La biologie du mois dernier\nmontre un sodium trop bas\nsans autre anomalie notable"
)


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_what_is_selected_is_copied_as_it_is_read_also_on_turned_pages(opened: Opening, turns: int) -> None:
    page = opened(f"d=colonnes&t={turns}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('')")  # what another turn has left there is the same
    words = sheet(page, 1).locator(".text span")
    expect(words).to_have_count(28)
    for _turn in range(turns):
        page.get_by_role("button", name="Tourner d'un quart de tour").click()
    words.first.scroll_into_view_if_needed()  # upside down, the head of a page is at its foot
    first, last = words.first.bounding_box(), words.last.bounding_box()
    assert first is not None
    assert last is not None
    begin = {0: (0.02, 0.5), 1: (0.5, 0), 2: (0.98, 0.5)}[turns]
    end = {0: (0.95, 0.5), 1: (0.5, 1), 2: (0.05, 0.5)}[turns]
    page.mouse.move(first["x"] + first["width"] * begin[0], first["y"] + first["height"] * begin[1])
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] * end[0], last["y"] + last["height"] * end[1], steps=8)
    page.mouse.up()
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == COLUMNS


def test_a_document_is_taken_home_and_other_buttons_tell_python(opened: Opening) -> None:
    page = opened("d=lettre")
    expect(sheet(page, 1).locator("img")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger").press("Space")
    assert download.value.suggested_filename == "Courrier du Dr PETIT.pdf"
    kept = page.evaluate(
        "(path) => fetch(path).then((a) => a.arrayBuffer()).then((b) => [...new Uint8Array(b)])",
        sheet(page, 1).locator("img").get_attribute("src").split("/pages/")[0],  # type: ignore[union-attr]
    )
    assert Path(download.value.path()).read_bytes() == bytes(kept)
    assert bytes(kept).startswith(b"%PDF-")
    page.get_by_role("button", name="Envoyer…").click()
    expect(page.get_by_text("send", exact=True)).to_be_visible()


def test_what_cannot_be_opened_says_so_and_can_be_tried_again(opened: Opening) -> None:
    page = opened("d=absent")
    expect(page.get_by_role("alert")).to_have_text(
        "Introuvable, ou vous n'y avez pas accès.Réessayer".removesuffix("Réessayer")
    )
    picture(page, "absent-1440")
    lost = opened("d=lettre&x=1")
    expect(sheet(lost, 1).locator("img")).to_be_visible()
    lost.route("**/pages/**", lambda route: route.abort())
    lost.get_by_role("button", name="Agrandir").click()  # a larger image does not come: the one that is there stays
    lost.get_by_role("button", name="Page suivante").click()
    expect(sheet(lost, 1).locator("img")).to_be_visible()


def test_a_page_that_fails_is_tried_again_by_itself_alone(opened: Opening) -> None:
    page = opened("d=long&y=1")
    expect(sheet(page, 1, 206).locator("img")).to_be_visible()
    page.route("**/pages/90.webp*", lambda route: route.abort())
    page.get_by_label("Chercher dans le document").fill("page 90 ")
    expect(sheet(page, 90, 206).get_by_text("Cette page ne s'est pas affichée.")).to_be_visible()
    page.unroute("**/pages/90.webp*")
    sheet(page, 90, 206).get_by_role("button", name="Réessayer").click()
    expect(sheet(page, 90, 206).locator("img")).to_be_visible()


def test_on_a_phone_the_sheet_takes_the_width_and_fingers_find_the_buttons(opened: Opening) -> None:
    page = opened("d=lettre&l=0", width=390, height=844, device_scale_factor=2, has_touch=True)
    image = sheet(page, 1).locator("img")
    expect(image).to_be_visible()
    expect(page.get_by_role("list", name="Pages")).to_be_hidden()
    assert sheet(page, 1).bounding_box()["width"] == 374  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("Page suivante", "Agrandir", "Réduire"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    picture(page, "lettre-390")


def test_in_a_notebook_pages_come_through_the_components_channel(opened: Opening) -> None:
    page = opened("d=carnet")
    expect(sheet(page, 1).locator("img")).to_be_visible()
    assert sheet(page, 1).locator("img").get_attribute("src").startswith("blob:")  # type: ignore[union-attr]
    expect(sheet(page, 1).locator(".text span", has_text="Alzheimer").first).to_be_attached()
    page.get_by_label("Chercher dans le document").fill("Alzheimer")
    expect(page.get_by_text("1 sur 2")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger").press("Enter")
    assert download.value.suggested_filename == "Courrier.pdf"
    picture(page, "carnet-1440")


def test_the_first_page_is_asked_for_together_with_the_rest_and_comes_fast(opened: Opening) -> None:
    page = opened("d=long&z=1")
    expect(sheet(page, 1, 206).locator("img")).to_be_visible()
    told = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/documents/'))"
        ".map((e) => ({ path: e.name.split('/').slice(6).join('/'), start: e.startTime, end: e.responseEnd }))"
    )
    first = next(entry for entry in told if entry["path"].startswith("pages/1.webp"))
    info = next(entry for entry in told if entry["path"] == "infos")
    assert first["start"] < info["end"]  # together, not one after the other
    assert sum(entry["path"].startswith("pages/1.webp") for entry in told if "l=190" not in entry["path"]) == 1
    took = first["end"] - min(first["start"], info["start"])
    sys.stdout.write(f"first page after {took:.0f} ms\n")


if __name__ == "__main__":
    serve()
