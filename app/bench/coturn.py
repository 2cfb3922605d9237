"""coturn for measures and tests: TLS, and UDP where it is asked for; a certificate of its own, one address."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.bench.certificates import self_signed

TURNSERVER = "/usr/bin/turnserver"
PORT, UDP_PORT = 443, 3478
READY_SECONDS = 10.0
CONFIGURATION = """\
listening-ip={address}
relay-ip={address}
{udp}
no-tcp
no-dtls
tls-listening-port={port}
cert={folder}/cert.pem
pkey={folder}/key.pem
use-auth-secret
static-auth-secret={secret}
realm=relais.invalid
min-port=50000
max-port=50400
no-cli
no-multicast-peers
pidfile={folder}/turn.pid
userdb={folder}/turn.db
log-file={folder}/turn.log
simple-log
"""


@dataclass(frozen=True)
class Relay:
    """A running TURN server: what the product needs to know of it, and what a browser needs to believe it."""

    settings: dict[str, str]
    flags: list[str]
    log: Path


def why_not() -> str:
    """What is missing here for a relay, in French; empty when nothing is."""
    return "" if Path(TURNSERVER).exists() else "coturn n'est pas installé : « make setup » l'installe."


@contextlib.contextmanager
def relay(address: str, *, udp: bool = False) -> Iterator[Relay]:
    """coturn at `address`: TCP 443 with TLS, and with `udp` UDP 3478. Raises: RuntimeError when it does not start."""
    secret = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pin = self_signed(folder, address).digest
        way = f"listening-port={UDP_PORT}" if udp else "no-udp"
        filled = CONFIGURATION.format(address=address, port=PORT, folder=folder, secret=secret, udp=way)
        (folder / "turnserver.conf").write_text(filled)
        process = subprocess.Popen(
            [TURNSERVER, "-c", str(folder / "turnserver.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(address, process)
            urls = [f"turn:{address}:{UDP_PORT}?transport=udp"] * udp + [f"turns:{address}:{PORT}?transport=tcp"]
            settings = {"TD_TURN_URLS": " ".join(urls), "TD_TURN_SECRET": secret}
            flags = [f"--ignore-certificate-errors-spki-list={pin}", "--ignore-certificate-errors"]
            yield Relay(settings, flags, folder / "turn.log")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, PORT)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("coturn does not start")
