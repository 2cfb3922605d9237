"""What the server sends, without a browser: headers, files, tokens, logins, memory, and its own restarting."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, get_token_payload
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from app.pinned import Pin, PinBroken
from app.server import command, pins, supervisor
from app.server.headers import SecurityHeaders
from app.server.shelf import Shelved
from tests.support.serving_rig.rig_server import RigServer, rig_settings

TOKEN = re.compile(r'"token":"([^"]+)"')
SCRIPT = re.compile(r"<script([^>]*)>")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigServer]:
    rig = RigServer(tmp_path_factory.mktemp("rig"))
    try:
        rig.start()
        yield rig
    finally:
        rig.close()


@pytest.fixture
def claire(server: RigServer) -> Iterator[httpx.Client]:
    with client(server, 0) as found:
        yield found


@pytest.fixture
def stranger(server: RigServer) -> Iterator[httpx.Client]:
    with client(server) as found:
        yield found


@pytest.fixture
def hugo(server: RigServer) -> Iterator[httpx.Client]:
    with client(server, 1) as found:
        yield found


def client(server: RigServer, person: int | None = None, **options: Any) -> httpx.Client:
    cookies = {} if person is None else {server.settings.session_cookie: server.secrets[person]}
    return httpx.Client(base_url=server.url, cookies=cookies, timeout=30, **options)


def token_of(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text[:500]
    return found[1]


async def open_websocket(server: RigServer, token: str, secret: str) -> ClientConnection:
    """A page's websocket, past the server's greeting. Raises: ConnectionClosed when there is none."""
    socket = await connect(
        server.url.replace("http", "ws") + server.path + "/ws",
        additional_headers={"Cookie": f"{server.settings.session_cookie}={secret}"},
        origin=Origin(server.url),
        subprotocols=[Subprotocol("bokeh"), Subprotocol(token)],
        max_size=None,
    )
    assert "ACK" in str(await asyncio.wait_for(socket.recv(), 20))
    return socket


# ---- who may see a page


def test_a_stranger_is_sent_to_the_login_page_and_back(server: RigServer, stranger: httpx.Client) -> None:
    answer = stranger.get("/rig_page?dossier=TLM-2026-0001")
    assert answer.status_code == 302
    where = httpx.URL(server.url + "/rig_page").join(answer.headers["Location"])
    assert where.path == "/connexion"
    assert where.params["next"] == "/rig_page?dossier=TLM-2026-0001"


def test_a_trailing_slash_is_taken_away_before_anything_else(stranger: httpx.Client, claire: httpx.Client) -> None:
    for asking in (stranger, claire):
        answer = asking.get("/rig_page/?dossier=1")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/rig_page?dossier=1")


def test_nothing_serves_to_embed_our_pages_elsewhere(claire: httpx.Client) -> None:
    assert claire.get("/rig_page/autoload.js?bokeh-autoload-element=x").status_code == 404
    assert claire.get("/rig_page/metadata").status_code == 404


def test_the_login_cookie_is_nowhere_in_the_page(server: RigServer, claire: httpx.Client) -> None:
    page = claire.get(server.path, headers={"X-Forwarded-For": "192.0.2.7", "Accept-Language": "fr"})
    payload = get_token_payload(token_of(page))
    assert server.secrets[0] not in page.text
    assert server.secrets[0] not in json.dumps(payload, default=str)
    assert payload["cookies"] == {}
    assert payload["headers"] == {"Accept-Language": "fr"}


def test_a_page_that_cannot_be_built_says_so_and_the_next_one_is_built(server: RigServer, claire: httpx.Client) -> None:
    broken = claire.get(server.path + "?broken=1")
    assert broken.status_code == 500
    assert "La page n'a pas pu s'ouvrir" in broken.text
    assert "Traceback" not in broken.text
    assert "rig asked for it" not in broken.text
    assert claire.get(server.path).status_code == 200


# ---- headers


def test_every_answer_carries_the_security_headers(server: RigServer, claire: httpx.Client) -> None:
    for path in (server.path, "/sante/vivant", "/connexion", "/static/js/bokeh.min.js", "/nowhere"):
        headers = claire.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert "camera=(self)" in headers["Permissions-Policy"], path
        assert "Server" not in headers, path


def test_a_body_larger_than_any_form_is_refused_before_it_is_sent(server: RigServer) -> None:
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=5) as line:
        line.sendall(b"POST /connexion HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 400")


def test_scripts_run_by_a_nonce_of_this_answer_only(server: RigServer, claire: httpx.Client) -> None:
    nonces = set()
    for _ in range(2):
        page = claire.get(server.path)
        policy = page.headers["Content-Security-Policy"]
        (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
        nonces.add(nonce)
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        assert all(f'nonce="{nonce}"' in attributes for attributes in SCRIPT.findall(page.text))
        assert page.headers["Cache-Control"] == "no-store"
    assert len(nonces) == 2


def test_a_host_header_cannot_write_into_the_policy() -> None:
    class Request:
        host = "evil; script-src *"
        protocol = "http"

    headers: Any = {"Content-Type": "text/html"}
    SecurityHeaders(Request()).transform_first_chunk(200, headers, b"<p>", True)  # type: ignore[arg-type]
    assert "evil" not in headers["Content-Security-Policy"]


def test_names_are_text_in_the_page_never_markup(server: RigServer, hugo: httpx.Client) -> None:
    with server.platform.transaction() as session:
        from app.identity.models import Professional

        person = session.get_one(Professional, 2)
        person.family_name, kept = "<script>alert(1)</script>", person.family_name
        session.add(person)
    try:
        page = hugo.get(server.path)
    finally:
        with server.platform.transaction() as session:
            person = session.get_one(Professional, 2)
            person.family_name = kept
            session.add(person)
    assert "&lt;SCRIPT&gt;ALERT(1)" in page.text
    assert "<SCRIPT>" not in page.text


# ---- files


def files_of(page: httpx.Response) -> list[str]:
    found = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg)[^"]*)"', page.text)
    assert len(found) > 10
    return found


def test_every_file_of_a_page_is_ours_compressed_and_known_again(server: RigServer, claire: httpx.Client) -> None:
    for address in files_of(claire.get(server.path)):
        assert "://" not in address
        first = claire.get(address, headers={"Accept-Encoding": "gzip, br"})
        assert first.status_code == 200, address
        if len(first.content) > 2000:
            assert first.headers["Content-Encoding"] == "br", address
        assert "Accept-Encoding" in first.headers["Vary"], address
        again = claire.get(address, headers={"Accept-Encoding": "gzip, br", "If-None-Match": first.headers["Etag"]})
        assert (again.status_code, again.content) == (304, b""), address


def test_codings_have_different_etags_and_the_same_content(server: RigServer, claire: httpx.Client) -> None:
    answers = [
        claire.get("/static/js/bokeh.min.js", headers={"Accept-Encoding": coding})
        for coding in ("br", "gzip", "identity", "br;q=0, gzip")
    ]
    assert [answer.headers.get("Content-Encoding") for answer in answers] == ["br", "gzip", None, "gzip"]
    assert len({answer.headers["Etag"] for answer in answers}) == 3
    assert len({answer.text for answer in answers}) == 1


def test_only_addresses_that_name_their_content_are_kept_for_ever(server: RigServer, claire: httpx.Client) -> None:
    kept = {address: claire.get(address).headers["Cache-Control"] for address in files_of(claire.get(server.path))}
    for address, rule in kept.items():
        if "/statique/" in address or "bokeh.min.js" in address:
            assert "immutable" in rule, address
        if "panel-material-ui" in address and "?v=" in address:  # Panel's version, not panel-material-ui's
            assert rule == "no-cache", address
    assert claire.get("/statique/page.js").headers["Cache-Control"] == "no-cache"
    assert claire.get("/statique/000000000000/page.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/statique/../server/auth.py",
        "/statique/..%2fserver%2fauth.py",
        "/statique/components/_shared/__init__.py",
        "/static/extensions/panel/../../../app.py",
        "/statique/000000000000/",
    ],
)
def test_only_files_for_browsers_are_served(claire: httpx.Client, path: str) -> None:
    assert claire.get(path).status_code in (403, 404)


# ---- a new token for an old page


def renew(
    asking: httpx.Client, server: RigServer, token: str, origin: str | None = "own", **more: Any
) -> httpx.Response:
    headers = {} if origin is None else {"Origin": server.url if origin == "own" else origin}
    return asking.post("/api/renouveler", json={"token": token, **more}, headers=headers)


def test_a_renewed_token_names_the_same_session_at_the_present_address(server: RigServer, claire: httpx.Client) -> None:
    old = token_of(claire.get(server.path + "?dossier=TLM-2026-0001"))
    answer = renew(claire, server, old, search="?dossier=TLM-2026-0002&vide=")
    new = answer.json()["token"]
    before, after = get_token_payload(old), get_token_payload(new)
    assert before["arguments"] == {"dossier": [b"TLM-2026-0001"]}
    assert after["arguments"] == {"dossier": [b"TLM-2026-0002"], "vide": [b""]}
    assert after["owner"] == before["owner"]
    assert after["session_expiry"] >= before["session_expiry"]


def test_a_token_long_expired_is_renewed_and_opens_the_page(server: RigServer, claire: httpx.Client) -> None:
    payload = get_token_payload(token_of(claire.get(server.path)))
    expired = _token(server, payload | {"session_expiry": None}, -3600)
    new = renew(claire, server, expired).json()["token"]
    asyncio.run(_opens(server, new))


def test_only_the_person_of_a_page_renews_it(
    server: RigServer, claire: httpx.Client, hugo: httpx.Client, stranger: httpx.Client
) -> None:
    token = token_of(claire.get(server.path))
    for asking, status in ((stranger, 401), (hugo, 403)):
        answer = renew(asking, server, token)
        assert answer.status_code == status
        assert "token" not in answer.json()


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_another_site_renews_nothing(server: RigServer, claire: httpx.Client, origin: str | None) -> None:
    assert renew(claire, server, token_of(claire.get(server.path)), origin=origin).status_code == 403


def test_a_forged_or_senseless_token_is_refused(server: RigServer, claire: httpx.Client) -> None:
    token = token_of(claire.get(server.path))
    forged = generate_jwt_token(  # type: ignore[arg-type]
        "x" * 44, secret_key=b"another", signed=True, extra_payload={"owner": 1}
    )
    for wrong in (forged, token[:-2] + "xx", "", "a.b.c", "é", "." * 60_000):
        assert renew(claire, server, wrong).status_code == 403, wrong[:20]
    own = {"Origin": server.url}
    assert claire.post("/api/renouveler", content=b"[]", headers=own).status_code == 400
    assert claire.post("/api/renouveler", content=b"x" * 70_000, headers=own).status_code == 413
    assert renew(claire, server, token, search="?" + "a=1&" * 600).status_code == 400


def test_nobody_attaches_to_the_page_of_somebody_else(
    server: RigServer, claire: httpx.Client, stranger: httpx.Client
) -> None:
    token = token_of(claire.get(server.path))
    with pytest.raises(ConnectionClosed, match="4403"):
        asyncio.run(_opens(server, token, server.secrets[1]))
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
        "Origin": server.url,
    }
    assert stranger.get(server.path + "/ws", headers=handshake).status_code == 403


def _token(server: RigServer, payload: dict[str, Any], expiration: int) -> str:
    secret = server.settings.derived_secret("sessions").encode()
    kept = {name: value for name, value in payload.items() if name not in ("session_id", "session_expiry")}
    from bokeh.util.token import generate_session_id

    session_id = generate_session_id(secret_key=secret, signed=True)
    return generate_jwt_token(session_id, secret_key=secret, signed=True, extra_payload=kept, expiration=expiration)


async def _opens(server: RigServer, token: str, secret: str | None = None) -> None:
    socket = await open_websocket(server, token, secret or server.secrets[0])
    await socket.close()


# ---- logging out, and what stays in memory


async def test_logging_out_closes_the_pages_of_that_login_and_no_others(server: RigServer) -> None:
    ending, staying = server.login_again(), server.login_again()
    sockets = []
    for secret in (ending, staying):
        with httpx.Client(base_url=server.url, cookies={server.settings.session_cookie: secret}, timeout=30) as asking:
            page = await asyncio.to_thread(asking.get, server.path)
        sockets.append(await open_websocket(server, token_of(page), secret))
    from app.identity import login_sessions

    # From another process, as a second web process would: the bus carries it.
    await asyncio.to_thread(login_sessions.end, server.platform, ending)
    await asyncio.wait_for(sockets[0].wait_closed(), 5)
    assert sockets[0].close_code == 4401
    await asyncio.sleep(1)
    assert sockets[1].close_code is None
    await sockets[1].close()


@pytest.mark.slow
async def test_sixty_pages_opened_and_closed_leave_nothing(tmp_path: Path) -> None:
    rig = RigServer(tmp_path, page_keep_seconds=1)
    try:
        rig.start()
        before = _alive(rig)["documents"]
        for _ in range(4):
            tokens = [await asyncio.to_thread(_visit, rig) for _ in range(15)]
            sockets = [await open_websocket(rig, token, rig.secrets[0]) for token in tokens]
            assert _alive(rig)["pages"] == 15
            await asyncio.gather(*(socket.close() for socket in sockets))
        await asyncio.sleep(4)
        after = _alive(rig)
    finally:
        rig.close()
    assert after == {"pages": 0, "documents": before}
    assert before <= 1


def _alive(rig: RigServer) -> dict[str, int]:
    with client(rig) as asking:
        found: dict[str, int] = asking.get("/sante/pages").json()
        return found


def _visit(rig: RigServer) -> str:
    with client(rig, 0) as asking:
        return token_of(asking.get(rig.path))


# ---- processes


def test_health_tells_alive_from_ready(stranger: httpx.Client) -> None:
    for path in ("/sante/vivant", "/sante/pret"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_a_taken_port_is_said_in_plain_words_before_anything_starts(server: RigServer, tmp_path: Path) -> None:
    port = server.settings.port
    with pytest.raises(supervisor.PortTaken, match=f"Le port {port} est déjà utilisé") as refused:
        asyncio.run(supervisor.supervise(rig_settings(tmp_path, port), [], lambda _line: None))
    assert f"--port {port + 1}" in refused.value.message


def test_a_child_that_keeps_dying_is_started_ever_more_slowly() -> None:
    pauses = [supervisor.pause_after(deaths) for deaths in range(1, 12)]
    assert pauses[0] == 0.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == supervisor.LONGEST_PAUSE


@pytest.mark.slow
def test_the_supervisor_restarts_the_web_process_and_takes_it_along_when_killed(tmp_path: Path) -> None:
    rig = RigServer(tmp_path)
    try:
        rig.start_supervised()
        _eventually(lambda: f"Prêt : http://localhost:{rig.settings.port}" in rig.log.read_text().splitlines())
        old = rig.web_pid
        rig.kill_web()
        _eventually(lambda: (rig.settings.var / "run" / "web.pid").exists() and rig.web_pid != old)
        rig.wait()
        new = rig.web_pid
        assert rig.process is not None
        rig.process.kill()  # no chance to say goodbye: the kernel ends the children
        rig.process.wait()
        _eventually(lambda: not Path(f"/proc/{new}/cmdline").exists() or not Path(f"/proc/{new}/cmdline").read_bytes())
    finally:
        rig.close()


def _eventually(reached: Any, within: float = 15.0) -> None:
    end = time.monotonic() + within
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


# ---- the command line


def test_the_printed_command_has_every_protection_and_no_secret(tmp_path: Path) -> None:
    settings = rig_settings(tmp_path, 5006)
    line = command.shell_line(settings)
    for word in ("--session-ids signed", "--include-cookies", "--auth-module", "--setup", "app.server.plugin"):
        assert word in line
    assert settings.cookie_secret.get_secret_value() not in line
    assert settings.derived_secret("sessions") not in line
    assert "--use-xheaders" not in line  # nobody stands in front of this one


def test_child_processes_get_the_very_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import load

    given = rig_settings(tmp_path, 5123)
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert load() == given


@pytest.mark.parametrize(
    "words", [[], ["serve"], ["demo"], ["worker"], ["migrate"], ["card-agent"], ["card-crl"], ["bench"]]
)
def test_every_command_explains_itself(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "app", *words, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert len(done.stdout) > 100


def test_placeholder_secrets_are_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"], capture_output=True, text=True, check=False, cwd=command.ROOT
    )
    assert done.returncode == 1
    assert "TD_COOKIE_SECRET" in done.stderr


# ---- pins and small rules


def test_what_we_lean_on_in_panel_and_bokeh_is_there() -> None:
    pins.check()


def test_a_name_gone_from_panel_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Pin("panel.io.server:DocHandler.no_such_thing", "the test")
    monkeypatch.setattr(pins, "PYTHON", (*pins.PYTHON, gone))
    with pytest.raises(PinBroken, match="no_such_thing"):
        pins.check()


@pytest.mark.parametrize(
    ("accepted", "answered"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("", "identity"), ("br;q=0, gzip;q=0.5", "gzip"), ("gzip;q=0", "identity")],
)
def test_the_coding_follows_what_the_browser_takes(accepted: str, answered: str) -> None:
    shelved = Shelved("text/css", "0", {"identity": b"xxx", "br": b"x", "gzip": b"xx"})
    assert shelved.best_for(accepted) == answered
