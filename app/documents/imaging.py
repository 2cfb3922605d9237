"""DICOM studies: what they are, without identifying surprises, and their frames as numbers. Pure functions over bytes.

Runs in a rendering process. A document is one DICOM Part 10 file, or a series of them (`imaging_series`). Every size is
checked before a pixel is decoded, the compressed pictures' own headers too: a lying file must not fill the memory.
Nobody's name, number or birth date is in what `read_study` answers; `read_identity` alone tells them, to be compared.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.documents import imaging_codestream as codestream
from app.documents import imaging_facts, imaging_series, imaging_values
from app.documents import imaging_tags as tags
from app.documents.imaging_model import FileIdentity, ImagingStudy, Scale, Window
from app.documents.imaging_values import BROKEN, HIGHEST, LOWEST, is_color
from app.errors import FileRefused, NotFound

__all__ = ["ImagingStudy", "Window", "checked", "frame", "read_identity", "read_study"]

MOST_PIXELS = 60_000_000  # of one frame
MOST_FRAMES = 600  # of one file

NO_PICTURE = "ce fichier DICOM ne contient pas d'image."
TOO_LARGE = "cette imagerie annonce une taille impossible (plus de 60 millions de points, ou de 600 coupes)."
TOO_DEEP = "ses images sont codées sur plus de 16 bits, ce que la visionneuse ne montre pas."
UNKNOWN_CODE = "sa compression n'est pas prise en charge. Demandez un export DICOM non compressé ou JPEG 2000."
DISGUISED = "c'est un programme déguisé en imagerie. Prévenez la personne qui vous l'a transmis."
# TIFF is allowed in front, and used (PS3.10, 7.1); not what a machine, a browser or an archiver would run or open.
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK", b"<")


def read_study(content: bytes) -> ImagingStudy:
    """Read a document and decode its middle frame. Raises: FileRefused(reason in French)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of each unusual value; what matters is refused here
        try:
            if not imaging_series.is_series(content):
                source, frames = checked(content)
                scale = imaging_values.scale_for([imaging_values.values_of(source, frames)])
                return _study(source, frames, frames // 2, scale)
            series = imaging_series.unpack(content)
            middle, number = series.instance(series.frames // 2)
            source, _frames = checked(middle)
            return _study(source, series.frames, number, series.scale, images=len(series.names))
        except FileRefused:
            raise
        except Exception as error:
            raise FileRefused(BROKEN) from error


def read_identity(content: bytes) -> FileIdentity:
    """Who the document says it shows; of a series, its first image (all have the same). Raises: FileRefused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            whole = imaging_series.unpack(content).instance(0)[0] if imaging_series.is_series(content) else content
            return tags.identity(_dataset(whole))
        except FileRefused:
            raise
        except Exception as error:
            raise FileRefused(BROKEN) from error


def frame(content: bytes, number: int) -> NDArray[np.int16]:
    """One frame, rows by columns; frames count from 0. Hounsfield units for a scanner, else see `ImagingStudy`.

    Raises: FileRefused; NotFound where there is no such frame.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if imaging_series.is_series(content):
            series = imaging_series.unpack(content)
            instance, within = series.instance(number)
            source, frames = checked(instance)
            if not 0 <= within < frames:
                raise FileRefused(BROKEN)
            return _decoded(source, within, series.scale)
        source, frames = checked(content)
        if not 0 <= number < frames:
            raise NotFound
        try:
            scale = imaging_values.scale_for([imaging_values.values_of(source, frames)])
        except FileRefused:
            raise
        except Exception as error:
            raise FileRefused(BROKEN) from error
        return _decoded(source, number, scale)


def checked(content: bytes) -> tuple[Any, int]:
    """A DICOM Part 10 file and its number of frames, when its pictures are of a possible size and a known coding.

    Nothing has been decoded yet. Raises: FileRefused.
    """
    from pydicom.pixels import get_decoder

    source = _dataset(content)
    frames = _sizes(source)[2]
    syntax = source.file_meta.TransferSyntaxUID
    try:
        known = not syntax.is_encapsulated or get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise FileRefused(UNKNOWN_CODE)
    return source, frames


def _study(source: Any, frames: int, middle: int, scale: Scale, images: int = 1) -> ImagingStudy:
    rows, columns, _own_frames = _sizes(source)
    decoded = _decoded(source, middle, scale)
    color = is_color(source)
    lowest, highest = (0.0, 255.0) if color else (float(decoded.min()), float(decoded.max()))
    whole = Window("", (lowest + highest) / 2, max(highest - lowest, 1.0))
    windows = () if color else imaging_values.windows(source, scale)
    first = windows[0] if windows else whole
    axes, taken, modality = tags.orientation(source), tags.moment(source), tags.text(source, "Modality", 16)
    spacing, at_detector = tags.spacing(source)
    study, series = (tags.described(source, f"{part}Description", 80) for part in ("Study", "Series"))
    thickness = tags.positive(tags.group(source, "PixelMeasuresSequence").get("SliceThickness"))
    known = [
        ("Examen", " · ".join(part for part in (imaging_facts.modality_name(modality), study) if part)),
        ("Série", series),
        ("Date", taken.strftime("%d/%m/%Y à %H:%M" if taken.hour or taken.minute else "%d/%m/%Y") if taken else ""),
        ("Images", _counted(images, frames, rows, columns)),
        ("Plan", tags.plane(axes)),
        ("Épaisseur de coupe", f"{imaging_facts.decimal(thickness)}\u202fmm" if thickness else ""),
    ]
    return ImagingStudy(
        modality=modality,
        description=study or series,
        taken_on=taken.date() if taken else None,
        frames=frames,
        rows=rows,
        columns=columns,
        spacing=spacing,
        window_center=first.center,
        window_width=first.width,
        lowest=lowest,
        highest=highest,
        inverted=source.get("PhotometricInterpretation") == "MONOCHROME1",
        photometric=tags.text(source, "PhotometricInterpretation", 32),
        windows=windows,
        slope=scale.gain,
        intercept=scale.offset,
        unit="UH" if modality == "CT" else "",
        is_color=color,
        taken_at=taken,
        plane=tags.plane(axes),
        thickness=thickness,
        sides=tags.sides(axes),
        institution=tags.text(source, "InstitutionName", 80),
        at_detector=at_detector,
        regions=tags.regions(source),
        pace=tags.pace(source),
        facts=imaging_facts.facts(source, [(label, value) for label, value in known if value]),
        burned_in=imaging_facts.burned_in(source),
        images=images,
    )


def _counted(images: int, frames: int, rows: int, columns: int) -> str:
    size = f"{columns} × {rows} points"
    if images == frames:
        return f"{frames} de {size}" if frames > 1 else size
    return f"{frames} vues" + (f" dans {images} fichiers" if images > 1 else "") + f", {size}"


# ---- the file


def _dataset(content: bytes) -> Any:
    import pydicom

    if content.startswith(PROGRAMS):
        raise FileRefused(DISGUISED)  # the 128 bytes before « DICM » make it both (CVE-2019-11687)
    try:
        syntax = codestream.transfer_syntax(content)
        if syntax in codestream.DEFLATED or syntax.startswith(codestream.VIDEO):
            raise FileRefused(UNKNOWN_CODE)
        source = pydicom.dcmread(io.BytesIO(content))
        if any(name in source for name in ("FloatPixelData", "DoubleFloatPixelData")):
            raise FileRefused(TOO_DEEP)
        if "PixelData" not in source:
            raise FileRefused(NO_PICTURE)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    return source


def _sizes(source: Any) -> tuple[int, int, int]:
    """Rows, columns, frames: possible ones, and no more than the file holds."""
    try:
        rows, columns = int(source.Rows), int(source.Columns)
        frames = int(source.get("NumberOfFrames") or 1)
        bits, samples = int(source.BitsAllocated), int(source.get("SamplesPerPixel", 1))
        if rows < 1 or columns < 1 or frames < 1 or rows * columns > MOST_PIXELS or frames > MOST_FRAMES:
            raise FileRefused(TOO_LARGE)
        if bits not in (1, 8, 16):
            raise FileRefused(TOO_DEEP)
        if samples not in (1, 3):
            raise FileRefused(BROKEN)
        if source.file_meta.TransferSyntaxUID.is_encapsulated:
            enough = codestream.fragments(source.PixelData) >= frames
        else:
            if source.get("PhotometricInterpretation") == "YBR_FULL_422":
                samples = 2  # two points share their colour (PS3.3 C.7.6.3.1.2)
            enough = len(source.PixelData) >= rows * columns * frames * samples * bits // 8
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    if not enough:
        raise FileRefused(BROKEN)
    return rows, columns, frames


def _decoded(source: Any, number: int, scale: Scale) -> NDArray[np.int16]:
    """A frame of a checked file, as numbers of the given scale."""
    from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

    rows, columns, frames = _sizes(source)
    try:
        if source.file_meta.TransferSyntaxUID.is_encapsulated:
            codestream.check(source, number, rows, columns, frames)
        pixels = pixel_array(source, index=number)
        if source.get("PhotometricInterpretation") == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, source)
        if pixels.shape[:2] != (rows, columns):
            raise FileRefused(BROKEN)
        if pixels.ndim == 3:
            return _packed(pixels)
        if "ModalityLUTSequence" in source:
            values = np.asarray(apply_modality_lut(pixels, source), np.float64)
        else:
            slope, intercept = imaging_values.rescale(source, number)
            values = pixels * slope + intercept
        numbers = np.rint((values - scale.offset) / scale.gain)
        return np.clip(numbers, LOWEST, HIGHEST).astype(np.int16)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error


def _packed(pixels: NDArray[Any]) -> NDArray[np.int16]:
    """Colours in 5, 6 and 5 bits, so that a colour frame travels like any other."""
    deep = pixels[..., :3] >> 8 if pixels.dtype.itemsize == 2 else pixels[..., :3]
    red, green, blue = (deep[..., channel].astype(np.uint16) for channel in range(3))
    return ((red >> 3 << 11) | (green >> 2 << 5) | (blue >> 3)).view(np.int16)
