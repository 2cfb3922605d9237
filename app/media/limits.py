"""What the unit accepts at most, and how fast. Everything that comes from outside is measured against these."""

from __future__ import annotations

MAX_PEERS = 400
MAX_ROOM_PEERS = 16
MAX_STREAMS = 16  # SSRCs of one publisher, of which a page uses five
MAX_ADDRESSES = 8  # authenticated addresses of one peer: its candidates, and those it had before
MAX_SSRCS = 128  # that one client ever uses: libsrtp keeps each, and a page has about forty
EXTENSIONS = 32  # words of a packet's header extensions; those that we take fill twelve at most
DATAGRAM = 2048  # bytes; media stay below 1500
OFFER = 65_536  # bytes of an offer
SILENCE = 15.0  # seconds without a valid packet, then a peer is gone
HANDSHAKE = 10.0  # seconds from the answer to the end of DTLS
HANDSHAKE_BYTES = 3200  # sent to a client before its handshake ends: three times what came of it, or as many as these
STUN_PER_SOURCE = 200.0  # false binding requests a second from one host (a care home behind one NAT) to one client
STUN_PER_PEER = 50.0  # authentic ones
QUESTIONS = 5.0  # a second to one client whether it is where it asks to be reached, beside one for each request of it
TRANSACTIONS = 256  # of one ICE session remembered with where they came from; MARKS are for all of them
REPEATS = 6  # answers to one request beside the first: a client sends it seven times (RFC 8489, 6.2.1)
MARKS = 1 << 20  # bits in which an ICE session marks every request it has seen
INCOMING = 1_500_000  # bytes a second read of one client, counted with what they cost; three times what a page sends
FORGED = 1_500_000  # the same of what bears its address and is not authentic; then only its known streams are tried
INCOMING_DTLS = 750_000  # the same of DTLS, true or not: a page sends a few dozen datagrams a second of it
COST = 300  # bytes that reading one packet counts as, beside its own
COST_BEGIN = 1500  # the same for one whose number jumps: every viewer's slot begins anew, in the time of five packets
COST_GAP = 300  # the same for one before which others are missing, and COST_MISSING for each of those
COST_MISSING = 4
COST_DTLS = 2000  # the same for each chunk in a datagram of the data channel, which goes through Python
CHAT_BYTES = 16_384  # one message on the data channel
CHAT_PER_SECOND = 20.0
MAX_PARTS = 512  # of messages whose rest has not come yet, on each of MAX_CHANNELS
MAX_CHANNELS = 16
NACKS_PER_SECOND = 2000.0  # packets that one viewer asks for
RESENDS_PER_SECOND = 500.0  # packets sent again to one viewer
UPLINK_BITS = 2_500_000  # bits a second asked of a publisher, at most


class Bucket:
    """A token bucket: `rate` a second on the average, `burst` at once."""

    __slots__ = ("burst", "level", "rate", "stamp")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.level, self.stamp = burst, 0.0

    def holds(self, now: float, cost: float = 1.0) -> bool:
        """Whether `take` would answer True."""
        return min(self.burst, self.level + (now - self.stamp) * self.rate) >= cost

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Whether there is room for one more at `now` (seconds of a monotonic clock)."""
        level = self.level + (now - self.stamp) * self.rate
        self.stamp = now
        self.level = level = self.burst if level > self.burst else level
        if level < cost:
            return False
        self.level = level - cost
        return True
