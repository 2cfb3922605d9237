"""Every hostile file is refused for its own motive; those that only could act can be flattened, and no other."""

from __future__ import annotations

import contextlib
import io
import os
import random
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from app.documents import gate
from app.errors import FileRefused
from tests.unit.documents import samples
from tests.unit.documents.hostile import FLATTENABLE, HOSTILE, pdf_files


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_for_its_own_motive(name: str) -> None:
    make, motive = HOSTILE[name]
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(make(), gate.display_name(name))
    assert motive in refusal.value.reason
    assert refusal.value.reason.endswith(".")
    assert refusal.value.flattenable is (name in FLATTENABLE)


HARMLESS = {
    "web link": "/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://www.example.fr/)>>>>]",
    "bare link": "/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(www.example.fr)>>>>]",
    "mail link": "/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(mailto:a@example.fr)>>>>]",
    "link inside": "/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/GoTo/D[3 0 R/Fit]>>>>]",
    "a word": "/Annots[<</Subtype/Text/Rect[0 0 9 9]/Contents(/JavaScript \\(/Launch\\) /EF)>>]",
    "print at once": "/AA<</O<</S/Named/N/Print>>>>",
    "a longer name": "/PieceInfo<</JSON<<>>/JSx<<>>/EFG<<>>>>",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_harmless_passes(what: str) -> None:
    found = gate.inspect(pdf_files.page_with(HARMLESS[what], "/OpenAction[3 0 R/Fit]"), "a.pdf")
    assert found.detail["pages"] == 1


def test_a_form_drawn_often_is_no_bomb() -> None:
    content = pdf_files.page_with(
        "/Resources<</XObject<</F 5 0 R>>>>",
        o5=pdf_files.stream(
            b"/G Do\n" * 3000, "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</G 6 0 R>>>>"
        ),
        o6=pdf_files.stream(b"0 0 m 9 9 l S", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
    )
    assert gate.inspect(content, "a.pdf").detail["pages"] == 1


def test_a_harmless_later_revision_passes() -> None:
    assert gate.inspect(pdf_files.changed_often(10), "a.pdf").detail["pages"] == 1


def test_a_png_loses_what_follows_its_end() -> None:
    """A zip behind a picture would still open as a zip."""
    target = io.BytesIO(samples.photo("PNG"))
    with zipfile.ZipFile(target, "a") as packed:
        packed.writestr("programme.exe", b"MZ")
    assert zipfile.is_zipfile(io.BytesIO(target.getvalue()))
    found = gate.inspect(target.getvalue(), "photo.png")
    assert found.replacement is not None
    assert not zipfile.is_zipfile(io.BytesIO(found.replacement))
    with Image.open(io.BytesIO(found.replacement)) as image:
        image.load()


def test_a_webp_loses_what_follows_its_end() -> None:
    found = gate.inspect(samples.photo("WEBP") + b"PK\x05\x06" + bytes(18), "photo.webp")
    assert found.replacement == samples.photo("WEBP")


def test_nothing_of_an_archive_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileRefused):
        gate.inspect(HOSTILE["zip slip.zip"][0](), "zip slip.zip")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["objet hors table.pdf", "bombe double.pdf", "formes imbriquées.pdf", "signé.pdf"])
def test_a_file_damaged_at_random_is_found_sound_or_refused_and_nothing_else(name: str) -> None:
    """Whatever a flipped or missing byte does to the structure, the gate answers in its own words."""
    small = {"bombe double.pdf": lambda: pdf_files.bomb(2, 3_000_000), "signé.pdf": lambda: samples.pdf("un", "deux")}
    content = small.get(name, HOSTILE[name][0] if name in HOSTILE else samples.pdf)()
    chance = random.Random(name)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(8, len(damaged) - 8)
            if chance.random() < 0.7:
                damaged[at] = chance.choice(b"0123456789<>[]()/R \n\xff%")
            else:
                del damaged[at : at + chance.randint(1, 30)]
        with contextlib.suppress(FileRefused):
            assert gate.inspect(bytes(damaged), "a.pdf").detail["pages"] > 0
