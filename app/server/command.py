"""The `panel serve` command line of the product, and the environment it needs.

`python -m app serve` runs it under the supervisor; `python -m app serve --show-command` prints it, to be run alone.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# One Panel app per address: `app/pages/tlm.py` is `/tlm`.
PAGES = ("app/pages/tlm.py", "app/pages/administration.py")
PLUGINS = ("app.server.plugin", "app.web.plugin")
DEMO_PLUGINS = ("app.demo.plugin",)

SECRETS = {"BOKEH_SECRET_KEY": "sessions", "PANEL_COOKIE_SECRET": "cookies"}
NO_COOKIE = "aucun"  # no cookie has this name: an empty list can't be given on a command line


def serve_command(
    settings: Settings,
    pages: Sequence[str] = PAGES,
    plugins: Sequence[str] | None = None,
    setup: Path = HERE / "setup.py",
) -> list[str]:
    """`python -m panel serve …`. Headers and cookies are named by what may go into a page, not by what may not.

    Bokeh writes them all into the page's token otherwise, and the login cookie would be readable in the HTML; `Cookie`
    and what a proxy adds (addresses, certificates) would stay even when the cookie is excluded.
    """
    if plugins is None:
        plugins = [*PLUGINS, *(DEMO_PLUGINS if settings.demo else ())]
    # A page that lost its line comes back to the same session within this time; after it, the page is built anew.
    kept = settings.page_keep_seconds * 1000
    command = [sys.executable, "-m", "panel", "serve", *(str(_absolute(page)) for page in pages)]
    command += ["--address", settings.address, "--port", str(settings.port)]
    command += [word for plugin in plugins for word in ("--plugins", plugin)]
    command += ["--auth-module", str(HERE / "auth.py"), "--setup", str(setup)]
    command += ["--session-ids", "signed", "--include-headers", "Accept-Language", "--include-cookies", NO_COOKIE]
    command += ["--warm", "--disable-index", "--unused-session-lifetime", str(kept)]
    command += ["--check-unused-sessions", str(min(kept, 17_000))]
    command += [word for origin in origins(settings) for word in ("--allow-websocket-origin", origin)]
    command += ["--log-level", "warning"]
    if settings.public_url:  # somebody stands in front of us, and only then are its headers to be believed
        command.append("--use-xheaders")
    return command


def environment(settings: Settings) -> dict[str, str]:
    """Environment of the web process: the settings, and Bokeh's and Panel's secrets, the same after a restart."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {
        **os.environ,
        **settings.environment(),
        **{name: settings.derived_secret(purpose) for name, purpose in SECRETS.items()},
        "BOKEH_SIGN_SESSIONS": "1",
        "BOKEH_LOG_LEVEL": "warn",  # of the browser's console
        "PYTHONPATH": path,
        # Two arenas instead of eight per core: a long-lived process with threads gives memory back.
        "MALLOC_ARENA_MAX": "2",
        "PYTHONUNBUFFERED": "1",
    }


def origins(settings: Settings) -> list[str]:
    """Hosts whose pages may open a websocket here, with their port where it is not the usual one."""
    known = [f"localhost:{settings.port}", f"127.0.0.1:{settings.port}", f"{settings.address}:{settings.port}"]
    public = urlsplit(settings.public_url).netloc
    return list(dict.fromkeys([*known, public] if public else known))


def shell_line(settings: Settings) -> str:
    """The command as one line for a shell. Secrets are not in it: the line asks for them when it runs."""
    ask = f"{shlex.quote(sys.executable)} -m app serve --show-secret"
    variables = [f'{name}="$({ask} {purpose})"' for name, purpose in SECRETS.items()]
    variables += ["BOKEH_SIGN_SESSIONS=1", "MALLOC_ARENA_MAX=2", f"PYTHONPATH={shlex.quote(str(ROOT))}"]
    return " ".join([*variables, shlex.join(serve_command(settings))])


def _absolute(page: str) -> Path:
    path = Path(page)
    return path if path.is_absolute() else ROOT / path
