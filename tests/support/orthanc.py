"""A real PACS for tests: Debian's Orthanc with its DICOMweb plugin, on free ports, in a folder that goes away."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.processes import end

PLUGINS = Path("/usr/share/orthanc/plugins")
USER, PASSWORD = "teledossier", "essai"
MISSING = "no Orthanc with DICOMweb here (Debian: orthanc, orthanc-dicomweb)"
START_SECONDS = 40.0


def binary() -> str | None:
    """Where Orthanc is, with the plugin that speaks DICOMweb; None when either is missing."""
    found = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    return found if found and (PLUGINS / "libOrthancDicomWeb.so").exists() else None


@dataclass(frozen=True)
class Orthanc:
    """A running PACS; `url` is its own address, `dicomweb` what an installation is given."""

    url: str

    @property
    def dicomweb(self) -> str:
        return f"{self.url}/dicom-web"

    def feed(self, *instances: bytes) -> None:
        """Store instances, by its own address. Raises: httpx.HTTPStatusError, where one is refused."""
        with httpx.Client(auth=(USER, PASSWORD), timeout=30, trust_env=False) as client:
            for content in instances:
                client.post(f"{self.url}/instances", content=content).raise_for_status()


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Start Orthanc; it has ended when the block has."""
    port = _free_port()
    settings = {
        "Name": "Essai",
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGINS / "libOrthancDicomWeb.so")],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([str(binary()), str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
    try:
        _wait(process, f"http://127.0.0.1:{port}", folder)
        yield Orthanc(f"http://127.0.0.1:{port}")
    finally:
        end(process)


def _wait(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    with httpx.Client(auth=(USER, PASSWORD), timeout=2, trust_env=False) as client:
        while time.monotonic() < end and process.poll() is None:
            try:
                if client.get(f"{url}/dicom-web/studies?limit=1").status_code in (200, 204):
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    raise RuntimeError((folder / "orthanc.log").read_text()[-2000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
