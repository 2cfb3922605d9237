"""One signature: the counter around the card."""

from __future__ import annotations

from dataclasses import dataclass

from app.card_agent import message
from app.card_agent.counter import TRIES, Counter
from app.card_agent.readers import Card, CardBlocked, NoCard, NoModule, NoReader, Reader, WrongCode


@dataclass(frozen=True)
class Signed:
    """What goes to the page, and from there to the server. Never the code."""

    card: Card
    algorithm: str
    signature: bytes


class Refused(Exception):
    """The code was wrong; `left` tries remain, 0 when the card is blocked now."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


def sign(reader: Reader, counter: Counter, origin: str, nonce: bytes, code: str) -> Signed:
    """Ask the card to sign a login at `origin`. The try is counted, on disk, before the card sees the code.

    Raises: CardBlocked, Refused(left), NoCard, NoReader, NoModule, OSError (the counter can't be written: no try).
    """
    card = reader.card()
    left = counter.left(card.identifier)
    if left == 0:
        raise CardBlocked
    counter.write(card.identifier, left - 1)
    try:
        algorithm, signature = reader.sign(card, code, message.to_sign(origin, nonce))
    except WrongCode:
        raise Refused(left - 1) from None
    except CardBlocked:
        counter.write(card.identifier, 0)
        raise
    except (NoCard, NoReader, NoModule):  # the card never saw the code
        counter.write(card.identifier, left)
        raise
    counter.write(card.identifier, TRIES)
    return Signed(card, algorithm, signature)
