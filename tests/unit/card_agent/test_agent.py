"""Rules of the reader agent: whom it answers, what it signs, and how codes are counted."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from app.card_agent import message, server
from app.card_agent.counter import TRIES, Counter
from app.card_agent.key_files import FolderReader
from app.card_agent.readers import Card, CardBlocked, NoCard
from app.card_agent.signing import Refused, sign
from app.demo.card_authority import Pair, TrialAuthority
from app.identity.card import certificates
from tests.support.cards import MARTIN, ORIGIN, authority, some_key
from tests.support.people import TUESDAY

NONCE = bytes(range(32))
CODE = "1234"


@pytest.fixture(scope="module")
def issuer() -> TrialAuthority:
    return authority(TUESDAY)


@pytest.fixture(scope="module")
def pair(issuer: TrialAuthority) -> Pair:
    return issuer.card(MARTIN, "MARTIN", "Claire", key=some_key())


@pytest.fixture
def folder(tmp_path: Path, pair: Pair) -> Path:
    card = tmp_path / "reader" / "cards" / "martin"
    card.mkdir(parents=True)
    (card / "certificate.pem").write_bytes(pair.pem)
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(CODE.encode()))
    (card / "key.pem").write_bytes(key)
    (tmp_path / "reader" / "inserted").write_text("martin")
    return tmp_path / "reader"


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "counter")


# ---- the counter


def ask(folder: Path, counter: Counter, code: str) -> int | None:
    """Tries left after a wrong code; None after a right one."""
    try:
        sign(FolderReader(folder), counter, ORIGIN, NONCE, code)
    except Refused as refused:
        return refused.left
    return None


def test_three_wrong_codes_block_the_card_and_the_right_one_comes_too_late(folder: Path, counter: Counter) -> None:
    assert [ask(folder, counter, code) for code in ("0000", "1111", "2222")] == [2, 1, 0]
    with pytest.raises(CardBlocked):
        ask(folder, counter, CODE)
    with pytest.raises(CardBlocked):  # another agent, started anew
        ask(folder, Counter(folder.parent / "counter"), CODE)


def test_a_right_code_in_between_gives_the_tries_back(folder: Path, counter: Counter) -> None:
    assert [ask(folder, counter, code) for code in ("0000", CODE, "1111", "2222", CODE)] == [2, None, 2, 1, None]


def test_the_try_is_on_the_disk_before_the_card_sees_the_code(
    folder: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(number: int) -> None:
        real(number)
        synced.append(os.readlink(f"/proc/self/fd/{number}"))

    class Killed(BaseException): ...

    class DiesInTheMiddle(FolderReader):
        def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
            assert len(synced) == 2  # the file, then its folder
            assert counter.left(card.identifier) == TRIES - 1
            raise Killed

    monkeypatch.setattr(os, "fsync", watched)
    reader = DiesInTheMiddle(folder)
    with pytest.raises(Killed):
        sign(reader, counter, ORIGIN, NONCE, "0000")
    assert counter.left(reader.card().identifier) == TRIES - 1


def test_a_counter_that_cannot_be_written_leaves_the_card_untouched(
    folder: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Untouched(FolderReader):
        def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
            raise AssertionError("the card saw a code that was not counted")

    monkeypatch.setattr(os, "fsync", lambda _number: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        sign(Untouched(folder), counter, ORIGIN, NONCE, CODE)


def test_a_damaged_counter_is_no_free_try(folder: Path, counter: Counter) -> None:
    ask(folder, counter, "0000")
    (kept,) = (folder.parent / "counter").glob("*.json")
    kept.write_text("{")
    with pytest.raises(CardBlocked):
        ask(folder, counter, CODE)
    assert counter.forget() == 1
    assert ask(folder, counter, CODE) is None


def test_a_card_taken_out_meanwhile_costs_no_try(folder: Path, counter: Counter) -> None:
    class TakenOut(FolderReader):
        def sign(self, card: Card, code: str, message_: bytes) -> tuple[str, bytes]:
            raise NoCard

    with pytest.raises(NoCard):
        sign(TakenOut(folder), counter, ORIGIN, NONCE, CODE)
    assert counter.left(FolderReader(folder).card().identifier) == TRIES


def test_what_is_signed_names_the_domain_the_origin_and_the_nonce() -> None:
    text = message.to_sign(ORIGIN, NONCE)
    assert text.startswith(b"TELEDOSSIER-CARD-LOGIN-v1\0")
    assert text.endswith(NONCE)
    assert text != message.to_sign("https://evil.example", NONCE)
    assert not text.startswith(b"\x20" * 64)  # RFC 8446 4.4.3: what a TLS 1.3 client certificate signs
    with pytest.raises(ValueError, match="32"):
        message.to_sign(ORIGIN, NONCE[:-1])


# ---- the two addresses


@dataclass
class Agent:
    """An agent on a free port, asked as a browser's page would."""

    url: str
    desk: server.Desk

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        asked = {"Origin": ORIGIN, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with httpx.AsyncClient(timeout=60) as client:
            if isinstance(body, bytes):
                return await client.request(method, self.url + path, content=body, headers=asked)
            return await client.request(method, self.url + path, json=body, headers=asked)

    async def sign(self, code: str = CODE, **headers: str) -> httpx.Response:
        return await self.ask("POST", "/sign", {"nonce": base64.b64encode(NONCE).decode(), "code": code}, **headers)


@pytest.fixture
async def agent(folder: Path, counter: Counter) -> AsyncIterator[Agent]:
    desk = server.Desk(FolderReader(folder), counter, frozenset({ORIGIN}))
    listening = HTTPServer(server.application(desk), max_body_size=server.LARGEST_BODY)
    socket, port = bind_unused_port(address="127.0.0.1")
    listening.add_socket(socket)
    yield Agent(f"http://127.0.0.1:{port}", desk)
    listening.stop()
    await listening.close_all_connections()
    desk.close()


async def test_info_tells_whose_card_it_is_without_its_code(agent: Agent, folder: Path) -> None:
    answer = await agent.ask("GET", "/info")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    said = answer.json()
    assert (said["state"], said["holder"], said["left"], said["expired"]) == ("ready", "Claire MARTIN", 3, False)
    (folder / "inserted").unlink()
    assert (await agent.ask("GET", "/info")).json() == {"state": "no-card"}
    (folder / "unplugged").touch()
    assert (await agent.ask("GET", "/info")).json() == {"state": "no-reader"}


async def test_a_signature_is_the_cards_for_this_origin_and_nonce(agent: Agent, pair: Pair) -> None:
    said = (await agent.sign()).json()
    assert base64.b64decode(said["certificate"]) == pair.der
    assert (said["origin"], base64.b64decode(said["nonce"])) == (ORIGIN, NONCE)
    certificates.check_signature(
        pair.certificate, said["algorithm"], base64.b64decode(said["signature"]), ORIGIN, NONCE
    )
    assert CODE not in json.dumps(said)


async def test_wrong_codes_are_counted_down_to_a_blocked_card(agent: Agent) -> None:
    answers = [await agent.sign(code) for code in ("0000", "0001", "0002", CODE)]
    assert [answer.status_code for answer in answers] == [401, 401, 423, 423]
    assert [answer.json()["left"] for answer in answers] == [2, 1, 0, 0]
    assert (await agent.ask("GET", "/info")).json()["state"] == "blocked"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": ORIGIN + ".evil.example"}, 403),
        ({"Host": "evil.example:9911"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_other_sites_other_names_and_forms_get_nothing(
    agent: Agent, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({"nonce": base64.b64encode(NONCE).decode(), "code": CODE}).encode()
    answer = await agent.ask("POST", "/sign", body, **({"Content_Type": "application/json"} | headers))
    assert answer.status_code == status
    assert "signature" not in answer.text
    if status != 415:
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert (await agent.ask("GET", "/info", **headers)).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"nonce": "AAAA", "code": "1234"}',
        b'{"nonce": 1, "code": "1234"}',
        b'{"nonce": "%s", "code": 1234}' % base64.b64encode(NONCE),
        b'{"nonce": "%s"}' % base64.b64encode(NONCE),
        b'{"nonce": "%s", "code": "1234"}' % base64.b64encode(NONCE + b"x"),
    ],
)
async def test_what_is_not_a_request_is_refused_and_costs_no_try(agent: Agent, body: bytes) -> None:
    answer = await agent.ask("POST", "/sign", body, Content_Type="application/json")
    assert answer.status_code == 400
    assert (await agent.ask("GET", "/info")).json()["left"] == 3


@pytest.mark.parametrize("code", ["", "12", "12345678901234", "abcd", "１２３４"])
async def test_what_cannot_be_a_code_costs_no_try(agent: Agent, code: str) -> None:
    answer = await agent.sign(code)
    assert (answer.status_code, answer.json()) == (400, {"error": "code-format"})
    assert (await agent.ask("GET", "/info")).json()["left"] == 3


async def test_a_large_body_is_refused(agent: Agent) -> None:
    with pytest.raises(httpx.TransportError):  # tornado closes the line
        await agent.ask("POST", "/sign", b"x" * 100_000, Content_Type="application/json")


@pytest.mark.slow
async def test_a_page_that_asks_too_often_is_slowed_down(agent: Agent) -> None:
    answers = await asyncio.gather(*(agent.ask("GET", "/info") for _ in range(70)))
    assert {answer.status_code for answer in answers} == {200, 429}


async def test_the_question_before_a_request_is_answered_for_our_origin_only(agent: Agent) -> None:
    asked = {"Access_Control_Request_Private_Network": "true", "Access_Control_Request_Method": "POST"}
    ours = await agent.ask("OPTIONS", "/sign", **asked)
    assert (ours.status_code, ours.headers["Access-Control-Allow-Private-Network"]) == (204, "true")
    assert (await agent.ask("OPTIONS", "/sign", Origin="https://evil.example", **asked)).status_code == 403
