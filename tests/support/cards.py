"""Cards for tests: one authority, keys drawn once per run, and a page's part of a login without a browser."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from app.card_agent import message
from app.demo.card_authority import Pair, TrialAuthority, new_key

ORIGIN = "http://localhost:5006"
MARTIN = "899700000011"


@cache
def some_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Drawing one takes a tenth of a second or more: the same ones serve all tests."""
    return new_key()


def authority(now: datetime, **more: Any) -> TrialAuthority:
    return TrialAuthority(now, **more)


def write_trust(folder: Path, of: TrialAuthority, *, lists: bool = True, **crl: Any) -> Path:
    """The folder of trust, as an administrator fills it."""
    for name in ("roots", "intermediates", "crls"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "roots" / "root.pem").write_bytes(of.root.pem)
    (folder / "intermediates" / "intermediate.pem").write_bytes(of.intermediate.pem)
    if lists:
        (folder / "crls" / "root.crl").write_bytes(of.crl(of.root))
        (folder / "crls" / "intermediate.crl").write_bytes(of.crl(of.intermediate, **crl))
    return folder


@dataclass
class Signer:
    """What the agent would answer, made in the test: each part can be made wrong."""

    pair: Pair
    origin: str = ORIGIN
    changes: dict[str, str] = field(default_factory=dict)

    def answer(self, nonce: str) -> dict[str, str]:
        text = message.to_sign(self.origin, base64.b64decode(nonce))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        signature = self.pair.key.sign(text, pss, hashes.SHA256())
        return {
            "algorithm": message.PSS,
            "signature": base64.b64encode(signature).decode(),
            "certificate": base64.b64encode(self.pair.der).decode(),
            "origin": self.origin,
            "nonce": nonce,
        } | self.changes
