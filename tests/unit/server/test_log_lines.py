"""Several processes write one log: each line is one write, so that no other line can stand in its middle."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.demo_server import ROOT

COMMAND = "from app.__main__ import main; main(['serve', '--show-command'])"
WEB = "from app.server import setup; setup.hook_into_panel(setup.settings_module.Settings(_env_file=None))"


@pytest.mark.parametrize("process", [COMMAND, pytest.param(WEB, marks=pytest.mark.slow)])
def test_a_line_of_the_log_is_one_write(process: str, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # a message is a write
    ours.settimeout(60)
    script = f"{process}\nimport structlog; structlog.get_logger().warning('a.line', value=1)"
    env = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "TD_DEMO": "true"}
    subprocess.run(
        [sys.executable, "-c", script], stdout=theirs.fileno(), env=env, cwd=tmp_path, check=True, timeout=60
    )
    theirs.close()
    written = list(iter(lambda: ours.recv(65536), b""))
    ours.close()
    assert b"a.line" in written[-1]
    assert written[-1].endswith(b"\n")
