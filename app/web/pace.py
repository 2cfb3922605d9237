"""How often one address may take a step that leaves a row behind and asks for no password.

A card's nonce, a passkey's challenge, a provider's state, a refusal in the journal, a letter: anybody can ask for them
without end, and nothing else slows that down (passwords have their turns, decision 0006). The burst is a hospital's
change of shift behind one address; what follows is what such a house needs over a day. Per process, in memory.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BURST = 1200  # steps
PER_SECOND = 2.0
MOST_ADDRESSES = 10_000  # remembered; those at rest are forgotten first


@dataclass
class Pace:
    """A bucket of steps for each address, filled again with time."""

    clock: Callable[[], float] = time.monotonic
    burst: int = BURST
    per_second: float = PER_SECOND
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)  # address: steps left, when that was

    def wait(self, address: str, taking: int = 1) -> int:
        """Take a step, or several (with 0 only look): 0, or the seconds to wait when none is left.

        `address` may be any other name of who asks.
        """
        name, now = _network(address), self.clock()
        left, at = self._left.pop(name, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_second)
        wait = 0 if left >= 1 else int((1 - left) / self.per_second) + 1
        if len(self._left) >= MOST_ADDRESSES:
            self._left.pop(next(iter(self._left)))  # the one that asked longest ago
        self._left[name] = (left if wait else left - taking, now)
        return wait


def _network(address: str) -> str:
    """The address, of IPv6 the network of one subscriber (RFC 6177: never less than a /64)."""
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if here.version == 4 else str(ipaddress.ip_network(f"{here}/64", strict=False))
