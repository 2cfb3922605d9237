"""Two small applications, one with the rooms: what is handed through between them, over real sockets."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets, bind_unix_socket
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler, websocket_connect

from app.server import hand_through, rooms_door, same_user

PATIENCE = 60.0  # seconds: ends what will never come
MEGABYTE = 1 << 20
MOST_ON_THE_WAY = 12 * MEGABYTE  # in kernels (both sockets' buffers, loopback's grow to some MB), and a little here


@dataclass
class Seen:
    """What the handlers of one application went through."""

    asked: list[str] = field(default_factory=list)
    came: int = 0  # bytes of a body
    went: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Rig(RequestHandler):
    @property
    def seen(self) -> Seen:
        found: Seen = self.application.settings["seen"]
        return found

    def prepare(self) -> None:
        self.seen.asked.append(f"{self.request.method} {self.request.uri}")

    @property
    def name(self) -> str:
        return str(self.application.settings["name"])


class Plain(Rig):
    def get(self) -> None:
        self.finish(self.name)


class Echo(Rig):
    of_rooms = True

    def get(self) -> None:
        told = {"name": self.name, "ip": self.request.remote_ip, "protocol": self.request.protocol}
        told |= {
            "host": self.request.host,
            "body": self.request.body.decode(),
            "cookie": self.get_cookie("session", ""),
        }
        self.add_header("Set-Cookie", "a=1")
        self.add_header("Set-Cookie", "b=2")
        self.set_status(int(self.get_query_argument("status", "200")))
        self.finish(told if self.get_status() == 200 else None)

    head = post = get


@stream_request_body
class Sink(Rig):
    of_rooms = True

    def prepare(self) -> None:
        super().prepare()
        self.request.connection.set_max_body_size(600 * MEGABYTE)  # type: ignore[union-attr]
        if self.get_query_argument("non", ""):
            raise HTTPError(413)

    async def data_received(self, chunk: bytes) -> None:
        self.seen.came += len(chunk)
        await self.seen.go_on.wait()

    def put(self) -> None:
        self.finish(f"{self.name} {self.seen.came}")

    def on_connection_close(self) -> None:
        self.seen.gone.set()


class Source(Rig):
    of_rooms = True

    async def get(self) -> None:
        try:
            for _ in range(int(self.get_query_argument("n"))):
                self.write(bytes(MEGABYTE))
                await self.flush()
                self.seen.went += MEGABYTE
        except StreamClosedError:
            self.seen.gone.set()


class Broken(Rig):
    """Ends its connection before, or in the middle of, its answer."""

    of_rooms = True

    async def get(self) -> None:
        if self.name == "other":
            self.finish("other")
            return
        if self.get_query_argument("half", ""):
            self.set_header("Content-Length", "10")
            self.write("half")
            await self.flush()
        self._auto_finish = False
        self.request.connection.stream.close()  # type: ignore[union-attr]

    put = post = get


class Talk(WebSocketHandler):
    of_rooms = True

    def prepare(self) -> None:
        if self.get_query_argument("non", ""):
            raise HTTPError(403)

    def on_message(self, message: str | bytes) -> None:
        if message == "bye":
            self.close(4401, "ended")
        else:
            self.write_message(f"{self.application.settings['name']} {message!r}")

    def on_close(self) -> None:
        seen: Seen = self.application.settings["seen"]
        seen.asked.append(f"closed {self.close_code}")
        seen.gone.set()


ROUTES: list[Any] = [
    ("/plain", Plain),
    ("/echo", Echo),
    ("/sink", Sink),
    ("/source", Source),
    ("/broken", Broken),
    ("/talk", Talk),
]


@dataclass
class Two:
    """The one with the rooms, and the other, at whose port everybody asks."""

    owner: Seen
    other: Seen
    door: rooms_door.RoomsDoor
    socket: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=PATIENCE, **options)

    async def raw(self, text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.replace("\n", "\r\n").encode("latin1"))
        return reader, writer


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    owner, other = (Application(ROUTES, name=name, seen=Seen()) for name in ("owner", "other"))
    path = tmp_path / "run" / "rooms.sock"
    door = rooms_door.open_door(owner, path)
    rooms_door.Elsewhere(other, lambda asked: asked is owner, path).put_first()
    http = HTTPServer(other, xheaders=True)
    [socket] = bind_sockets(0, "127.0.0.1")
    http.add_socket(socket)
    yield Two(owner.settings["seen"], other.settings["seen"], door, path, socket.getsockname()[1])
    owner.settings["seen"].go_on.set()
    http.stop()
    await http.close_all_connections()
    await door.close()
    async with asyncio.timeout(PATIENCE):
        while hand_through._under_way:
            await asyncio.sleep(0.01)


# ---- which requests, and as whose


async def test_only_what_is_of_the_rooms_is_handed_through(two: Two) -> None:
    async with two.client() as client:
        assert (await client.get("/plain")).text == "other"
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.get("/echo")).json()["name"] == "owner"
    assert two.owner.asked == ["GET /echo"]


async def test_while_nobody_has_the_rooms_a_request_stays_here(two: Two) -> None:
    await two.door.close()
    async with two.client() as client:
        assert (await client.get("/echo")).json()["name"] == "other"
        assert (await client.post("/echo", content=b"abc")).json()["body"] == "abc"
        two.other.go_on.set()
        assert (await client.put("/sink", content=bytes(MEGABYTE))).text == f"other {MEGABYTE}"
    assert not await rooms_door.answers(two.socket)


async def test_the_owner_knows_the_client_as_a_process_in_front_of_us_told_it(two: Two) -> None:
    async with two.client(headers={"Host": "tele.example", "Cookie": "session=x"}) as client:
        told = (await client.post("/echo", content=b"abc")).json()
        assert told == {
            "name": "owner",
            "ip": "127.0.0.1",
            "protocol": "http",
            "host": "tele.example",
            "body": "abc",
            "cookie": "x",
        }
        proxied = {"X-Real-IP": "192.0.2.7", "X-Scheme": "https"}  # of nginx: this server was told to believe them
        told = (await client.get("/echo", headers=proxied)).json()
        assert (told["ip"], told["protocol"]) == ("192.0.2.7", "https")


async def test_only_the_rooms_are_behind_the_door_and_only_for_our_own_user(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(two.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(two.socket.parent.stat().st_mode) == 0o700
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(two.socket)), timeout=60) as client:
        assert (await client.get("http://x/plain")).status_code == 404
        assert (await client.get("http://x/echo")).status_code == 200
        assert await rooms_door.answers(two.socket)
        uid = same_user.os.getuid()
        monkeypatch.setattr(same_user.os, "getuid", lambda: uid + 1)
        assert not await rooms_door.answers(two.socket)  # nor does anybody hand through to a stranger
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(two.socket)), timeout=60) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("http://x/echo")
    assert two.owner.asked == ["GET /echo"]


# ---- bodies


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_upload_goes_as_fast_as_it_is_taken_and_is_not_kept_on_the_way(two: Two, chunked: bool) -> None:
    size, sent = 64 * MEGABYTE, 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(size // MEGABYTE):
            yield bytes(MEGABYTE)
            sent += MEGABYTE

    headers = {} if chunked else {"Content-Length": str(size)}
    async with two.client() as client:
        put = asyncio.create_task(client.put("/sink", content=body(), headers=headers))
        await asyncio.wait([put], timeout=1)
        assert 0 < sent <= MOST_ON_THE_WAY
        two.owner.go_on.set()
        answer = await put
    assert answer.text == f"owner {size}"


async def test_who_is_refused_hears_why_before_the_body_is_sent(two: Two) -> None:
    reader, writer = await two.raw("PUT /sink?non=1 HTTP/1.1\nHost: x\nContent-Length: 500000000\n\n")
    assert (await asyncio.wait_for(reader.readline(), PATIENCE)).startswith(b"HTTP/1.1 413")
    await asyncio.wait_for(reader.read(), PATIENCE)  # the connection ends: the rest is not read
    writer.close()
    assert two.owner.came == 0


async def test_a_download_waits_for_who_reads_it(two: Two) -> None:
    reader, writer = await two.raw("GET /source?n=64 HTTP/1.1\nHost: x\nConnection: close\n\n")
    await asyncio.sleep(0)
    assert (await asyncio.wait_for(reader.readline(), PATIENCE)).startswith(b"HTTP/1.1 200")
    before = -1
    while before != two.owner.went:  # until nothing more is taken
        before = two.owner.went
        await asyncio.sleep(0.3)
    assert two.owner.went <= MOST_ON_THE_WAY
    rest = 0
    while piece := await asyncio.wait_for(reader.read(MEGABYTE), PATIENCE):
        rest += len(piece)
    writer.close()
    assert rest > 64 * MEGABYTE


async def test_when_the_client_goes_the_owner_learns_it(two: Two) -> None:
    for text in (
        "GET /source?n=400 HTTP/1.1\nHost: x\n\n",
        "PUT /sink HTTP/1.1\nHost: x\nContent-Length: 1000\n\nabc",
    ):
        two.owner.gone.clear()
        two.owner.go_on.set()
        reader, writer = await two.raw(text)
        if text.startswith("GET"):
            await asyncio.wait_for(reader.readline(), PATIENCE)
        else:
            async with asyncio.timeout(PATIENCE):
                while two.owner.came != 3:
                    await asyncio.sleep(0.01)
        writer.transport.abort()
        await asyncio.wait_for(two.owner.gone.wait(), PATIENCE)


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_answers_keep_their_shape(two: Two, method: str, status: int) -> None:
    async with two.client() as client:
        for _ in range(2):  # the second over the same connection
            answer = await client.request(method, f"/echo?status={status}")
            assert answer.status_code == status
            assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
            assert bool(answer.content) == (method == "GET" and status == 200)


# ---- an owner that dies


async def test_a_question_whose_owner_died_before_the_answer_is_answered_here(two: Two) -> None:
    async with two.client() as client:
        assert (await client.get("/broken")).text == "other"
    assert two.other.asked == ["GET /broken"]


@pytest.mark.parametrize(("method", "body"), [("PUT", b"abc"), ("POST", b"")])
async def test_what_the_owner_may_have_done_is_not_done_again_but_told(two: Two, method: str, body: bytes) -> None:
    async with two.client() as client:
        answer = await client.request(method, "/broken", content=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "salles-ailleurs")
    assert "Rien n'est perdu" in answer.json()["message"]
    assert two.other.asked == []


async def test_half_an_answer_is_never_taken_for_a_whole(two: Two) -> None:
    async with two.client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/broken?half=1")


# ---- nobody smuggles


@pytest.mark.parametrize(
    "head",
    [
        "PUT /sink HTTP/1.1\nHost: x\nContent-Length: 3\nContent-Length: 40\n\n",
        "PUT /sink HTTP/1.1\nHost: x\nContent-Length: 3\nTransfer-Encoding: chunked\n\n",
        "PUT /sink HTTP/1.1\nHost: x\nTransfer-Encoding: xchunked\n\n",
        "GET /echo HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n",
        "GET /talk HTTP/1.1\nHost: x\nUpgrade: websocket\nConnection: Upgrade\nContent-Length: 30\n\n",
        "PUT /sink HTTP/1.1\nHost: x\nContent-Length : 3\n\n",
        "PUT /sink HTTP/1.1\nHost: x\nX: a\n Content-Length: 3\nContent-Length: 40\n\n",
    ],
)
async def test_a_head_with_two_readings_reaches_nobody(two: Two, head: str) -> None:
    reader, writer = await two.raw(head + "GET /echo?smuggled HTTP/1.1\nHost: x\n\n")
    said = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    assert said.startswith(b"HTTP/1.1 400")
    assert said.count(b"HTTP/1.1") == 1
    assert two.owner.asked == two.other.asked == []


async def test_a_refused_upgrade_opens_no_way_past_us(two: Two) -> None:
    upgrade = "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: eA==\n"
    reader, writer = await two.raw(
        f"GET /talk?non=1 HTTP/1.1\nHost: x\n{upgrade}\nGET /plain HTTP/1.1\nHost: x\nConnection: close\n\n"
    )
    said = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    assert said.startswith(b"HTTP/1.1 403")
    assert said.count(b"HTTP/1.1") == 1  # the connection ends with the refusal
    assert two.owner.asked == []


# ---- websockets


async def test_a_websocket_is_as_if_there_were_nobody_between(two: Two) -> None:
    line = await websocket_connect(f"ws://127.0.0.1:{two.port}/talk")
    large = json.dumps("é" * 200_000)
    for said in ("bonjour", large, b"\x00\xff"):
        await line.write_message(said, binary=isinstance(said, bytes))
        assert await asyncio.wait_for(line.read_message(), PATIENCE) == f"owner {said!r}"
    await line.write_message("bye")
    assert await asyncio.wait_for(line.read_message(), PATIENCE) is None
    assert (line.close_code, line.close_reason) == (4401, "ended")
    line.close()


async def test_the_owner_hears_with_which_code_a_page_leaves(two: Two) -> None:
    line = await websocket_connect(f"ws://127.0.0.1:{two.port}/talk")
    line.close(1001, "away")
    assert await asyncio.wait_for(line.read_message(), PATIENCE) is None
    await asyncio.wait_for(two.owner.gone.wait(), PATIENCE)
    assert two.owner.asked == ["closed 1001"]


async def test_an_owner_that_never_answers_is_not_waited_for(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_through, "WILLING_WITHIN", 0.2)
    await two.door.close()
    dumb = bind_unix_socket(str(two.socket))  # connections wait there, and are never accepted
    line = await asyncio.wait_for(websocket_connect(f"ws://127.0.0.1:{two.port}/talk"), PATIENCE)
    await line.write_message("hier")
    assert await asyncio.wait_for(line.read_message(), PATIENCE) == "other 'hier'"
    line.close()
    assert await asyncio.wait_for(line.read_message(), PATIENCE) is None
    async with two.client() as client:
        assert (await client.put("/sink", content=b"abc")).status_code == 503
    dumb.close()
