"""The rig of poor networks itself: what it lets through, what it does not, and another network in the middle of it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from app.bench import lines
from app.bench.lines import Impairment, Namespace

pytestmark = pytest.mark.skipif(bool(lines.why_not()), reason=lines.why_not() or "nothing is missing")

# Asks both servers who we are to them; answers « - » for the one that cannot be reached.
ASK = """
import socket, sys
def ask(kind):
    with socket.socket(socket.AF_INET, kind) as line:
        line.settimeout(3)
        try:
            if kind == socket.SOCK_STREAM:
                line.connect((sys.argv[1], int(sys.argv[2])))
                line.send(b"who")
            else:  # not connected: a server on every address answers from the one that is nearest
                line.sendto(b"who", (sys.argv[1], int(sys.argv[2])))
            return line.recv(64).decode()
        except OSError:
            return "-"
print(ask(socket.SOCK_DGRAM), ask(socket.SOCK_STREAM))
"""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server by UDP and TCP that answers with the address of who asks."""
    with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        stream.bind(("", 0))
        stream.listen()
        datagrams.bind(("", stream.getsockname()[1]))

        def by_udp() -> None:
            while True:
                said, address = datagrams.recvfrom(64)
                if said == b"end":
                    return
                datagrams.sendto(address[0].encode(), address)

        def by_tcp() -> None:
            while True:
                line, address = stream.accept()
                with line:
                    if line.recv(64) == b"end":
                        return
                    line.send(address[0].encode())

        servers = [threading.Thread(target=serve) for serve in (by_udp, by_tcp)]
        for server in servers:
            server.start()
        number = stream.getsockname()[1]
        yield number
        with socket.create_connection(("127.0.0.1", number)) as last:
            last.send(b"end")
        datagrams.sendto(b"end", ("127.0.0.1", number))
        for server in servers:
            server.join()


def asked(space: Namespace, port: int) -> list[str]:
    """As whom UDP and TCP from inside reach this side."""
    command = space.command([sys.executable, "-c", ASK, space.outside, str(port)])
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_line_closes_and_opens_while_it_runs(port: int) -> None:
    with lines.line(Impairment(delay=0.005)) as space:
        assert asked(space, port) == [space.inside, space.inside]
        space.become(Impairment(udp=False))
        assert asked(space, port) == ["-", space.inside]
        space.become(Impairment(closed=(port,)))
        assert asked(space, port) == [space.inside, "-"]
        space.become(Impairment(loss=1.0))
        assert asked(space, port) == ["-", "-"]
        space.become(Impairment())
        assert asked(space, port) == [space.inside, space.inside]


def test_another_network_brings_another_address(port: int) -> None:
    with lines.line(Impairment()) as space:
        moved = space.move()
        assert moved != space.inside
        assert asked(space, port) == [moved, moved]
