"""Clips that bots play: made by the product itself, encoded once, kept in a folder, sent without any further encoding.

VP8 640 × 480 at 30 pictures and about 1 Mbit/s with a key frame each second, Opus 48 kHz at about 32 kbit/s.
"""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from app.demo import clip_drawing as drawing

NAME = "silhouette-1.webm"  # the number grows when the clip changes, so that old folders make it anew
SECONDS = 9
PICTURES_PER_SECOND = drawing.PER_SECOND
GOP = 30  # pictures from one key frame to the next
VIDEO_BITRATE, AUDIO_BITRATE = 1_000_000, 32_000
SOUND_SAMPLES = 960  # 20 ms, one packet
SOUNDS_PER_SECOND = drawing.SAMPLES_PER_SECOND // SOUND_SAMPLES
PART_BYTES = 1160  # with its headers and SRTP's tag under the 1200 bytes that browsers keep to
QUIET = 127  # -dBov of silence (RFC 6464)


@dataclass(frozen=True)
class Picture:
    """An encoded picture, cut into parts that fit a packet."""

    parts: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True)
class Sound:
    """An encoded packet of 20 ms; `level` is its loudness in -dBov, 0 loudest, 127 silence (RFC 6464)."""

    data: bytes
    level: int


@dataclass(frozen=True)
class Clip:
    """All packets of a clip, in memory, shared by all who play it. It starts with a key frame."""

    pictures: tuple[Picture, ...]
    sounds: tuple[Sound, ...]

    @property
    def packets_per_second(self) -> float:
        """How many packets a player of this clip sends."""
        parts = sum(len(picture.parts) for picture in self.pictures)
        return parts * PICTURES_PER_SECOND / len(self.pictures) + SOUNDS_PER_SECOND

    def next_key(self, position: int) -> int:
        """Position of the first key frame at or after `position`; the clip's start when none follows."""
        for number in range(position, len(self.pictures)):
            if self.pictures[number].key:
                return number
        return 0


def load(folder: Path) -> Clip:
    """The clip of `folder`, made there first if it is missing (a few seconds, once)."""
    path = folder / NAME
    if not path.exists():
        make(path)
    return read(path)


def make(path: Path, seconds: int = SECONDS) -> None:
    """Draw, speak and encode a clip into `path`; whoever looks sees no file or the whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        _encode(unfinished, seconds)
        os.replace(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _encode(path: str, seconds: int) -> None:
    samples, loudness = drawing.voice(seconds)
    with av.open(path, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=PICTURES_PER_SECOND)
        video.width, video.height, video.pix_fmt = drawing.WIDTH, drawing.HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size = VIDEO_BITRATE, GOP
        video.codec_context.thread_count = 1  # libvpx's threads spin while they wait: on busy cores ten times slower
        rate = str(VIDEO_BITRATE)
        video.options = {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0", "error-resilient": "default"}
        video.options |= {
            "minrate": rate,
            "maxrate": rate,
            "bufsize": rate,
            "keyint_min": str(GOP),
            "auto-alt-ref": "0",
        }
        audio = container.add_stream("libopus", rate=drawing.SAMPLES_PER_SECOND, layout="mono")
        audio.bit_rate, audio.options = AUDIO_BITRATE, {"application": "voip", "frame_duration": "20"}
        pencil = drawing.Drawing()
        for number in range(seconds * PICTURES_PER_SECOND):
            at = int(number / PICTURES_PER_SECOND * drawing.SAMPLES_PER_SECOND)
            frame = VideoFrame.from_ndarray(pencil.picture(number, float(loudness[at])), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start in range(0, len(samples), SOUND_SAMPLES):
            piece = AudioFrame.from_ndarray(samples[None, start : start + SOUND_SAMPLES], format="s16", layout="mono")
            piece.pts, piece.sample_rate = start, drawing.SAMPLES_PER_SECOND
            piece.time_base = Fraction(1, drawing.SAMPLES_PER_SECOND)
            container.mux(audio.encode(piece))
        container.mux(audio.encode(None))


def read(path: Path) -> Clip:
    """Take a clip's file apart into packets. Times are not read: a picture lasts 1/30 s, a sound 20 ms."""
    pictures: list[Picture] = []
    sounds: list[Sound] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0, audio=0):
            if not packet.size:
                continue
            data = bytes(packet)
            if packet.stream.type == "video":
                parts = tuple(data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES))
                pictures.append(Picture(parts, packet.is_keyframe))
            else:
                levels = [_level(frame) for frame in packet.decode() if isinstance(frame, AudioFrame)]
                sounds.append(Sound(data, min(levels, default=QUIET)))
    # The encoder's last packet only pads; both tracks must be equally long, or they would drift at each loop.
    length = len(pictures) // PICTURES_PER_SECOND * SOUNDS_PER_SECOND
    return Clip(tuple(pictures), tuple(sounds[:length]))


def _level(frame: AudioFrame) -> int:
    """Loudness of a decoded sound in -dBov, rounded (RFC 6464, 3)."""
    samples = frame.to_ndarray().astype(np.float64)
    if frame.format.name.startswith("s16"):
        samples /= 32768
    power = float(np.mean(samples**2)) if samples.size else 0.0
    return QUIET if power <= 0 else max(0, min(QUIET, round(-10 * math.log10(power))))
