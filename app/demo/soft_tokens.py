"""Software cards behind PKCS#11, made with SoftHSM where it is installed (Debian `softhsm2`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11 import Attribute
from pkcs11.util.x509 import decode_x509_certificate

from app.demo.card_authority import Pair

MODULES = tuple(
    Path(folder) / "softhsm" / "libsofthsm2.so"
    for folder in ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib")
)
SO_CODE = "12345678"
KEY_NUMBER = "0020"  # as on a CPS: the authentication key's number ends with 0x20


def module() -> Path | None:
    """SoftHSM's PKCS#11 module, or None where it is not installed."""
    found = next((path for path in MODULES if path.exists()), None)
    return found if found and shutil.which("softhsm2-util") else None


def environment(folder: Path) -> Mapping[str, str]:
    """What a process needs to find the tokens that lie in `folder`: SoftHSM's configuration, written beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder.with_name(folder.name + ".conf")
    configuration.write_text(
        f"directories.tokendir = {folder.absolute()}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n"
    )
    return {"SOFTHSM2_CONF": str(configuration)}


def make(folder: Path, label: str, pair: Pair, code: str) -> None:
    """Put a card into `folder`: its key and its certificate. Raises: subprocess.CalledProcessError."""
    env = {**os.environ, **environment(folder)}
    with tempfile.TemporaryDirectory() as place:
        key, certificate = Path(place) / "key.pem", Path(place) / "certificate.der"
        key.write_bytes(pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        certificate.write_bytes(pair.der)
        tool = "softhsm2-util"
        _run(env, tool, "--init-token", "--free", "--label", label, "--so-pin", SO_CODE, "--pin", code)
        _run(env, tool, "--import", str(key), "--token", label, "--label", "auth", "--id", KEY_NUMBER, "--pin", code)
        # A process of its own: the module reads its configuration once.
        _run(env, sys.executable, "-m", __name__, str(module()), label, code, str(certificate))


def write_certificate(module_: str, label: str, code: str, path: str) -> None:
    """Add the certificate of a token's key, readable without the code."""
    token = pkcs11.lib(module_).get_token(token_label=label)
    der = Path(path).read_bytes()
    with token.open(rw=True, user_pin=code) as session:
        found = decode_x509_certificate(der)
        public = {Attribute.TOKEN: True, Attribute.PRIVATE: False, Attribute.ID: bytes.fromhex(KEY_NUMBER)}
        session.create_object({**found, **public, Attribute.LABEL: "auth"})


def _run(env: Mapping[str, str], *words: str) -> None:
    subprocess.run(words, env=dict(env), check=True, capture_output=True)


if __name__ == "__main__":
    write_certificate(*sys.argv[1:5])
