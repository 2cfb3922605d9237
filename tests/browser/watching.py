"""What arrives on a page over time: read in the page every 100 ms, so that nothing is missed while a test does other things."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

# Of the one other person, by the way that is played. Counts begin anew with another connection.
WATCH = """() => {
  window.__seen = [];
  const read = async (line) => {
    for (const each of (await line?.receiver.getStats() ?? new Map()).values()) if (each.type === "inbound-rtp") return each;
    return {};
  };
  const look = async () => {
    const { topology, people } = window.__td.call.current ?? {};
    const [id] = people?.keys() ?? [];
    const way = id && topology.current(id);
    const [audio, video, aux] = await Promise.all([read(way?.audio), read(way?.video), read(id && topology.aux(id, "auxVideo"))]);
    window.__seen.push({
      at: Date.now() / 1000, route: way?.route ?? "", audio: audio.packetsReceived ?? 0, face: video.framesDecoded ?? 0,
      aux: aux.framesDecoded ?? 0, width: video.frameWidth ?? 0, lost: audio.packetsLost ?? 0,
      samples: audio.totalSamplesReceived ?? 0, made: (audio.concealedSamples ?? 0) - (audio.silentConcealedSamples ?? 0),
    });
  };
  clearInterval(window.__watching);
  window.__watching = setInterval(() => void look().catch(() => undefined), 100);
}"""


FLOWING = 1.0  # seconds at most from one to the next


@dataclass(frozen=True)
class Seen:
    """One look; `at` is seconds of the clock of this machine."""

    at: float
    route: str
    audio: int  # packets received
    face: int  # pictures decoded
    aux: int
    width: int
    lost: int
    samples: int
    made: int  # samples of sound that were made up, silence not counted


def watch(page: Any) -> None:
    """Begin, or begin anew."""
    page.evaluate(WATCH)


def seen(page: Any) -> list[Seen]:
    return [Seen(**each) for each in page.evaluate("window.__seen")]


def back_at(looks: list[Seen], what: str, since: float, more: int) -> float:
    """When, after `since`, more than `more` had come of `audio` or `face` on from its longest silence; 0.0 for never."""
    looks = [look for look in looks if look.at >= since]
    silence_end, longest, last = 0.0, 0.0, since
    for before, now in itertools.pairwise(looks):
        if 0 < getattr(now, what) != getattr(before, what):
            if now.at - last > longest:
                longest, silence_end = now.at - last, now.at
            last = now.at
    after = [look for look in looks if look.at >= silence_end]
    came = after and getattr(after[-1], what) - getattr(after[0], what)
    return silence_end if silence_end and came and came > more else 0.0


def stopped_at(looks: list[Seen], what: str, since: float, until: float) -> float:
    """When it stopped flowing, before `until`: a single one that stood in a queue and comes late flows no more."""
    stopped = last = since
    for before, now in itertools.pairwise(looks):
        if since <= now.at < until and getattr(now, what) > getattr(before, what) > 0:
            if now.at - last < FLOWING:
                stopped = now.at
            last = now.at
    return stopped


def small_since(looks: list[Seen], width: int, since: float) -> float:
    """When, after `since`, the face began to flow no wider than that: a single picture in a flood is none that flows."""
    last = 0.0
    for before, now in itertools.pairwise(looks):
        if now.at > since and now.face > before.face > 0 and 0 < now.width <= width:
            if now.at - last < FLOWING:
                return last
            last = now.at
    raise AssertionError(f"no face of {width} pixels or less flowed")


def longest_silence(looks: list[Seen], what: str) -> tuple[float, float]:
    """Seconds in which nothing of it came, and when they ended."""
    longest, last = (0.0, looks[0].at), looks[0].at
    for before, now in itertools.pairwise(looks):
        if 0 < getattr(now, what) != getattr(before, what):
            last = now.at
        longest = max(longest, (now.at - last, now.at))
    return longest
