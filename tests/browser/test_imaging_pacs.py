"""The whole way of images: from a real PACS and from a CD into a dossier, and what the viewer then does."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from components.image_viewer.demo import Phantom
from tests.browser.conftest import People
from tests.browser.demo_server import DemoServer, running_demo
from tests.support import orthanc
from tests.support.orthanc import running_orthanc
from tests.unit.documents import imaging_samples as samples

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

STUDY = {"StudyInstanceUID": "2.25.60", "StudyDescription": "Scanner cérébral"}
SEEN = {"PixelSpacing": [0.9, 0.9], "WindowCenter": 40, "WindowWidth": 80}


def slices(numbers: range, series: str, **more: object) -> list[bytes]:
    """Slices of the drawn head."""
    return [samples.instance(n, series, pixels=Phantom().frame(n), **SEEN, **more) for n in numbers]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    if orthanc.binary() is None:
        pytest.skip(orthanc.MISSING)
    folder = tmp_path_factory.mktemp("pacs")
    with running_orthanc(folder) as pacs:
        pacs.feed(*slices(range(1, 16), "2.25.61", **STUDY, SeriesDescription="Axiales 5 mm"))
        settings = {
            "TD_PACS_URL": pacs.dicomweb,
            "TD_PACS_HTTP": "true",
            "TD_PACS_USER": orthanc.USER,
            "TD_PACS_PASSWORD": orthanc.PASSWORD,
        }
        with running_demo(folder / "demo", settings) as server:
            yield server


def documents(someone: People, demo: DemoServer) -> Page:
    page = someone.logged_in("ide.dubois", 1280)
    page.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
    page.get_by_role("tab", name=re.compile("Documents")).click()
    return page


def test_an_examination_comes_from_the_pacs_and_is_read(chromium: Browser, demo: DemoServer) -> None:
    someone = People(chromium, demo)
    page = documents(someone, demo)
    page.get_by_role("button", name="Importer depuis le PACS").click()
    page.get_by_role("button", name="Chercher", exact=True).click()
    expect(page.get_by_role("radio", name=re.compile("Scanner cérébral"))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("Axiales 5 mm"))).to_be_checked()
    page.get_by_role("button", name="Importer", exact=True).click()
    expect(page.get_by_text("Une série est ajoutée au dossier.")).to_be_visible()
    page.get_by_role("button", name="Fermer", exact=True).click()
    canvas = page.get_by_role("img", name="Image, coupe 8 sur 15")
    expect(canvas).to_be_visible()

    page.get_by_role("button", name="Lire en ciné").click()
    expect(page.locator(".ov--bl")).not_to_contain_text("Coupe 8 / 15")  # it turns
    page.get_by_role("button", name="Arrêter").click()
    page.get_by_role("button", name="Foie").click()
    expect(page.locator(".ov--br")).to_contain_text("F 160 · N 60")
    # The slider is at the slice that was asked for last: once it is seen, none comes any more and ends a measure.
    last = page.get_by_role("slider", name="Coupe").input_value()
    expect(page.locator(".ov--bl")).to_contain_text(f"Coupe {last} / 15")
    page.get_by_role("button", name="Inverser").click()
    expect(page.locator(".ov--br")).to_contain_text("inversé")
    page.get_by_role("button", name="Retourner").click()
    expect(page.locator(".or--left")).to_have_text("G")
    page.get_by_role("button", name="Angle").click()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((80, 0), (0, 0), (0, -80)):
        page.mouse.click(x + dx, y + dy)
    expect(page.locator("p[role=status]", has_text="90,0°")).to_be_attached()
    page.get_by_role("button", name="Informations").click()
    expect(page.get_by_role("region", name="Informations")).to_contain_text("Celle du dossier")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Télécharger", exact=True).click()
    assert taken.value.suggested_filename == "Scanner, Axiales 5 mm.zip"
    with zipfile.ZipFile(taken.value.path()) as kept:
        assert len([name for name in kept.namelist() if name.endswith(".dcm")]) == 15
    assert someone.errors == []
    someone.close()


def test_a_disc_in_another_name_is_taken_apart_and_warned_of(
    chromium: Browser, demo: DemoServer, tmp_path: Path
) -> None:
    someone = People(chromium, demo)
    page = documents(someone, demo)
    files = slices(range(5, 9), "2.25.91", SeriesDescription="D'un autre", **samples.OTHER)
    disc = tmp_path / "CD.zip"
    disc.write_bytes(samples.compact_disc({f"IM/{n}": content for n, content in enumerate(files)}))
    page.locator("input[type=file]").first.set_input_files(disc)
    expect(page.get_by_role("status").filter(has_text="1\u00a0série ajoutée")).to_contain_text(
        "logiciel de visualisation"
    )
    expect(page.get_by_role("alert").filter(has_text="DURAND Paul")).to_be_visible()
    expect(page.get_by_role("img", name="Image, coupe 3 sur 4")).to_be_visible()
    assert someone.errors == []
    someone.close()
