"""A scan and its blood tests in the product, under its own policy: looked at by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.conftest import PATIENCE, People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CANVAS = re.compile("Image, coupe")


def open_document(someone: People, title: str, width: int = 1440) -> Page:
    page = someone.logged_in("dr.martin", width)
    page.goto(page.url.replace("/portail", "/tlm?dossier=TLM-2026-0001"))
    page.get_by_role("tab", name=re.compile("Documents")).click()
    page.get_by_role("button", name=re.compile(title)).click()
    return page


@pytest.fixture
def scan(someone: People) -> Iterator[Page]:
    page = open_document(someone, "Scanner cérébral")
    expect(page.get_by_role("img", name="Image, coupe 17 sur 32")).to_be_visible()
    yield page
    assert someone.errors == []


@pytest.fixture
def labs(someone: People) -> Iterator[Page]:
    page = open_document(someone, "Biologie")
    expect(page.get_by_role("img", name=re.compile("Sodium : 128 mmol"))).to_be_visible()
    yield page
    assert someone.errors == []


def corner(page: Page, place: str) -> Locator:
    return page.locator(f".ov--{place}")


def grey(page: Page, x: float, y: float) -> int:
    """How light the picture is at a point, in fractions of its canvas."""
    return int(
        page.get_by_role("img", name=CANVAS).evaluate(
            "(c, [x, y]) => c.getContext('2d').getImageData(c.width * x, c.height * y, 1, 1).data[0]", [x, y]
        )
    )


def test_window_and_level_change_the_picture_without_the_server(scan: Page) -> None:
    expect(corner(scan, "br")).to_contain_text("F 80 · N 40")
    brain = grey(scan, 0.5, 0.3)
    assert 40 < brain < 220
    asked: list[str] = []
    scan.on("request", lambda request: asked.append(request.url) if "/api/documents/" in request.url else None)
    scan.get_by_role("button", name="Os", exact=True).click()
    expect(corner(scan, "br")).to_contain_text("F 1800 · N 400")
    scan.get_by_role("slider", name="Niveau").fill("900")
    scan.get_by_role("slider", name="Fenêtre").fill("400")
    expect(corner(scan, "br")).to_contain_text("F 400 · N 900")
    assert grey(scan, 0.5, 0.3) == 0
    scan.get_by_role("spinbutton", name="Niveau, valeur").fill("-600")
    scan.keyboard.press("Enter")
    expect(corner(scan, "br")).to_contain_text("N -600")
    assert grey(scan, 0.5, 0.3) == 255
    scan.get_by_role("button", name="Rétablir").click()
    expect(corner(scan, "br")).to_contain_text("F 80 · N 40")
    assert grey(scan, 0.5, 0.3) == brain
    assert asked == []


def test_slices_are_turned_by_keyboard_and_the_number_is_the_shown_one_s(scan: Page) -> None:
    canvas = scan.get_by_role("img", name=CANVAS)
    canvas.focus()
    scan.keyboard.press("ArrowDown")
    expect(corner(scan, "bl")).to_contain_text("Coupe 18 / 32")
    scan.keyboard.press("End")
    expect(corner(scan, "bl")).to_contain_text("Coupe 32 / 32")
    scan.keyboard.press("Home")
    expect(scan.get_by_role("img", name="Image, coupe 1 sur 32")).to_be_visible()
    scan.get_by_role("slider", name="Coupe").focus()
    scan.keyboard.press("ArrowRight")
    expect(corner(scan, "bl")).to_contain_text("Coupe 2 / 32")


def test_a_slice_that_does_not_come_is_said_and_can_be_asked_again(scan: Page) -> None:
    scan.route("**/coupes/29", lambda route: route.abort())
    scan.get_by_role("slider", name="Coupe").fill("30")
    expect(scan.get_by_text(re.compile("La coupe 30 ne s'est pas chargée")).first).to_be_visible()
    expect(corner(scan, "bl")).to_contain_text("Coupe 17 / 32")  # what is still in view
    scan.unroute("**/coupes/29")
    scan.get_by_role("button", name="Réessayer").click()
    expect(corner(scan, "bl")).to_contain_text("Coupe 30 / 32")


def test_two_points_are_measured_in_millimetres_by_mouse_and_by_keyboard(scan: Page) -> None:
    canvas = scan.get_by_role("img", name=CANVAS)
    box = canvas.bounding_box()
    assert box is not None
    points_per_mm = min(box["width"], box["height"]) * 0.97 / (256 * 0.9)
    scan.get_by_role("button", name="Mesurer").click()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scan.mouse.move(x, y)
    scan.mouse.down()
    scan.mouse.move(x + 50 * points_per_mm, y, steps=4)
    scan.mouse.up()
    said = scan.locator("p[role=status]", has_text=" mm").first
    expect(said).to_have_text(re.compile(r"^(49,[5-9]|50,[0-5]) mm$"))
    scan.get_by_role("button", name="Effacer les mesures").click()
    canvas.focus()
    scan.keyboard.press("Enter")
    for _ in range(5):
        scan.keyboard.press("Shift+ArrowRight")
    scan.keyboard.press("Enter")
    expect(said).to_have_text(f"{100 / points_per_mm:.1f} mm".replace(".", ","))


def test_who_the_patient_is_stays_over_the_picture(scan: Page) -> None:
    expect(corner(scan, "tl")).to_contain_text("MERCIER")
    expect(scan.get_by_text("Non destiné au diagnostic primaire")).to_be_visible()


def test_curves_can_be_narrowed_to_what_is_out_of_range(labs: Page) -> None:
    curves = labs.get_by_role("list", name="Évolution des analyses")
    expect(curves.get_by_role("listitem")).to_have_count(9)
    expect(curves.get_by_role("listitem").first).to_contain_text("Sodium")
    labs.get_by_role("checkbox", name="Anormaux seulement").check()
    expect(curves.get_by_role("listitem")).to_have_count(6)
    expect(labs.get_by_role("rowheader", name="TSH")).to_be_hidden()
    labs.get_by_role("checkbox", name="Anormaux seulement").uncheck()
    expect(curves.get_by_role("listitem")).to_have_count(9)


def test_the_table_says_the_same_as_the_curves(labs: Page) -> None:
    row = labs.get_by_role("table", name="Résultats en tableau").get_by_role("row", name=re.compile("^Sodium"))
    expect(row.get_by_role("cell").last).to_have_text(re.compile("128.*critique, bas"))
    expect(row).to_contain_text("136 – 145")


def test_a_curve_answers_the_mouse_in_french(labs: Page) -> None:
    chart = labs.get_by_role("img", name=re.compile("Sodium : 128 mmol"))
    answer = labs.get_by_text(re.compile("Critique, bas")).first
    for _time in range(PATIENCE):  # its place is there before the curve, which hears no mouse until it is drawn
        box = chart.bounding_box()
        assert box is not None
        labs.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        labs.mouse.move(box["x"] + box["width"] - 28, box["y"] + box["height"] / 2, steps=5)
        with suppress(TimeoutError):
            answer.wait_for(timeout=1000)
            break
    expect(answer).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(someone: People) -> None:
    page = open_document(someone, "Biologie", width=390)
    expect(page.get_by_role("img", name=re.compile("Sodium : 128 mmol"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name=re.compile("Scanner cérébral")).click()
    expect(page.get_by_role("img", name=CANVAS)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
