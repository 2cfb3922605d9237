"""Which transfer syntaxes are shown and which files are refused, each for its reason: a table over pydicom's own files."""

from __future__ import annotations

import warnings
from collections import Counter
from functools import cache
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from app.documents import imaging
from app.errors import FileRefused

# Files with pixels that are refused; what each of them shows is said in docs/imagerie.md.
REFUSED = {
    "JPEG-lossy.dcm": imaging.BROKEN,  # 12 bits with a scan that the standard forbids: no decoder reads it
    "JPEG2000-embedded-sequence-delimiter.dcm": imaging.BROKEN,  # a codestream cut by its own bytes
    "MR_truncated.dcm": imaging.BROKEN,
    "badVR.dcm": imaging.BROKEN,  # a number of bits that is no number
    "ExplVR_BigEndNoMeta.dcm": imaging.BROKEN,  # without the header of Part 10 nothing says what it is
    "ExplVR_LitEndNoMeta.dcm": imaging.BROKEN,
    "meta_missing_tsyntax.dcm": imaging.BROKEN,
    "nested_priv_SQ.dcm": imaging.BROKEN,  # pixels without a size
    "image_dfl.dcm": imaging.UNKNOWN_CODE,  # deflated: unfolds a thousandfold before anything can be asked
    "SC_rgb_rle_32bit.dcm": imaging.TOO_DEEP,
    "SC_rgb_rle_32bit_2frame.dcm": imaging.TOO_DEEP,
    "rtdose.dcm": imaging.TOO_DEEP,
    "rtdose_1frame.dcm": imaging.TOO_DEEP,
    "rtdose_expb.dcm": imaging.TOO_DEEP,
    "rtdose_expb_1frame.dcm": imaging.TOO_DEEP,
    "rtdose_rle.dcm": imaging.TOO_DEEP,
    "rtdose_rle_1frame.dcm": imaging.TOO_DEEP,
}
# How many files of each transfer syntax must be shown, at least.
SHOWN = {
    "Implicit VR Little Endian": 2,
    "Explicit VR Little Endian": 40,
    "Explicit VR Big Endian": 5,
    "JPEG Baseline (Process 1)": 14,
    "JPEG Extended (Process 2 and 4)": 1,
    "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])": 1,
    "JPEG-LS Lossless Image Compression": 1,
    "JPEG-LS Lossy (Near-Lossless) Image Compression": 4,
    "JPEG 2000 Image Compression (Lossless Only)": 4,
    "JPEG 2000 Image Compression": 3,
    "RLE Lossless": 5,
}
# Without a file here: the decoder is installed, and that is all that is known.
WITH_DECODER = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")  # HTJ2K
WITHOUT_DECODER = ("1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.7.1")  # Part 2, JPIP, video


@cache
def files_with_pixels() -> dict[str, tuple[Path, str]]:
    """Path and transfer syntax of pydicom's files that hold pixels, by their path."""
    root = Path(str(get_testdata_file("CT_small.dcm"))).parent
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(root.rglob("*")):
            if not path.is_file() or path.suffix not in ("", ".dcm"):
                continue
            source = pydicom.dcmread(path, force=True)
            if "PixelData" in source:
                syntax = UID(str(source.file_meta.get("TransferSyntaxUID", "")))
                found[path.relative_to(root).as_posix()] = (path, syntax.name)
    return found


def test_each_file_with_pixels_is_shown_or_refused_as_the_table_says() -> None:
    refused, shown = {}, Counter[str]()
    for name, (path, syntax) in files_with_pixels().items():
        content = path.read_bytes()
        try:
            study = imaging.read_study(content)
            for number in {0, study.frames - 1}:
                assert imaging.frame(content, number).shape == (study.rows, study.columns)
            shown[syntax] += 1
        except FileRefused as refusal:
            refused[name] = refusal.reason
    assert refused == {name: reason for name, reason in REFUSED.items() if name in files_with_pixels()}
    assert {syntax: shown[syntax] for syntax in SHOWN if shown[syntax] < SHOWN[syntax]} == {}


@pytest.mark.parametrize("syntax", WITH_DECODER)
def test_high_throughput_jpeg_2000_has_a_decoder(syntax: str) -> None:
    assert get_decoder(UID(syntax)).is_available


@pytest.mark.parametrize("syntax", WITHOUT_DECODER)
def test_a_transfer_syntax_without_decoder_is_refused_as_such(syntax: str) -> None:
    path, _name = files_with_pixels()["JPEG2000.dcm"]
    content = path.read_bytes()
    old = b"1.2.840.10008.1.2.4.91"
    assert content.count(old) == 1
    lying = content.replace(old, syntax.encode().ljust(len(old), b"\0"))
    with pytest.raises(FileRefused) as refusal:
        imaging.read_study(lying)
    assert refusal.value.reason == imaging.UNKNOWN_CODE


@pytest.mark.parametrize(
    ("name", "photometric", "is_color"),
    [
        ("CT_small.dcm", "MONOCHROME2", False),
        ("examples_palette.dcm", "PALETTE COLOR", True),
        ("examples_rgb_color.dcm", "RGB", True),
        ("examples_ybr_color.dcm", "YBR_FULL_422", True),
    ],
)
def test_each_photometric_interpretation_is_shown_in_its_colours(name: str, photometric: str, is_color: bool) -> None:
    content = Path(str(get_testdata_file(name))).read_bytes()
    study = imaging.read_study(content)
    assert (study.photometric, study.is_color) == (photometric, is_color)
    assert len(set(imaging.frame(content, 0).ravel().tolist())) > 10  # not one colour: something is on it
