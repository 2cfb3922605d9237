"""Whether a client is really where its requests come from, and takes what is sent there (in the spirit of RFC 7675).

An authentic request says who speaks, not from where: somebody with a login could write another's address on one, and have
the media of a whole room sent there. So media go to an address only

- after a handshake whose every datagram went there: the client could not have gone on without reading them. This is the
  usual way, and takes no round trip more than before;
- after an authentic answer to a question of ours, a binding request with a number that only who reads there knows, when
  the address changes during the handshake or after it. Until then media go on to where they went.

An authentic SRTP packet from an address proves nothing about it: its sender may have written that on it as well. That
the client is still there is told by its bindings: without any it is gone after SILENCE seconds.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from app.media import stun
from app.media.limits import MAX_ADDRESSES, QUESTIONS, Bucket
from app.media.stun import Address

if TYPE_CHECKING:
    from app.media.peer import Credentials

PROOF = 5.0  # seconds after the handshake in which a client that moved during it must have answered
ASKED_FOR = 3.0  # seconds that a question is repeated; the client's next request from there begins anew


class Question(NamedTuple):
    """A binding request of ours, by the ICE session in which the client asked: a restart may have begun meanwhile."""

    transaction: bytes
    username: str
    password: bytes  # the client's

    @property
    def datagram(self) -> bytes:
        return stun.question(*self)

    def is_answered_by(self, data: bytes) -> bool:
        return stun.is_answer(data, self.transaction, self.password)


class Consent:
    """Of one client. `wanted` is where it asked to be reached last, while there is no answer from there."""

    def __init__(self) -> None:
        self.greeted: set[Address] = set()  # where datagrams of the handshake went
        self.wanted: Address | None = None
        self._proven: Address | None = None
        self._asked: dict[Address, Question] = {}  # without an answer
        self._since = 0.0
        # Beside one question for each request of the client, or a single forged one would have many sent to its victim.
        self._repeats = Bucket(QUESTIONS, QUESTIONS)
        self._changed = asyncio.Event()
        self._ended = False

    def question(self, address: Address, credentials: Credentials, now: float) -> bytes:
        """The client asks to be reached at `address`: the datagram that asks whether it is there."""
        if self.wanted != address:
            self.wanted, self._since = address, now
        username, password = f"{credentials.remote}:{credentials.local}", credentials.remote_password.encode()
        asked = self._asked.get(address)
        if asked is None or asked.username != username:
            if len(self._asked) >= MAX_ADDRESSES:
                del self._asked[next(iter(self._asked))]
            asked = self._asked[address] = Question(secrets.token_bytes(12), username, password)
        return asked.datagram

    def repeats(self, now: float) -> tuple[bytes, Address] | None:
        """What to send once more, and where, as a question or its answer may be lost; None: nothing, or not now."""
        asked = self._asked.get(self.wanted) if self.wanted else None
        if self.wanted is None or asked is None or now - self._since > ASKED_FOR:
            self.wanted = None
            return None
        return (asked.datagram, self.wanted) if self._repeats.take(now) else None

    def is_answered(self, data: bytes, address: Address) -> bool:
        """Whether `data` is the client's answer from `address`, which proves that it is there."""
        asked = self._asked.get(address)
        if asked is None or not asked.is_answered_by(data):
            return False
        del self._asked[address]
        self._proven = address
        self._changed.set()
        return True

    def covers(self, address: Address | None) -> bool:
        """Whether the handshake, or an answer, has shown that the client is at `address`."""
        return address is not None and (self._proven == address or self.greeted == {address})

    async def is_given(self, where: Callable[[], Address | None]) -> bool:
        """After the handshake: whether the client is `where` it is sent to, once it has answered if it moved meanwhile."""
        try:
            async with asyncio.timeout(PROOF):
                while not (self._ended or self.covers(where())):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return not self._ended

    def end(self) -> None:
        """The client is gone: nobody waits for its answer."""
        self._ended = True
        self._changed.set()
