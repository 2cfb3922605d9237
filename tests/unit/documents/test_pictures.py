"""Photographs drawn in a rendering process: every point, in the colours and the position they were taken in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageCms

from app.documents import rendering_pictures, rendering_tasks
from app.errors import NotFound
from tests.unit.documents import samples


def written(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def tile(content: bytes, level: int = 0, column: int = 0, row: int = 0, key: str = "") -> Image.Image:
    place = {"level": level, "column": column, "row": row}
    drawn = rendering_tasks.run("picture_tile", key or str(hash(content)), content, place)
    return Image.open(io.BytesIO(drawn)).convert("RGB")


def near(found: Any, wanted: tuple[int, int, int], tolerance: int = 12) -> bool:
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= tolerance


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_grid_told_beforehand_is_the_grid_that_is_drawn(form: str) -> None:
    width, height = 1025, 513
    content = samples.photo(form, (width, height))
    for level in range(rendering_pictures.MOST_LEVELS + 1):
        for column in range(4):
            for row in range(3):
                told = rendering_pictures.has_tile(width, height, level, column, row)
                if told:
                    assert min(tile(content, level, column, row).size) >= 1
                else:
                    with pytest.raises(NotFound):
                        tile(content, level, column, row)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_each_level_has_half_the_points_of_the_one_below(form: str) -> None:
    content = samples.photo(form, (700, 401))
    assert [tile(content, level).size for level in range(1, 5)] == [(350, 201), (175, 101), (88, 51), (44, 26)]


@pytest.mark.parametrize("place", [(-1, 0, 0), (0, -1, 0), (0, 0, -1), (8, 0, 0)])
def test_no_tile_lies_outside(place: tuple[int, int, int]) -> None:
    assert not rendering_pictures.has_tile(9000, 9000, *place)
    with pytest.raises(NotFound):
        tile(samples.photo(), *place)


def test_a_single_point_can_be_told_at_full_resolution() -> None:
    image = Image.new("RGB", (2000, 1500), (240, 240, 240))
    image.putpixel((1999, 1499), (0, 0, 0))
    last = tile(written(image), 0, 3, 2)
    assert last.size == (2000 - 3 * 512, 1500 - 2 * 512)
    assert sum(last.getpixel((last.width - 1, last.height - 1))) < 240  # type: ignore[arg-type]
    assert near(last.getpixel((0, 0)), (240, 240, 240))


def test_a_turned_photograph_stands_upright_in_its_tiles() -> None:
    shown = tile(samples.photo(size=(640, 480), orientation=6))
    assert shown.size == (480, 512)
    assert near(shown.getpixel((5, 5)), (200, 30, 30))


def test_what_lets_through_lies_on_white_and_sixteen_bits_of_grey_stay_grey() -> None:
    assert near(tile(written(Image.new("RGBA", (9, 9), (200, 0, 0, 0)))).getpixel((4, 4)), (255, 255, 255))
    grey = Image.new("I;16", (9, 9), 0x8000)
    assert near(tile(written(grey)).getpixel((4, 4)), (128, 128, 128))


def test_a_colour_profile_is_applied_here_and_none_reaches_the_browser() -> None:
    other = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    content = written(Image.new("RGB", (9, 9), (200, 30, 30)), icc_profile=b"no profile at all")
    drawn = rendering_tasks.run("picture_tile", "icc", content, {"level": 0, "column": 0, "row": 0})
    with Image.open(io.BytesIO(drawn)) as shown:
        assert "icc_profile" not in shown.info
        assert near(shown.convert("RGB").getpixel((4, 4)), (200, 30, 30))
    foreign = Image.new("RGB", (9, 9), (200, 30, 30))
    foreign.info["icc_profile"] = other.tobytes()
    assert rendering_pictures.in_srgb(foreign).mode == "RGB"


def test_wide_colours_are_shown_as_they_were_seen() -> None:
    """The same numbers mean a deeper red in a wider space: in sRGB they must change."""
    wide = rendering_pictures.in_srgb(_with_profile(_wide_profile()))
    assert wide.getpixel((4, 4)) != (200, 30, 30)


def _with_profile(profile: bytes) -> Image.Image:
    image = Image.new("RGB", (9, 9), (200, 30, 30))
    image.info["icc_profile"] = profile
    return image


def _wide_profile() -> bytes:
    """sRGB's own profile with its green colorant moved: what follows the « gXYZ » tag is three 16.16 numbers."""
    import struct

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from("!I", profile, 128)[0]
    for number in range(count):
        name, at, _size = struct.unpack_from("!4sII", profile, 132 + 12 * number)
        if name == b"gXYZ":
            struct.pack_into("!3i", profile, at + 8, int(0.25 * 65536), int(0.69 * 65536), int(0.04 * 65536))
    return bytes(profile)


def test_decoded_pictures_are_kept_within_bounds_and_forgotten_with_their_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering_pictures, "KEPT_POINTS", 700_000)
    kept = rendering_pictures._decoded
    kept.clear()
    for key in "abc":
        tile(samples.photo(), key=key)  # 307 200 points each
    assert list(kept) == [("b", 0), ("c", 0)]
    tile(samples.photo(), 1, key="c")
    rendering_tasks.forget("c")
    assert list(kept) == [("b", 0)]
