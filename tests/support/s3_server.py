"""A real S3 service for the tests: moto's server, a process of its own, from `.venv-s3` (deploy/setup.sh s3)."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest

from app.documents.store_bucket import Patience, Place

SERVER = Path(__file__).parents[2] / ".venv-s3" / "bin" / "moto_server"
IMPATIENT = Patience(connecting=1.0, answer=2.0, retries=1, retrying=1.0)
STARTS_WITHIN = 30.0  # seconds, on a loaded machine


@dataclass
class S3Server:
    """A running service; what it holds lives in its memory and goes with it."""

    process: subprocess.Popen[bytes]
    endpoint: str

    def new_bucket(self, prefix: str = "teledossier") -> Place:
        """A bucket of its own, empty."""
        name = f"test-{secrets.token_hex(6)}"
        httpx.put(f"{self.endpoint}/{name}", timeout=60).raise_for_status()
        return Place(self.endpoint, name, "us-east-1", "une-clef", "un-secret", prefix)

    def impatient(self, place: Place) -> Place:
        """The same place for somebody who gives up within seconds."""
        return replace(place, patience=IMPATIENT)

    def names(self, place: Place) -> list[str]:
        """The objects of a bucket, under their whole names."""
        return [meta["path"] for batch in obstore.list(_plain(place)) for meta in batch]

    def uploads(self, place: Place) -> list[str]:
        """The objects whose upload has begun and not ended."""
        return _between(httpx.get(f"{self.endpoint}/{place.bucket}?uploads", timeout=60).text, "Key")

    def object(self, place: Place, name: str) -> bytes:
        return bytes(obstore.get(_plain(place), name).bytes())

    def put(self, place: Place, name: str, content: bytes) -> None:
        obstore.put(_plain(place), name, content)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def start() -> S3Server:
    """Start a service; skips the test, with the reason, where it is not installed."""
    if not SERVER.exists():
        pytest.skip("no S3 service for tests here (deploy/setup.sh s3)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [str(SERVER), "-H", "127.0.0.1", "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = S3Server(process, f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(server.endpoint, timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return server
    server.stop()
    raise RuntimeError("the S3 service does not start")


def _plain(place: Place) -> Any:
    """The bucket without our prefix."""
    return replace(place, prefix="").store()


def _between(text: str, tag: str) -> list[str]:
    return [part.partition(f"</{tag}>")[0] for part in text.split(f"<{tag}>")[1:]]
