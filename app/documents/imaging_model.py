"""What is known of DICOM images, as plain values: the only classes that cross from the rendering process to the web process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

SERIES_TYPE = "application/zip"  # media type of a document that holds several instances (`imaging_series`)


@dataclass(frozen=True)
class Window:
    """A window the study proposes. In the units of the frames' numbers, like `ImagingStudy.window_center`."""

    label: str
    center: float
    width: float


@dataclass(frozen=True)
class Region:
    """A part of an ultrasound picture with a scale of its own (PS3.3 C.8.5.5): edges in points, mm per point."""

    left: int
    top: int
    right: int
    bottom: int
    row_mm: float
    column_mm: float


@dataclass(frozen=True)
class ImagingStudy:
    """What is shown beside the picture.

    A frame's number `n` stands for the value `n * slope + intercept`, in `unit` (« UH » for a scanner); windows,
    `lowest` and `highest` (of the middle frame) are in the frames' numbers. `spacing`: mm between rows, between
    columns; with `at_detector` those of the detector, larger than the patient's. `regions`: parts with a scale of their
    own. `sides`: what lies left, right, above and below (D, G, A, P, S, I). `is_color`: each number is a colour of 5, 6
    and 5 bits. `taken_at` is the machine's clock, without a zone. `pace`: frames a second, 0 when the file says nothing.
    `facts`: lines for people, (label, value) in French, never who somebody is. `burned_in`: whether the file says that
    an identity is written into its pixels; None when it says nothing. `images`: instances that the document holds.
    """

    modality: str
    description: str
    taken_on: date | None
    frames: int
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    window_center: float
    window_width: float
    lowest: float
    highest: float
    inverted: bool
    photometric: str = ""
    windows: tuple[Window, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    is_color: bool = False
    taken_at: datetime | None = None
    plane: str = ""
    thickness: float | None = None
    sides: tuple[str, ...] = ()
    institution: str = ""
    at_detector: bool = False
    regions: tuple[Region, ...] = ()
    pace: float = 0.0
    facts: tuple[tuple[str, str], ...] = ()
    burned_in: bool | None = None
    images: int = 1


@dataclass(frozen=True)
class FileIdentity:
    """Who an image says it shows. Kept apart from `ImagingStudy`: it serves to compare, and is never kept.

    `numbers` are PatientID and its like. `sex` is M, F, O or empty.
    """

    family: str = ""
    given: str = ""
    birth_date: date | None = None
    sex: str = ""
    numbers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people write it: « MERCIER Jeanne »."""
        return " ".join(part for part in (self.family.upper(), self.given.title()) if part)


@dataclass(frozen=True)
class Values:
    """What the stored numbers of one file may stand for: its (slope, intercept) pairs, the ends of its numbers.

    `as_is`: int16 holds its values already (Hounsfield units, colours, a table).
    """

    pairs: tuple[tuple[float, float], ...]
    low: int
    high: int
    as_is: bool


@dataclass(frozen=True)
class Scale:
    """A frame's number is (value - offset) / gain."""

    gain: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class FoundImage:
    """One instance in an archive. `entry`: its place in the archive's directory; `position`: mm along the normal."""

    entry: int
    instance_uid: str
    series_uid: str
    modality: str
    description: str
    taken_on: date | None
    frames: int
    rows: int
    columns: int
    size: int
    photometric: str
    position: float | None
    number: int | None
    values: Values
    identity: FileIdentity


@dataclass(frozen=True)
class ArchiveOutline:
    """An archive that holds DICOM and keeps every limit; `entries` is the number of its files."""

    entries: int


@dataclass(frozen=True)
class ArchivePart:
    """Some of an archive's files: the images, and why the others are left out (reason, how many)."""

    images: tuple[FoundImage, ...]
    left_out: tuple[tuple[str, int], ...]
