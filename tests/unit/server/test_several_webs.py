"""`serve --web N`: so many web processes, one worker, one forwarding unit."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.__main__ import main
from app.server import supervisor
from app.settings import Settings, load


def settings(var: Path, **more: object) -> Settings:
    return load(var=var, port=5006, cookie_secret=SecretStr("c" * 64), file_key=SecretStr("f" * 64), **more)


def test_each_web_process_has_a_port_of_its_own_and_all_else_in_common(tmp_path: Path) -> None:
    kept = {child.name: child for child in supervisor.children(settings(tmp_path), web=3)}
    assert list(kept) == ["web", "web-2", "web-3", "worker", "media"]
    webs = [kept["web"], kept["web-2"], kept["web-3"]]
    for port, child in enumerate(webs, 5006):
        assert child.environment["TD_PORT"] == str(port)
        assert child.arguments[child.arguments.index("--port") + 1] == str(port)
        assert child.pid_file.name == f"{child.name}.pid"
        rest = child.environment | {"TD_PORT": ""}
        assert rest == kept["worker"].environment | {"TD_PORT": ""}


def test_several_need_one_address_in_front_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in settings(tmp_path).environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TD_PUBLIC_URL", "")
    assert main(["serve", "--web", "2"]) == 1
    assert "TD_PUBLIC_URL" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "9", "deux"])
def test_a_number_of_web_processes_that_makes_no_sense_is_refused(number: str) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--web", number])


async def test_a_port_taken_further_up_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
        try:
            second.bind(("127.0.0.1", port + 1))
        except OSError:  # taken by somebody else: just as well
            pass
        else:
            second.listen()
        first.close()
        with pytest.raises(supervisor.PortTaken, match=str(port + 1)):
            await supervisor.supervise(settings(tmp_path).model_copy(update={"port": port}), [], print, web=2)
