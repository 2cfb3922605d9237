"""Networks that let little out: what the check before a call says of them, and the call that they carry nevertheless.

A browser in a network namespace (`app.bench.lines`) behind a firewall, coturn by UDP and by TLS on port 443, the product
outside with the other browser.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.bench import coturn, impaired, lines
from app.bench.browser import CHROMIUM, until
from app.bench.figures import Report
from app.bench.impaired import BLOCKED, EXPERT, NURSE, Scene
from app.bench.lines import Impairment

log = logging.getLogger(__name__)  # figures, with --log-cli-level=INFO


def _missing() -> str:
    chromium = "" if Path(CHROMIUM).exists() else "chromium is not installed: make setup"
    return lines.why_not() or coturn.why_not() or chromium


pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(_missing()), reason=_missing() or "nothing is missing"),
]

OPEN = Impairment(delay=0.02)
SHUT = Impairment(delay=0.02, udp=False, closed=(coturn.PORT,))  # pages are all that passes
CHECKED_WITHIN = 15.0  # seconds from the lobby to the result, as promised
TIMERS = 10.5  # of them are the page's own waiting: SETTLED (lobby_view.js) and GATHERING (check.js)
# Pictures decoded of face and second camera, packets received of voice and stethoscope.
ARRIVED = """async () => {
  const { topology, people } = window.__td.call.current, [id] = people.keys(), way = topology.current(id);
  const read = async (line, field) => {
    for (const each of (await line?.receiver.getStats() ?? new Map()).values())
      if (each.type === "inbound-rtp") return each[field];
    return 0;
  };
  return Promise.all([read(way?.video, "framesDecoded"), read(topology.aux(id, "auxVideo"), "framesDecoded"),
    read(way?.audio, "packetsReceived"), read(topology.aux(id, "auxAudio"), "packetsReceived")]);
}"""
AUX_LEVEL = "(async () => (await window.__td.call.perPerson())[0].auxAudioLevel > 0)()"


@pytest.fixture(scope="module")
def here() -> Iterator[Scene]:
    """The product, and a relay that speaks UDP and TLS, at the outer end of an open line."""
    with impaired.scene(OPEN, udp_relay=True) as scene:
        yield scene


def everything_goes_on(page: Any, more: int = 15) -> list[int]:
    """Face, second camera, voice and stethoscope: more of each arrives; answers how much has."""
    before = page.evaluate(ARRIVED)
    until(page, f"(async () => (await ({ARRIVED})()).every((now, at) => now > {before}[at] + {more}))()", 90)
    return list(page.evaluate(ARRIVED))


def show_camera_and_stethoscope(page: Any) -> None:
    for item, start in (
        ("Ajouter une caméra", "Montrer cette caméra"),
        ("Auscultation", "Commencer l'auscultation"),
    ):
        page.get_by_role("button", name="Ajouter une source").click()
        page.get_by_role("menuitem", name=item).click()
        if item == "Ajouter une caméra":  # of Chromium's false cameras one measures depth, which no call can send
            page.get_by_role("combobox", name="Deuxième caméra").select_option(label="fake_device_2")
        page.get_by_role("button", name=start).click()


def test_a_call_with_second_camera_and_stethoscope_works_where_all_udp_is_closed(here: Scene) -> None:
    report = Report()
    with here.page(EXPERT) as expert, lines.line(BLOCKED) as closed, here.page(NURSE, closed) as nurse:
        expert.get_by_role("button", name="Rejoindre").click()
        expert.get_by_role("button", name="Quitter la téléconsultation").wait_for()
        nurse.get_by_role("button", name="Rejoindre").click()
        until(nurse, "window.__td.call.joinTime() !== null", 90)
        log.info("first picture after %.0f ms", nurse.evaluate("window.__td.call.joinTime()"))
        for page in (expert, nurse):
            until(page, "window.__td.call.route() === 'direct' && window.__td.call.framesShown() > 3", 90)
        show_camera_and_stethoscope(nurse)
        for way in ("direct", "unit"):
            if way == "unit":
                nurse.evaluate(impaired.BY_UNIT)
                for page in (nurse, expert):
                    until(page, impaired.ON_UNIT, 90)
            impaired.by_relay_and_tls(nurse, way, report)
            log.info("%s: face, camera, voice, stethoscope at the other end: %s", way, everything_goes_on(expert))
            until(expert, AUX_LEVEL, 90)
            until(nurse, "(async () => (await window.__td.call.perPerson())[0].audioLevel > 0)()", 90)
    assert [target.name for target in report.targets if not target.met] == []


@pytest.mark.parametrize(
    ("line", "said", "advice", "kept"),
    [
        (
            OPEN,
            "Réseau prêt : l'image et le son passent",
            "",
            r"UDP ouvert, relais joignable en UDP et TLS",
        ),
        (
            BLOCKED,
            "Réseau filtré : l'image et le son passeront par le relais",
            "Vous pouvez rejoindre quand même.",
            r"UDP fermé, relais joignable en TLS",
        ),
        (
            SHUT,
            "Réseau fermé : l'image et le son risquent de ne pas passer",
            "partage de connexion d'un téléphone",
            r"UDP fermé, relais injoignable",
        ),
    ],
    ids=["open", "udp-closed", "everything-closed"],
)
def test_the_check_says_what_the_network_lets_through_and_keeps_nobody_out(
    here: Scene, line: Impairment, said: str, advice: str, kept: str
) -> None:
    opening = time.monotonic()
    with lines.line(line) as space, here.page(NURSE, space) as nurse:
        began = time.monotonic()  # the lobby is there
        join = nurse.get_by_role("button", name="Rejoindre")
        expect(join).to_be_enabled(timeout=30_000)  # as soon as the line to the server is up, whatever the check says
        line_said = nurse.locator(".td-net-line")
        expect(line_said).not_to_have_text(re.compile("Vérification du réseau"), timeout=60_000)
        expect(line_said, nurse.locator(".td-net-report").text_content()).to_have_text(said)
        took = time.monotonic() - began
        log.info("« %s » after %.1f s", said, took)
        assert took < max(CHECKED_WITHIN, TIMERS + began - opening)  # a slow machine: as long as it took to open
        if advice:
            nurse.get_by_text(advice).first.wait_for()
            nurse.get_by_text("Détail du contrôle").click()
            assert (
                f"À ouvrir : HTTPS et WebSocket vers {here.poor.outside}"
                in nurse.locator(".td-net-report").inner_text()
            )
        join.click()
        nurse.get_by_role("button", name="Quitter la téléconsultation").wait_for()
        # What who helps by telephone reads, from the dossier.
        nurse.goto(f"{here.demo.url}/tlm?dossier=TLM-2026-0001&onglet=teleconsultation")
        nurse.get_by_text(re.compile(kept)).first.wait_for()


def test_a_line_leaves_nothing_behind() -> None:
    with lines.line(lines.Impairment()) as space:
        space.move()
        assert Path("/run/netns", space.name).exists()
    assert not Path("/run/netns", space.name).exists()
    assert not any(space.name in device.name for device in Path("/sys/class/net").iterdir())
