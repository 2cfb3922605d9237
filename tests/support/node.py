"""Scenarios of our scripts without a browser: `node RIG SCENARIO` prints what came of it, as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def came_of(rig: str, scenario: str, *more: str) -> Any:
    """What a rig of this folder prints; skips the test where node is not installed (in CI a skip is a failure)."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        ["node", str(HERE / rig), scenario, *more], capture_output=True, text=True, timeout=30, check=True
    )
    return json.loads(done.stdout)
