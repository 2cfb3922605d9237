"""Starts the rig: database, two logins, and either the web process alone or the supervisor with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from app import db
from app.identity import login_sessions
from app.identity.models import Profession, Professional
from app.identity.ways import Way
from app.server import command
from app.settings import Settings, load
from tests.support.serving_rig import rig_platform

HERE = Path(__file__).parent


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rig_settings(var: Path, port: int, **more: object) -> Settings:
    return load(
        **more,
        var=var,
        port=port,
        demo=True,
        secure_cookies=False,
        cookie_secret=SecretStr("c" * 64),
        file_key=SecretStr("f" * 64),
        mail_transport="folder",
    )


def rig_command(settings: Settings) -> list[str]:
    return command.serve_command(
        settings,
        pages=[str(HERE / "rig_page.py")],
        plugins=["tests.support.serving_rig.rig_plugin"],
        setup=HERE / "rig_setup.py",
    )


class RigServer:
    """A running server; `secrets` are the login cookies of its two people."""

    path = "/rig_page"

    def __init__(self, var: Path, **settings: object) -> None:
        self.settings = rig_settings(var, free_port(), **settings)
        self.url = f"http://localhost:{self.settings.port}"
        self.platform = rig_platform.build(self.settings)
        db.migrate(self.platform.engine)
        self.secrets = [self._person("claire", "Claire", "Martin"), self._person("hugo", "Hugo", "Leroy")]
        self.log = var / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_in = 0.0  # seconds; says how busy the machine is

    def _person(self, login: str, given: str, family: str) -> str:
        with self.platform.transaction() as session:
            person = Professional(
                login=login,
                title="Dr",
                given_name=given,
                family_name=family,
                profession=Profession.PHYSICIAN,
                qualification="gériatre",
            )
            session.add(person)
            session.flush()
            return login_sessions.open_session(session, self.platform, person, Way.PASSWORD)

    def login_again(self, login_of: int = 0) -> str:
        """Another login session of one of the two people."""
        with self.platform.transaction() as session:
            person = session.get_one(Professional, login_of + 1)
            return login_sessions.open_session(session, self.platform, person, Way.PASSWORD)

    def start(self, arguments: list[str] | None = None) -> None:
        arguments = arguments or rig_command(self.settings)
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments, env=command.environment(self.settings), stdout=log, stderr=log, cwd=command.ROOT
            )
        self.wait()
        self.started_in = time.monotonic() - began

    def start_supervised(self) -> None:
        self.start(
            [
                sys.executable,
                "-m",
                "tests.support.serving_rig.rig_supervised",
                str(self.settings.var),
                str(self.settings.port),
            ]
        )

    def wait(self, within: float = 60.0) -> None:
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/sante/pret", timeout=1):
                    return
            except OSError:
                if self.process is None or self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"the rig does not answer:\n{self.log.read_text()[-4000:]}")

    @property
    def web_pid(self) -> int:
        """The web process: under the supervisor its child, else the process itself."""
        pid_file = self.settings.var / "run" / "web.pid"
        if pid_file.exists():
            return int(pid_file.read_text())
        assert self.process is not None
        return self.process.pid

    def kill_web(self) -> None:
        os.kill(self.web_pid, signal.SIGKILL)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def close(self) -> None:
        self.stop()
        self.platform.bus.close()  # type: ignore[attr-defined]
        self.platform.engine.dispose()
