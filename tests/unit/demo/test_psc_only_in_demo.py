"""The provider and the telephone of the demo are out of reach of an installation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.demo.plugin import ROUTES as DEMO
from app.server import command
from app.settings import demo_settings, load

pytestmark = pytest.mark.slow  # real pictures, keys or processes: seconds each

SERVED = (
    "import app.server.plugin, app.web.plugin, app.bootstrap, app.server.auth, sys; sys.exit('app.demo' in sys.modules)"
)


def test_an_installation_serves_no_route_of_the_demo() -> None:
    settings = load(demo=False, cookie_secret=SecretStr("c" * 64))
    assert not any("demo" in word for word in command.serve_command(settings))
    addresses = [route[0] for route in DEMO]
    assert any(address.startswith("/demo/telephone") for address in addresses)
    assert all(address.startswith("/demo/") for address in addresses)


def test_what_an_installation_loads_never_imports_the_demo() -> None:
    assert subprocess.run([sys.executable, "-c", SERVED], cwd=command.ROOT, check=False).returncode == 0


def test_the_demo_asks_its_own_provider_and_no_other(tmp_path: Path) -> None:
    settings = demo_settings(tmp_path, 5123)
    assert settings.psc_issuer == "http://localhost:5123/demo/psc"
    assert settings.psc_client_id
    assert settings.psc_client_secret.get_secret_value() == (tmp_path / "psc.secret").read_text()
    assert demo_settings(tmp_path, 5123).psc_client_secret == settings.psc_client_secret
