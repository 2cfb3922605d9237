"""coturn for measures and tests: TLS only, a certificate of its own, one address."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TURNSERVER = "/usr/bin/turnserver"
PORT = 443
READY_SECONDS = 10.0
CONFIGURATION = """\
listening-ip={address}
relay-ip={address}
no-udp
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
def relay(address: str) -> Iterator[Relay]:
    """coturn at `address`, TCP 443 with TLS and nothing else. Raises: RuntimeError when it does not start."""
    secret = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pin = _certificate(folder, address)
        filled = CONFIGURATION.format(address=address, port=PORT, folder=folder, secret=secret)
        (folder / "turnserver.conf").write_text(filled)
        process = subprocess.Popen(
            [TURNSERVER, "-c", str(folder / "turnserver.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(address, process)
            settings = {"TD_TURN_URLS": f"turns:{address}:{PORT}?transport=tcp", "TD_TURN_SECRET": secret}
            flags = [f"--ignore-certificate-errors-spki-list={pin}", "--ignore-certificate-errors"]
            yield Relay(settings, flags, folder / "turn.log")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _certificate(folder: Path, address: str) -> str:
    """Write key and certificate; answers the digest of the public key, by which Chromium is told to believe it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


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
