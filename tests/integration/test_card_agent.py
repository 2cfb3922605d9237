"""The reader agent as a process, with a folder for a reader and with SoftHSM behind PKCS#11: the same rules."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from app.demo import soft_tokens
from app.demo.card_authority import Pair, TrialAuthority
from app.identity import login_sessions
from app.identity.card import service
from app.server import command
from tests.browser.demo_server import free_port
from tests.support.cards import MARTIN, ORIGIN, authority, some_key, write_trust
from tests.support.people import TUESDAY, small_world

CODE = "1234"
NONCE = base64.b64encode(bytes(32)).decode()


@pytest.fixture(scope="module")
def issuer() -> TrialAuthority:
    return authority(TUESDAY)


@pytest.fixture(scope="module")
def pair(issuer: TrialAuthority) -> Pair:
    return issuer.card(MARTIN, "MARTIN", "Claire", key=some_key())


@dataclass
class Bench:
    """An agent process, and the card on the table."""

    var: Path
    settings: dict[str, str]
    insert: Callable[[], None]
    remove: Callable[[], None]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = os.environ | self.settings | {"TD_VAR": str(self.var), "TD_CARD_AGENT_PORT": str(self.port)}
        words = [sys.executable, "-m", "app", "card-agent", "--url", ORIGIN]
        self.process = subprocess.Popen(words, cwd=command.ROOT, env=env, stdout=subprocess.DEVNULL)
        self.until(lambda: self.info()["state"] != "nobody")

    def info(self) -> dict[str, Any]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/info", headers={"Origin": ORIGIN}, timeout=10)
        except httpx.TransportError:
            return {"state": "nobody"}
        found: dict[str, Any] = answer.json()
        return found

    def sign(self, code: str, nonce: str = NONCE) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}/sign"
        return httpx.post(url, json={"nonce": nonce, "code": code}, headers={"Origin": ORIGIN}, timeout=20)

    def until(self, reached: Callable[[], bool], within: float = 30.0) -> None:
        end = time.monotonic() + within
        while not reached():
            assert time.monotonic() < end
            time.sleep(0.2)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def folder_bench(place: Path, pair: Pair) -> Bench:
    card = place / "reader" / "cards" / "martin"
    card.mkdir(parents=True)
    (card / "certificate.pem").write_bytes(pair.pem)
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(CODE.encode()))
    (card / "key.pem").write_bytes(key)
    inserted = place / "reader" / "inserted"
    return Bench(
        place, {"TD_CARD_READER": str(place / "reader")}, lambda: void(inserted.write_text("martin")), inserted.unlink
    )


def token_bench(place: Path, pair: Pair) -> Bench:
    drawer, reader = place / "drawer", place / "reader"
    soft_tokens.make(drawer, "CPS-TEST", pair, CODE)
    (token,) = [path for path in drawer.iterdir() if path.is_dir()]
    settings = {"TD_CARD_MODULE": str(soft_tokens.module()), **soft_tokens.environment(reader)}
    return Bench(
        place,
        settings,
        lambda: void(shutil.move(token, reader / token.name)),
        lambda: void(shutil.move(reader / token.name, token)),
    )


def void(_answer: object) -> None:
    return None


WITH_TOKENS = pytest.param(
    token_bench,
    id="softhsm",
    marks=pytest.mark.skipif(
        soft_tokens.module() is None, reason="softhsm2 is not installed (Debian package softhsm2)"
    ),
)


@pytest.fixture(params=[pytest.param(folder_bench, id="folder"), WITH_TOKENS])
def bench(request: pytest.FixtureRequest, tmp_path: Path, pair: Pair) -> Iterator[Bench]:
    made: Bench = request.param(tmp_path, pair)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.process.terminate()
            made.process.wait(60)


def test_a_card_put_in_is_seen_and_its_signature_opens_a_login_session(
    bench: Bench, issuer: TrialAuthority, tmp_path: Path
) -> None:
    assert bench.info() == {"state": "no-card"}
    bench.insert()
    bench.until(lambda: bench.info()["state"] == "ready")
    assert bench.info()["holder"] == "Claire MARTIN"
    world = small_world(card_trust=write_trust(tmp_path / "trust", issuer))
    challenge = service.begin(world.platform)
    answer = bench.sign(CODE, challenge.nonce)
    assert answer.status_code == 200, answer.text
    found = login_sessions.find(world.platform, service.log_in(world.platform, challenge.secret, answer.json()))
    assert found is not None
    assert found.login == "dr.martin"
    bench.remove()
    bench.until(lambda: bench.info()["state"] == "no-card")
    assert bench.sign(CODE).status_code == 404


def test_three_wrong_codes_block_the_card_even_when_the_agent_is_killed_in_between(bench: Bench) -> None:
    bench.insert()
    bench.until(lambda: bench.info()["state"] == "ready")
    assert (bench.sign("0000").status_code, bench.info()["left"]) == (401, 2)
    assert bench.sign(CODE).status_code == 200
    assert bench.info()["left"] == 3
    assert bench.sign("0000").json() == {"error": "wrong-code", "left": 2}
    bench.kill()
    bench.start()
    bench.until(lambda: bench.info()["state"] == "ready")
    assert bench.sign("1111").json() == {"error": "wrong-code", "left": 1}
    assert bench.sign("2222").json() == {"error": "blocked", "left": 0}
    assert bench.sign(CODE).json() == {"error": "blocked", "left": 0}
    bench.kill()
    bench.start()
    assert bench.info()["state"] == "blocked"


def test_the_agent_listens_on_loopback_only(bench: Bench) -> None:
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [
        line.split()[1] for line in table if line.split()[3] == "0A" and line.split()[1].endswith(f":{bench.port:04X}")
    ]
    assert listening == [f"0100007F:{bench.port:04X}"]


def test_a_workstation_without_the_cards_software_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"TD_CARD_MODULE": str(tmp_path / "missing.so")}, lambda: None, lambda: None)
    try:
        bench.start()
        assert bench.info() == {"state": "no-module"}
        assert bench.sign(CODE).status_code == 503
    finally:
        bench.kill()
