"""A document of several DICOM instances: one zip, nothing compressed twice, with a table of what is in it.

Made by us out of instances that have been looked at (`imaging_archive`), never taken from outside as it is: any other
zip is taken apart first. Any DICOM program opens it. `serie.json` says in which order the images stand, how many frames
each has, and the scale they share (`imaging_values`), so that one frame is found without reading the others.
"""

from __future__ import annotations

import bisect
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from app.documents.imaging_model import Scale
from app.documents.imaging_values import BROKEN
from app.errors import FileRefused, NotFound

TABLE = "serie.json"
MOST_FRAMES = 3000
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every entry: the same series gives the same bytes
PREAMBLE = (
    128  # bytes a file may begin with, whatever they are (PS3.10 7.1): a program hides there, so they are cleared
)


def is_series(content: bytes) -> bool:
    """Whether a stored document holds several instances."""
    return content.startswith(b"PK\x03\x04")


def pack(instances: Iterable[bytes], frames: Iterable[int], scale: Scale) -> bytes:
    """One file out of instances that are in their order, each with its number of frames."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as series:
        images = []
        for number, (content, count) in enumerate(zip(instances, frames, strict=True), 1):
            name = f"{number:05}.dcm"
            series.writestr(zipfile.ZipInfo(name, EPOCH), cleared(content))
            images.append([name, count])
        table = {"version": 1, "gain": scale.gain, "offset": scale.offset, "images": images}
        series.writestr(zipfile.ZipInfo(TABLE, EPOCH), json.dumps(table))
    return target.getvalue()


def cleared(content: bytes) -> bytes:
    """An instance without what its preamble may hold."""
    return bytes(PREAMBLE) + content[PREAMBLE:]


@dataclass(frozen=True)
class Series:
    """A packed series, opened."""

    file: zipfile.ZipFile
    names: tuple[str, ...]
    starts: tuple[int, ...]  # number of the first frame of each image, and at the end the number of all
    scale: Scale

    @property
    def frames(self) -> int:
        return self.starts[-1]

    def instance(self, frame: int) -> tuple[bytes, int]:
        """The instance that holds a frame, and the frame's number in it. Raises: NotFound, FileRefused."""
        if not 0 <= frame < self.frames:
            raise NotFound
        place = bisect.bisect_right(self.starts, frame) - 1
        try:
            return self.file.read(self.names[place]), frame - self.starts[place]
        except (KeyError, zipfile.BadZipFile, EOFError) as error:
            raise FileRefused(BROKEN) from error


def unpack(content: bytes) -> Series:
    """Open what `pack` made. Raises: FileRefused."""
    try:
        file = zipfile.ZipFile(io.BytesIO(content))
        table = json.loads(file.read(TABLE))
        names = tuple(str(name) for name, _count in table["images"])
        starts = [0]
        for _name, count in table["images"]:
            starts.append(starts[-1] + max(int(count), 1))
        if not names or starts[-1] > MOST_FRAMES:
            raise FileRefused(BROKEN)
        return Series(file, names, tuple(starts), Scale(float(table["gain"]), float(table["offset"])))
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
