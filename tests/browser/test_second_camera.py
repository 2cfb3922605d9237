"""« Ajouter une caméra »: shown beside the face, lost and found again; and the devices of a call, which may all be lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, People, join, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import enter, grows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

IPHONE = """
Object.defineProperty(navigator, "userAgent", { value: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)" });
"""
# The fake devices cannot be pulled out: the browser's own list leaves one out, and says that it changed. What the page does then
# is all its own: it asks the real browser for the next device.
PULL = """(kind) => {
  const { current } = window.__td.call;
  const track = current.devices.tracks[kind];
  const { deviceId } = track.getSettings();
  const list = MediaDevices.prototype.enumerateDevices;
  navigator.mediaDevices.enumerateDevices = async () =>
    (await list.call(navigator.mediaDevices)).filter((each) => each.deviceId !== deviceId);
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  return deviceId;
}"""


def open_camera(page: Page) -> None:
    page.get_by_role("button", name="Ajouter une source").click()
    page.get_by_role("menuitem", name="Ajouter une caméra").click()
    page.get_by_role("button", name="Montrer cette caméra").wait_for()


def test_a_second_camera_is_seen_beside_the_face_and_survives_its_loss(
    someone: People, demo: DemoServer, route: str
) -> None:
    expert, nurse = enter(someone, demo, "dr.martin"), enter(someone, demo, "ide.dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 3")
    take_route(route, expert, nurse)
    open_camera(nurse)
    face = nurse.evaluate("window.__td.call.current.devices.tracks.video.getSettings().deviceId")
    assert face not in nurse.get_by_role("combobox", name="Deuxième caméra").locator("option").evaluate_all(
        "(all) => all.map((each) => each.value)"
    )
    nurse.get_by_role("combobox", name="Deuxième caméra").select_option(label="fake_device_2")
    nurse.get_by_label("Définition").select_option("480")
    nurse.get_by_role("button", name="Montrer cette caméra").click()
    beside = expert.get_by_role("group", name="Deuxième caméra de Nadia DUBOIS")
    expect(beside).to_be_visible()
    grows(expert, 1)
    grows(expert, 0)
    sent = "window.__td.call.current.aux.tracks['aux-video']"
    assert nurse.evaluate(f"{sent}.getSettings().height") == 480
    assert nurse.evaluate(f"{sent}.contentHint") == "detail"
    assert nurse.evaluate(f"{sent}.getSettings().deviceId") != face
    expect(nurse.get_by_text("images par seconde")).to_be_visible()

    nurse.evaluate(f"{sent}.dispatchEvent(new Event('ended'))")  # the plug
    expect(nurse.get_by_text("La deuxième caméra s'est arrêtée")).to_be_visible()
    expect(beside).to_have_count(0)
    grows(expert, 0)
    nurse.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")  # plugged in again
    expect(beside).to_be_visible()
    expect(nurse.get_by_text("La deuxième caméra s'est arrêtée")).to_have_count(0)
    grows(expert, 1)
    nurse.get_by_role("button", name="Retirer la caméra").click()
    expect(beside).to_have_count(0)
    assert someone.errors == []


def test_an_iphone_is_not_offered_what_would_end_its_face(open_page: Open) -> None:
    page = open_page("/salle?qui=martin&ouvert=1", script=IPHONE)
    join(page)
    page.get_by_role("button", name="Ajouter une source").click()
    expect(page.get_by_role("menuitem", name="Auscultation")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Ajouter une caméra")).to_have_count(0)


@pytest.mark.parametrize(
    ("kind", "said"), [("audio", "Votre micro a été débranché"), ("video", "Votre caméra a été débranchée")]
)
def test_a_lost_device_is_replaced_and_the_person_is_told(open_page: Open, kind: str, said: str) -> None:
    expert, nurse = open_page("/salle?qui=martin&ouvert=1"), open_page("/salle?qui=dubois&ouvert=1")
    join(expert)
    join(nurse)
    until(expert, "window.__td.call.framesShown() > 3")
    nurse.evaluate(PULL, kind)
    expect(nurse.get_by_text(said)).to_be_visible()
    assert nurse.evaluate(f"window.__td.call.current.devices.tracks.{kind}.readyState") == "live"
    grows(expert, 0)
    until(expert, "(async () => (await window.__td.call.perPerson())[0].audioLevel > 0)()")


def test_a_guest_changes_camera_and_loudspeaker_during_the_call(open_page: Open) -> None:
    expert, guest = open_page("/salle?qui=martin&ouvert=1"), open_page("/invitation?qui=mercier", 390, 844)
    join(expert)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Admettre").click()
    until(expert, "window.__td.call.framesShown() > 3")
    guest.get_by_role("button", name="Plus").click()
    guest.get_by_role("button", name="Caméra, micro et son").click()
    sheet = guest.get_by_role("dialog", name="Caméra, micro et son")
    used = "window.__td.call.current.devices.tracks.video?.getSettings().deviceId"
    before = guest.evaluate(used)
    sheet.get_by_role("group", name="Caméra").get_by_role("button", name="fake_device_2").click()
    until(guest, f"![undefined, '{before}'].includes({used})")  # while the other is opened there is none
    speakers = sheet.get_by_role("group", name="Haut-parleur")
    speakers.get_by_role("button", pressed=False).first.click()
    until(guest, "[...document.querySelectorAll('audio')].some(({ sinkId }) => sinkId !== '')")
    assert guest.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    sheet.get_by_role("button", name="Fermer").click()
    grows(expert, 0)
