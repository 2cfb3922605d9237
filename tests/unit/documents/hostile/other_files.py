"""Hostile files of other formats: pictures, imaging, archives, what goes under another name."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, generate_uid

from tests.unit.documents import samples

Case = tuple[Callable[[], bytes], str]
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('https://ailleurs.invalid')</script></svg>"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def png(*chunks: tuple[bytes, bytes], side: int = 8) -> bytes:
    """A PNG with these chunks before its picture."""
    head = struct.pack("!IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(side * (side + 1)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", head), *chunks, (b"IDAT", body), (b"IEND", b""))
    )


def png_with_text_bomb(megabytes: int = 100) -> bytes:
    return png((b"zTXt", b"Comment\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9)))


def png_with_profile_bomb(megabytes: int = 100) -> bytes:
    return png((b"iCCP", b"ICC\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9)))


def jpeg_of_60000() -> bytes:
    """A JPEG whose header says 60000 by 60000."""
    content = bytearray(samples.photo())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack("!HH", 60_000, 60_000)
    return bytes(content)


def webp_of_16383() -> bytes:
    """The largest a WebP can say: 268 million points, in the header of a lossless one."""
    bits = 16382 | (16382 << 14)
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", bits) + bytes(5)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def animated_png() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "PNG", save_all=True, append_images=frames[1:])
    return target.getvalue()


def dicom(
    syntax: str = ExplicitVRLittleEndian, pixels: bytes = bytes(16), preamble: bytes = bytes(128), **tags: object
) -> bytes:
    """A small image of imaging, with these elements changed."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax  # type: ignore[assignment]
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"  # type: ignore[assignment]
    meta.MediaStorageSOPInstanceUID = generate_uid()
    study = FileDataset("", Dataset(), file_meta=meta, preamble=preamble)
    elements = {
        "Rows": 4, "Columns": 4, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Modality": "OT",
    } | tags  # fmt: skip
    for name, value in elements.items():
        setattr(study, name, value)
    study.PixelData = pixels
    target = io.BytesIO()
    study.save_as(target, enforce_file_format=True)
    return target.getvalue()


def dicom_with_lying_length() -> bytes:
    """Its picture says it is 4 GB long."""
    content = dicom()
    at = content.index(b"\xe0\x7f\x10\x00") + 8
    return content[:at] + struct.pack("<I", 0xFFFFFFF0) + content[at + 4 :]


def dicom_without_end() -> bytes:
    """A sequence of undefined length that never ends, and nothing behind it."""
    head = dicom()
    at = head.index(b"\x28\x00\x02\x00")
    return head[:at] + b"\x28\x00\x10\x99SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 3


def dicom_within_itself(levels: int = 20_000) -> bytes:
    """Sequences within sequences."""
    head = dicom()
    at = head.index(b"\x28\x00\x02\x00")
    level = b"\x28\x00\x10\x99SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return head[:at] + level * levels


def dicom_deflated_bomb() -> bytes:
    return dicom(DeflatedExplicitVRLittleEndian, bytes(200_000_000), Rows=20_000, Columns=10_000)


def archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, b"MZ" + bytes(100))
    return target.getvalue()


def tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("../../etc/cron.d/a"))
    return target.getvalue()


def noise(size: int) -> bytes:
    return np.random.default_rng(1).bytes(size)


OTHER_FILES: dict[str, Case] = {
    "dessin.svg": (lambda: SVG, "une page web ou un dessin"),
    "dessin nommé.png": (lambda: SVG, "une page web ou un dessin"),
    "page nommée.pdf": (lambda: HTML, "une page web"),
    "image nommée.pdf": (lambda: samples.photo("PNG"), "c'est une image, pas un PDF"),
    "programme nommé.pdf": (lambda: b"MZ\x90\0" + noise(4000), "c'est un programme"),
    "programme.jpg": (lambda: b"\x7fELF" + noise(4000), "c'est un programme"),
    "script.pdf": (lambda: b"#!/bin/sh\nrm -rf /\n", "c'est un programme"),
    "courrier.pdf.exe": (samples.pdf, "finit par « .exe »"),
    "courrier\u202efdp.exe": (samples.pdf, "finit par « .exe »"),
    "bombe.png": (samples.png_bomb, "trop grande"),
    "texte caché.png": (png_with_text_bomb, "données cachées démesurées"),
    "profil caché.png": (png_with_profile_bomb, "données cachées démesurées"),
    "soixante mille.jpg": (jpeg_of_60000, "trop grande"),
    "seize mille.webp": (webp_of_16383, "trop grande"),
    "animée.png": (animated_png, "animée"),
    "animée.webp": (samples.animated, "animée"),
    "tronquée.jpg": (lambda: samples.photo()[:-400], "abîmée ou incomplète"),
    "bruit.jpg": (lambda: b"\xff\xd8\xff\xe0" + noise(5000), "abîmée ou incomplète"),
    "longueur mensongère.dcm": (dicom_with_lying_length, "abîmée ou incomplète"),
    "sans fin.dcm": (dicom_without_end, "abîmée ou incomplète"),
    "vingt mille niveaux.dcm": (dicom_within_itself, "abîmée ou incomplète"),
    "bombe comprimée.dcm": (dicom_deflated_bomb, "compression n'est pas prise en charge"),
    "soixante mille lignes.dcm": (lambda: dicom(Rows=60_000, Columns=60_000), "taille impossible"),
    "trop de coupes.dcm": (lambda: dicom(NumberOfFrames="100000000"), "taille impossible"),
    "coupes absentes.dcm": (lambda: dicom(NumberOfFrames="500"), "abîmée ou incomplète"),
    "programme devant.dcm": (lambda: dicom(preamble=b"MZ\x90\0" + bytes(124)), "un programme déguisé"),
    "zip slip.zip": (lambda: archive("../../etc/passwd", "C:\\Windows\\a.exe"), "archive"),
    "zip nommé.pdf": (lambda: archive("courrier.pdf"), "archive"),
    "zip nommé.dcm": (lambda: archive("../IM0001.dcm"), "archive"),
    "archive.7z": (lambda: b"7z\xbc\xaf\x27\x1c" + noise(100), "archive"),
    "archive.rar": (lambda: b"Rar!\x1a\x07\x01\0" + noise(100), "archive"),
    "archive.gz": (lambda: b"\x1f\x8b\x08" + noise(100), "archive"),
    "archive.tar": (tar, "archive"),
    "disque.iso": (lambda: bytes(32769) + b"CD001" + bytes(2000), "archive"),
    "macro.docm": (lambda: archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "document bureautique"),
}  # fmt: skip
