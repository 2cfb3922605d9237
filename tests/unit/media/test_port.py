"""Bindings at the port: who is followed to a new address, who is answered, and what strangers cannot do to a client."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from app.media import stun
from app.media.limits import SILENCE, STUN_PER_PEER, STUN_PER_SOURCE, TRANSACTIONS
from app.media.peer import Peer, Transactions
from app.media.port import Port, open_socket
from app.media.sdp_offer import Offer
from app.media.wire import Totals
from tests.unit.media import rig as media_rig

PASSWORD = "of-the-client-22-signs"


def answer(question: bytes, sender: socket.socket, password: str = PASSWORD) -> bytes:
    return stun.success(question[8:20], sender.getsockname(), password.encode())


class FakeLoop:
    def add_reader(self, *_: Any) -> None: ...

    def remove_reader(self, *_: Any) -> None: ...


class Rig:
    """A port, one client of it, and sockets on this machine's addresses."""

    def __init__(self) -> None:
        self.totals = Totals()
        self.port = Port(open_socket("127.0.0.1", 0), self.totals)
        behind = media_rig.Rig()
        self.port.listen(FakeLoop(), behind.forwarder, behind.reports)  # type: ignore[arg-type]
        self.peer = self.client("martin")
        self.sockets: list[socket.socket] = []
        self.questions: list[bytes] = []

    def client(self, name: str) -> Peer:
        peer = Peer(name, "blue", Offer([], "there", [], PASSWORD), 0.0)
        self.port.by_fragment[peer.credentials.local] = (peer, peer.credentials)
        return peer

    def socket(self, host: str = "127.0.0.1") -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, 0))
        made.setblocking(False)
        self.sockets.append(made)
        return made

    def request(self, nominated: bool = True, password: str | None = None, peer: Peer | None = None) -> bytes:
        credentials = (peer or self.peer).credentials
        key = (password or credentials.password).encode()
        return stun.request(os.urandom(12), f"{credentials.local}:there", key, nominated)

    def send(self, sender: socket.socket, data: bytes) -> bool:
        """Whether it is answered. What else comes to `sender` is in `questions`."""
        sender.sendto(data, self.port.sock.getsockname())
        self.port._readable()
        self.questions, answered = [], False
        while True:
            try:
                came = sender.recv(2048)
            except BlockingIOError:
                return answered
            answered |= came[8:20] == data[8:20]
            self.questions += [] if came[8:20] == data[8:20] else [came]

    def move(self, sender: socket.socket) -> None:
        """The client goes over to `sender`, and says that it is there."""
        assert self.send(sender, self.request())
        for question in self.questions:
            self.send(sender, answer(question, sender))

    def close(self) -> None:
        self.port.close(FakeLoop())  # type: ignore[arg-type]
        for each in self.sockets:
            each.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()
    assert rig.totals.errors == 0


def test_a_client_is_followed_to_the_address_of_a_new_nomination(rig: Rig) -> None:
    for host in ("127.0.0.1", "127.0.0.2"):
        sender = rig.socket(host)
        rig.move(sender)
        assert rig.peer.address == sender.getsockname()


def test_a_binding_that_is_sent_again_from_elsewhere_moves_nothing_and_is_not_answered(rig: Rig) -> None:
    client, thief = rig.socket(), rig.socket("127.0.0.2")
    captured = rig.request()
    assert rig.send(client, captured)
    assert not rig.send(thief, captured)
    assert rig.peer.address == client.getsockname()
    assert thief.getsockname() not in rig.port.by_address


def test_a_binding_that_is_repeated_from_its_own_address_is_answered_again(rig: Rig) -> None:
    client, other = rig.socket(), rig.socket()
    first, second = rig.request(), rig.request()
    assert rig.send(client, first)
    assert rig.send(other, second)
    assert rig.send(client, first)
    assert rig.peer.address == other.getsockname()  # the last one nominated, not the last one heard


def test_false_bindings_do_not_use_up_what_a_client_may_ask(rig: Rig) -> None:
    client, attacker = rig.socket(), rig.socket()  # behind the same address
    assert rig.send(client, rig.request())
    for _ in range(int(2 * STUN_PER_SOURCE)):
        assert not rig.send(attacker, rig.request(password="0" * 32))
    assert rig.send(client, rig.request())
    assert rig.send(rig.socket("127.0.0.2"), rig.request())  # on another network


def test_a_flood_in_the_name_of_a_house_keeps_out_nobody_else_of_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: 1000.0)
    flood, other = rig.socket(), rig.client("legrand")
    for _ in range(int(2 * STUN_PER_SOURCE)):
        rig.send(flood, rig.request(password="0" * 32))
    assert not rig.send(rig.socket(), rig.request())
    assert rig.send(rig.socket(), rig.request(peer=other))


def test_an_address_at_which_somebody_is_reached_is_not_taken_from_them(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if another client had written the first one's address on its requests."""
    now = 1000.0
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: now)
    shared, other, dropped = rig.socket(), rig.client("legrand"), rig.totals.dropped
    address = shared.getsockname()
    assert rig.send(shared, rig.request())
    now += 6.0  # no client binds more rarely
    assert not rig.send(shared, rig.request(peer=other))
    assert (rig.port.by_address[address], other.address, rig.totals.dropped) == (rig.peer, None, dropped + 1)
    now += SILENCE
    assert rig.send(shared, rig.request(peer=other))
    assert (rig.port.by_address[address], other.address) == (other, address)


@pytest.mark.parametrize("left", ["closed", "moved"])
def test_an_address_that_was_left_is_free(rig: Rig, left: str) -> None:
    shared, other = rig.socket(), rig.client("legrand")
    assert rig.send(shared, rig.request())
    if left == "closed":
        rig.peer.closed = True
    else:
        rig.move(rig.socket())
    assert rig.send(shared, rig.request(peer=other))
    assert rig.port.by_address[shared.getsockname()] is other


def test_only_so_many_false_sources_are_remembered(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.media.port.MOST_SOURCES", 3)
    attacker = rig.socket()
    for number in range(9):
        rig.send(attacker, rig.request(password="0" * 32, peer=rig.client(str(number))))
    assert len(rig.port._sources) == 3


def test_repeated_bindings_do_not_use_up_what_a_client_may_ask(rig: Rig) -> None:
    client, thief = rig.socket(), rig.socket("127.0.0.2")
    captured = rig.request()
    assert rig.send(client, captured)
    for _ in range(int(2 * STUN_PER_PEER)):
        assert not rig.send(thief, captured)
    assert rig.send(client, rig.request())


def test_the_key_is_not_used_for_an_address_that_sends_false_bindings(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, check = [], stun.is_authentic
    monkeypatch.setattr(stun, "is_authentic", lambda *given: used.append(1) or check(*given))
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: 1000.0)
    attacker = rig.socket()
    for _ in range(int(2 * STUN_PER_SOURCE)):
        rig.send(attacker, rig.request(password="0" * 32))
    assert len(used) == STUN_PER_SOURCE


def test_a_client_is_answered_so_often_a_second_and_no_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: now)
    client = rig.socket()
    assert sum(rig.send(client, rig.request()) for _ in range(100)) == STUN_PER_PEER
    now += 1.0
    assert rig.send(client, rig.request())


def test_a_request_is_answered_as_often_as_a_client_repeats_it_and_no_more(rig: Rig) -> None:
    client, captured = rig.socket(), rig.request()
    assert [rig.send(client, captured) for _ in range(9)] == 7 * [True] + 2 * [False]
    assert rig.send(client, rig.request())


def test_repetitions_in_a_clients_own_name_do_not_use_up_what_it_may_ask(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come from its address: somebody near it has heard them and writes that on them."""
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: 1000.0)
    client, captured = rig.socket(), [rig.request() for _ in range(10)]
    for _ in range(int(STUN_PER_PEER)):
        for data in captured:
            rig.send(client, data)
    assert sum(rig.send(client, rig.request()) for _ in range(100)) == STUN_PER_PEER - len(captured)


@pytest.mark.parametrize("others", [TRANSACTIONS // 2, 2 * TRANSACTIONS])
def test_a_binding_never_becomes_new_again(rig: Rig, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    now = 1000.0
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: now)
    client, thief, captured = rig.socket(), rig.socket("127.0.0.2"), rig.request()
    assert rig.send(client, captured)
    for _ in range(others):
        now += 2.5
        assert rig.send(client, rig.request())
    assert not rig.send(thief, captured)
    assert (rig.peer.address, thief.getsockname() in rig.port.by_address) == (client.getsockname(), False)


def test_a_client_is_heard_for_eight_hours_of_bindings() -> None:
    seen, address = Transactions(), ("192.0.2.1", 1)
    dropped = 0
    for number in range(8 * 3600 * 10 // 25):
        transaction = number.to_bytes(12, "big")
        if seen.is_spent(transaction):
            dropped += 1
        else:
            assert seen.is_new(transaction, address)
    assert dropped < 10
    assert len(seen.recent) == TRANSACTIONS
    assert all(seen.is_spent(number.to_bytes(12, "big")) for number in range(11_000))
