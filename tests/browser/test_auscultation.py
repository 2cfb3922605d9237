"""« Auscultation »: which frequencies of a stethoscope reach the other end, by both routes, beside what a voice's microphone lets
through. The table of docs/auscultation.md is what this prints (`--log-cli-level=INFO`).
"""

from __future__ import annotations

import base64
import logging
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.bench.browser import CHROMIUM, FLAGS
from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import enter

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(300)]

log = logging.getLogger(__name__)

RATE = 48_000
SECONDS = 12.0  # of one sweep; it is played again and again
LOWEST, HIGHEST = 25.0, 10_000.0
AMPLITUDE = 0.25  # -15 dBFS: far from where anything clips
CENTRES = [
    round(1000 * 10 ** (each / 10), 1) for each in range(-15, 10)
]  # third-octaves, 31.6 Hz to 7.9 kHz (IEC 61260)
HEART, LUNGS = (31, 200), (100, 1000)  # Hz
# What arrives of one person, as samples: voice and second sound at once.
RECORD = """async (seconds) => {
  const { people, topology } = window.__td.call.current;
  const [id] = people.keys();
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const tracks = { voice: topology.path(id).audio.receiver.track, aux: topology.aux(id, "auxAudio").receiver.track };
  const taken = {};
  const nodes = Object.entries(tracks).map(([name, track]) => {
    const parts = taken[name] = [];
    const node = context.createScriptProcessor(16384, 1, 1);
    node.onaudioprocess = ({ inputBuffer }) => parts.push(new Float32Array(inputBuffer.getChannelData(0)));
    context.createMediaStreamSource(new MediaStream([track])).connect(node);
    node.connect(context.destination);
    return node;
  });
  await new Promise((done) => setTimeout(done, seconds * 1000));
  for (const node of nodes) node.disconnect();
  await context.close();
  return Object.fromEntries(Object.entries(taken).map(([name, parts]) => {
    const samples = new Int16Array(parts.flatMap((part) => [...part].map((value) => Math.max(-1, Math.min(1, value)) * 32767)));
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return [name, btoa(text)];
  }));
}"""
# How the second sound is encoded, by the sender's own report.
SENT = """async () => {
  const [sender] = window.__td.call.current.topology.senders("aux-audio");
  const stats = new Map([...(await sender.getStats()).values()].map((each) => [each.id, each]));
  const [out] = [...stats.values()].filter(({ type }) => type === "outbound-rtp");
  const { mimeType, channels, sdpFmtpLine } = stats.get(out.codecId);
  const settings = window.__td.call.current.aux.tracks["aux-audio"].getSettings();
  return { mimeType, channels, sdpFmtpLine, settings, bytes: out.bytesSent };
}"""


def sweep() -> np.ndarray[Any, np.dtype[np.float64]]:
    """All frequencies in turn, each octave for as long as every other."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    growth = np.log(HIGHEST / LOWEST) / SECONDS
    edge = np.minimum(1.0, np.minimum(time, SECONDS - time) / 0.05)
    return np.asarray(AMPLITUDE * edge * np.sin(2 * np.pi * LOWEST / growth * np.expm1(growth * time)))


def levels(samples: np.ndarray[Any, np.dtype[np.float64]]) -> dict[float, float]:
    """dB (of full scale) of each third-octave."""
    power = np.abs(np.fft.rfft(samples)) ** 2 / len(samples) ** 2 * 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    edge = 10**0.05
    sums = {each: power[(hertz >= each / edge) & (hertz < each * edge)].sum() for each in CENTRES}
    return {each: float(10 * np.log10(max(value, 1e-12))) for each, value in sums.items()}


@pytest.fixture(scope="module")
def hearing(driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose every microphone hears the sweep."""
    path = tmp_path_factory.mktemp("sweep") / "sweep.wav"
    write(path, sweep())
    browser = driver.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-audio-capture={path}"]
    )
    yield browser
    browser.close()


def write(path: Path, samples: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture
def pair(chromium: Browser, hearing: Browser, demo: DemoServer) -> Iterator[tuple[Page, Page]]:
    """The physician, and the nurse with the stethoscope."""
    listening, sending = People(chromium, demo), People(hearing, demo)
    yield enter(listening, demo, "dr.martin"), enter(sending, demo, "ide.dubois")
    listening.close()
    sending.close()
    assert listening.errors == sending.errors == []


def open_panel(page: Page) -> None:
    page.get_by_role("button", name="Ajouter une source").click()
    page.get_by_role("menuitem", name="Auscultation").click()
    page.get_by_role("button", name="Commencer l'auscultation").wait_for()


def test_the_low_frequencies_of_a_stethoscope_arrive(pair: tuple[Page, Page], route: str) -> None:
    expert, nurse = pair
    for page in pair:
        until(page, "window.__td.call.framesShown() > 3")
    take_route(route, expert, nurse)
    open_panel(nurse)
    nurse.get_by_role("button", name="Commencer l'auscultation").click()
    expect(nurse.get_by_role("button", name="Arrêter l'auscultation")).to_be_visible()
    expect(nurse.get_by_text("Le navigateur traite encore ce son")).to_be_hidden()
    expect(expert.get_by_text("Nadia DUBOIS fait écouter un stéthoscope")).to_be_visible()
    for page in pair:  # a busy machine must not tear the sound
        page.evaluate("window.__td.call.current.devices.turn('video', false)")
    until(expert, "(async () => (await window.__td.call.perPerson())[0].auxAudioLevel > 0.05)()", 40)

    before = nurse.evaluate(SENT)
    taken = expert.evaluate(RECORD, 2 * SECONDS + 1)
    after = nurse.evaluate(SENT)
    assert after["mimeType"] == "audio/opus"
    assert "stereo=1" in after["sdpFmtpLine"]
    assert "maxaveragebitrate=128000" in after["sdpFmtpLine"]
    assert "usedtx=1" not in after["sdpFmtpLine"]
    assert not any(after["settings"][each] for each in ("echoCancellation", "noiseSuppression", "autoGainControl"))
    kbps = (after["bytes"] - before["bytes"]) * 8 / (2 * SECONDS + 1) / 1000

    source = levels(sweep())
    heard = {}
    for name, text in taken.items():
        samples = np.frombuffer(base64.b64decode(text), "<i2").astype(np.float64) / 32767
        count = int(len(samples) // (SECONDS * RATE) * SECONDS * RATE)
        assert count, f"only {len(samples) / RATE:.1f} s of {name}"
        found = levels(samples[-count:])
        heard[name] = {each: found[each] - source[each] for each in CENTRES}
    log.info("%s: Opus of %.0f kbit/s; dB at the other end beside the source", route, kbps)
    log.info("%8s %12s %12s", "Hz", "auscultation", "voice")
    for each in CENTRES:
        log.info("%8.0f %12.1f %12.1f", each, heard["aux"][each], heard["voice"][each])

    level = heard["aux"][1000.0]
    for each in CENTRES:
        assert abs(heard["aux"][each] - level) < 3, f"{each} Hz: {heard['aux'][each]:.1f} dB, at 1 kHz {level:.1f}"
    lowest = [each for each in CENTRES if each < 70]
    lost = np.mean([heard["aux"][each] - level - (heard["voice"][each] - heard["voice"][1000.0]) for each in lowest])
    assert lost > 3, f"a voice's microphone keeps the low frequencies here too: {lost:.1f} dB"


def test_listening_is_louder_lowers_the_voice_and_draws_only_what_is_seen(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    open_panel(nurse)
    nurse.get_by_role("button", name="Commencer l'auscultation").click()
    expert.get_by_role("button", name="Écouter").click()
    panel = expert.get_by_role("region", name="Auscultation", exact=True)
    expect(panel.get_by_role("img", name="Auscultation par Nadia DUBOIS")).to_be_visible()
    expect(panel.get_by_text("Mettez un casque")).to_be_visible()
    voice = "[...window.__td.call.current.people.keys()].length && document.querySelector('.td-tile:not(.td-aux) audio').volume"
    until(expert, f"Math.abs(({voice}) - 0.2) < 0.01")
    panel.get_by_label("Baisser la voix de Nadia DUBOIS").uncheck()
    until(expert, f"({voice}) === 1")
    assert expert.evaluate("document.querySelector('.td-aux audio').muted") is True  # played once, not twice
    volume = panel.get_by_role("slider", name="Volume")
    expect(volume).to_have_attribute("max", "12")
    panel.get_by_label("J'écoute au casque").check()
    expect(volume).to_have_attribute("max", "30")
    curve = "document.querySelector('.td-source-one canvas')"
    drawn = f"(() => {{ const c = {curve}; return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean); }})()"
    until(expert, drawn)
    panel.get_by_role("button", name="Fermer l'auscultation").click()
    expert.evaluate(f"() => {{ const c = {curve}; c.width = c.width; }}")  # wiped: whoever still draws is seen
    expert.wait_for_timeout(700)
    assert not expert.evaluate(drawn)

    nurse.get_by_role("button", name="Arrêter l'auscultation").click()
    expect(expert.get_by_role("group", name="Auscultation par Nadia DUBOIS")).to_have_count(0)
    until(expert, f"({voice}) === 1")


DISOBEYING = """() => {
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () { return { ...settings.call(this), noiseSuppression: true }; };
}"""


def test_a_browser_that_does_not_obey_is_told_so(
    pair: tuple[Page, Page],
) -> None:
    _, nurse = pair
    nurse.evaluate(DISOBEYING)
    open_panel(nurse)
    nurse.get_by_role("button", name="Commencer l'auscultation").click()
    alert = nurse.get_by_role("alert").filter(has_text="Le navigateur traite encore ce son")
    expect(alert).to_be_visible()
    expect(alert).to_contain_text("la réduction du bruit")
    expect(alert).not_to_contain_text("annulation d'écho")
