"""What a clip must be, for anybody to be able to play it without encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.demo import clip as clips
from app.demo.clip import Clip

pytestmark = pytest.mark.slow  # real pictures, keys or processes: seconds each


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Two seconds are enough to see its structure, and quick to make."""
    path = tmp_path_factory.mktemp("clips") / clips.NAME
    clips.make(path, seconds=2)
    return clips.read(path)


def test_a_clip_starts_with_a_key_frame_and_has_one_each_second(clip: Clip) -> None:
    assert [number for number, picture in enumerate(clip.pictures) if picture.key] == [0, clips.GOP]


def test_picture_and_sound_are_equally_long(clip: Clip) -> None:
    assert len(clip.pictures) / clips.PICTURES_PER_SECOND == len(clip.sounds) / clips.SOUNDS_PER_SECOND == 2


def test_a_clip_has_about_the_bitrate_of_a_camera(clip: Clip) -> None:
    video = sum(len(part) for picture in clip.pictures for part in picture.parts) * 8 / 2
    audio = sum(len(sound.data) for sound in clip.sounds) * 8 / 2
    assert 800_000 < video < 1_300_000
    assert 16_000 < audio < 48_000


def test_every_part_fits_a_packet(clip: Clip) -> None:
    assert max(len(part) for picture in clip.pictures for part in picture.parts) <= clips.PART_BYTES


def test_key_frames_carry_the_size_of_the_picture(clip: Clip) -> None:
    head = clip.pictures[0].parts[0]
    assert head[0] & 1 == 0, "a key frame (RFC 6386, 9.1)"
    assert head[3:6] == b"\x9d\x01\x2a"
    assert int.from_bytes(head[6:8], "little") & 0x3FFF == 640
    assert int.from_bytes(head[8:10], "little") & 0x3FFF == 480


def test_speech_is_louder_than_a_pause(clip: Clip) -> None:
    levels = [sound.level for sound in clip.sounds]
    assert min(levels) < 30, "somebody speaks"
    assert all(0 <= level <= clips.QUIET for level in levels)


def test_a_clip_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        original(path, seconds=1)

    original = clips.make
    monkeypatch.setattr(clips, "make", make)
    assert clips.load(tmp_path) == clips.load(tmp_path)
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [clips.NAME], "nothing unfinished is left"


def test_a_failed_making_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, seconds: int) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("no space")

    monkeypatch.setattr(clips, "_encode", fail)
    with pytest.raises(OSError, match="no space"):
        clips.make(tmp_path / clips.NAME)
    assert list(tmp_path.iterdir()) == []
