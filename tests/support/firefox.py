"""Debian's Firefox, driven by the Marionette server that every Firefox has: a socket, no geckodriver.

A message is `length:JSON`; a command is `[0, n, name, parameters]`, its answer `[1, n, error, result]`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.processes import end

PROGRAM = "/usr/bin/firefox-esr"
START_SECONDS = 90.0
ANSWER_SECONDS = 60.0
PREFERENCES: dict[str, object] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": False,
    "intl.accept_languages": "fr-FR",
    # Nothing of a fresh profile asks the network, or the person, for anything.
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}


class FirefoxError(Exception):
    """Firefox refused a command, or a script of ours failed in the page."""


class Firefox:
    """A running Firefox with one tab."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._count = connection, 0
        self._incoming = connection.makefile("rb")
        self._receive()  # who it is

    def command(self, name: str, **parameters: Any) -> Any:
        """One Marionette command. Raises: FirefoxError, TimeoutError."""
        self._count += 1
        data = json.dumps([0, self._count, name, parameters]).encode()
        self._connection.sendall(b"%d:%b" % (len(data), data))
        _, _, error, result = self._receive()
        if error:
            raise FirefoxError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    def close(self) -> None:
        """Hang up."""
        self._incoming.close()
        self._connection.close()

    def goto(self, url: str) -> None:
        self.command("WebDriver:Navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression, or of its promise, in the page. Raises: FirefoxError."""
        script = f"""const done = arguments[arguments.length - 1];
          (async () => {expression})().then((value) => done(JSON.stringify({{ value: value ?? null }})),
            (error) => done(JSON.stringify({{ error: String(error) }})));"""
        told = self.command("WebDriver:ExecuteAsyncScript", script=script, args=[], sandbox=None, newSandbox=False)
        if told["value"] is None:
            raise FirefoxError("the page went away meanwhile")
        answer = json.loads(told["value"])
        if "error" in answer:
            raise FirefoxError(answer["error"])
        return answer["value"]

    def until(self, expression: str, seconds: float = 90.0) -> None:
        """Wait until an expression is true; failures on the way, as of a page that loads, count as not yet."""
        end, why = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            try:
                if self.evaluate(expression):
                    return
                why = ""
            except FirefoxError as error:
                why = str(error)
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds:.0f} s: {expression} {why}")

    def click(self, css: str, text: str = "") -> None:
        """Click the first visible element that holds `text`, as soon as there is one; shadow roots are looked into."""
        find = _FIND % (json.dumps(css), json.dumps(text))
        self.until(f"Boolean({find})")
        self.evaluate(f"void {find}.click()")

    def press(self, css: str, text: str) -> None:
        """The same, as a finger does it: what a browser allows only to a person works."""
        find = _FIND % (json.dumps(css), json.dumps(text))
        self.until(f"Boolean({find})")
        found = self.command("WebDriver:ExecuteScript", script=f"return {find}", args=[], sandbox=None)["value"]
        self.command("WebDriver:ElementClick", id=next(iter(found.values())))

    def fill(self, css: str, text: str) -> None:
        field = self.command("WebDriver:FindElement", using="css selector", value=css)["value"]
        self.command("WebDriver:ElementSendKeys", id=next(iter(field.values())), text=text)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.command("WebDriver:TakeScreenshot", full=False)["value"]))

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._incoming.read(1)
            if not byte or len(length) > 9:
                raise FirefoxError("the line to Firefox is broken")
            length += byte
        return json.loads(self._incoming.read(int(length[:-1])))


_FIND = """((css, text) => {
  const look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.matches(css) && each.checkVisibility() && !each.disabled
        && (each.getAttribute("aria-label") ?? each.textContent).includes(text)) return each;
      const found = each.shadowRoot && look(each.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  return look(document);
})(%s, %s)"""


@contextlib.contextmanager
def firefox(profile: Path, screen: str = "") -> Iterator[Firefox]:
    """A Firefox with a profile of its own in the empty folder `profile`; its process ends with the block.

    Headless, or on a `screen` (`virtual_screen.py`), which it can share: of several it takes the first without asking.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    wanted = PREFERENCES | {"marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (profile / "user.js").write_text("".join(lines))
    process = subprocess.Popen(
        [PROGRAM, *([] if screen else ["--headless"]), "--no-remote", "--marionette", "--profile", str(profile)],
        env=os.environ | ({"DISPLAY": screen, "MOZ_ENABLE_WAYLAND": "0"} if screen else {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    driven = None
    try:
        driven = Firefox(_connected(port, process))
        driven.command("WebDriver:NewSession", capabilities={})
        driven.command("WebDriver:SetTimeouts", script=int(ANSWER_SECONDS * 1000) - 5000)
        driven.command("WebDriver:SetWindowRect", width=1440, height=900)
        yield driven
    finally:
        if driven:
            driven.close()
        end(process)


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
        except OSError:
            time.sleep(0.1)
    raise FirefoxError("Firefox does not start")
