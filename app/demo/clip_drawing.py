"""What a clip shows and says: a neutral silhouette with a running clock, and vowels out of a voice-like sound.

No photograph and no voice of anybody: ellipses, grain and sums of sines, the same at every making.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, PER_SECOND = 640, 480, 30
SAMPLES_PER_SECOND = 48_000
GRAIN = 7.0  # standard deviation in luma steps: a camera's noise, which also keeps the encoder at its bitrate
GRAIN_PLANES = 7  # not a divisor of the pictures between two key frames, so that none repeats there
WALL, SHIRT, SKIN, HAIR, DARK, LIGHT = "#7d929c", "#46627a", "#c9b09c", "#6b625c", "#4a3b36", "#f4f6f7"
PITCH = 118.0  # Hz
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))  # a i u é o
SYLLABLES_PER_SECOND = 3.5
PHRASE, PAUSE = 2.2, 0.8  # seconds of speech, then of silence

Samples = NDArray[np.int16]


class Drawing:
    """Draws the pictures of a clip one by one; `openness` says how wide the mouth stands (0 to 1)."""

    def __init__(self) -> None:
        chance = np.random.default_rng(20260101)
        self._wall = Image.new("RGB", (WIDTH, HEIGHT), WALL)
        shade = np.linspace(18, -18, WIDTH, dtype=np.float32)[None, :] + np.zeros((HEIGHT, 1), np.float32)
        self._grain = [shade + chance.normal(0, GRAIN, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(GRAIN_PLANES)]
        self._font = ImageFont.load_default(34)

    def picture(self, number: int, openness: float) -> Any:
        """Picture `number` as RGB, 480 × 640 × 3 bytes."""
        image, seconds = self._wall.copy(), number / PER_SECOND
        draw = ImageDraw.Draw(image)
        x, y = 320 + 16 * np.sin(seconds * 1.4), 200 + 5 * np.sin(seconds * 2.1)
        _ellipse(draw, 320 + (x - 320) * 0.3, 520, 215, 190 + 3 * np.sin(seconds * 1.6), SHIRT)
        _ellipse(draw, x, y + 120, 42, 70, SKIN)
        _ellipse(draw, x, y - 22, 96, 112, HAIR)
        _ellipse(draw, x, y, 84, 108, SKIN)
        closed = number % 97 < 4  # eyes
        for side in (-33, 33):
            _ellipse(draw, x + side, y - 18, 10, 1.5 if closed else 6, DARK)
        _ellipse(draw, x, y + 52, 24, 2 + 13 * openness, DARK)
        draw.rectangle((16, 424, 190, 468), fill=DARK)
        draw.text((26, 427), f"{int(seconds):02d} s {number % PER_SECOND:02d}", LIGHT, self._font)
        grained = np.asarray(image, np.float32) + self._grain[number % GRAIN_PLANES][..., None]
        return np.clip(grained, 0, 255).astype(np.uint8)


def _ellipse(draw: ImageDraw.ImageDraw, x: float, y: float, half_width: float, half_height: float, color: str) -> None:
    draw.ellipse((x - half_width, y - half_height, x + half_width, y + half_height), fill=color)


def voice(seconds: float) -> tuple[Samples, NDArray[np.float64]]:
    """Mono samples at 48 kHz, and the loudness (0 to 1) of each: phrases of vowels with pauses between them."""
    time = np.arange(int(seconds * SAMPLES_PER_SECOND)) / SAMPLES_PER_SECOND
    syllable = np.floor(time * SYLLABLES_PER_SECOND).astype(int)
    within = np.sin(np.pi * (time * SYLLABLES_PER_SECOND - syllable)) ** 0.7
    phrase = np.clip(np.minimum(time % (PHRASE + PAUSE), PHRASE - time % (PHRASE + PAUSE)) * 12, 0, 1)
    loudness = within * phrase
    pitch = PITCH * (1 + 0.06 * np.sin(2 * np.pi * 0.45 * time) + 0.01 * np.sin(2 * np.pi * 5.2 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLES_PER_SECOND
    spoken = np.array([(3 * number + number // 4) % len(VOWELS) for number in range(syllable[-1] + 1)])
    sound = np.zeros_like(time)
    for harmonic in range(1, 31):
        strength = np.array([_resonance(harmonic * PITCH, vowel) for vowel in VOWELS])
        sound += strength[spoken[syllable]] / harmonic**0.4 * np.sin(harmonic * phase)
    sound *= loudness
    return (sound / np.abs(sound).max() * 12_000).astype(np.int16), loudness


def _resonance(frequency: float, formants: tuple[int, ...]) -> float:
    """How strongly a vowel lets a frequency through; formants a good 100 Hz wide."""
    return float(sum(1 / (1 + ((frequency - formant) / 110) ** 2) / (1 + n) for n, formant in enumerate(formants)))
