"""The gate: by content and not by name, and each refusal for its own reason."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.documents import gate
from app.documents.gate_picture import jpeg_without_metadata
from app.documents.models import DocumentKind
from app.errors import FileRefused
from tests.unit.documents import samples

PDF, PICTURE = DocumentKind.PDF, DocumentKind.PICTURE
JAVASCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"
HL7 = (
    b"MSH|^~\\&|LAB|ORNE BIO|TLD|EHPAD|20261120170500||ORU^R01|1|P|2.5|||||FRA|UNICODE UTF-8\r"
    b"PID|1\rOBR|1|||BIO|||20261120080000\r"
    b"OBX|1|NM|2951-2^Sodium^LN||128|mmol/L|136-145|L|||F\rOBX|2|NM|1988-5^CRP^LN||42|mg/L|<5|H|||F\r"
)

GOOD = {
    "courrier.pdf": (samples.pdf, PDF, "application/pdf"),
    "COURRIER.PDF": (samples.pdf, PDF, "application/pdf"),
    "courrier": (samples.pdf, PDF, "application/pdf"),
    "photo.jpg": (samples.photo, PICTURE, "image/jpeg"),
    "photo.jpeg": (samples.photo, PICTURE, "image/jpeg"),
    "jpeg nommé.png": (samples.photo, PICTURE, "image/jpeg"),
    "photo.png": (lambda: samples.photo("PNG"), PICTURE, "image/png"),
    "photo.webp": (lambda: samples.photo("WEBP"), PICTURE, "image/webp"),
    "biologie.hl7": (lambda: HL7, DocumentKind.LABORATORY, "application/hl7-v2"),
    "biologie.txt": (lambda: HL7, DocumentKind.LABORATORY, "application/hl7-v2"),
}
BAD = {
    "rien.pdf": (lambda: b"", "est vide"),
    "photo.pdf": (samples.photo, "c'est une image, pas un PDF"),
    "lettre.jpg": (samples.pdf, "c'est un PDF, pas une image"),
    "lettre.dcm": (samples.pdf, "c'est un PDF, pas une imagerie DICOM"),
    "lettre.exe": (samples.pdf, "finit par « .exe »"),
    "texte.pdf": (lambda: b"Bonjour docteur", "ni un PDF, ni une image"),
    "page.html": (lambda: b"<!DOCTYPE html><p>Bonjour", "page web"),
    "dessin.svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "page web ou un dessin"),
    "photo.heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "photo.tiff": (lambda: b"II*\0" + bytes(100), "TIFF"),
    "photo.gif": (lambda: b"GIF89a" + bytes(100), "GIF"),
    "film.mp4": (lambda: b"\0\0\0\x18ftypisom" + bytes(100), "vidéo"),
    "lettre.docx": (lambda: b"PK\x03\x04" + bytes(26) + b"word/document.xml", "document bureautique"),
    "tout.zip": (lambda: b"PK\x03\x04" + bytes(26) + b"lettre.pdf", "archive"),
    "programme.pdf": (lambda: b"MZ" + bytes(100), "programme"),
    "secret.pdf": (samples.pdf_with_password, "protégé par un mot de passe"),
    "abîmé.pdf": (lambda: b"%PDF-1.7\n" + bytes(500) + b"\n%%EOF", "abîmé"),
    "coupé.pdf": (lambda: samples.pdf()[: len(samples.pdf()) // 2], "sa fin manque"),
    "décalé.pdf": (lambda: b"MIME\r\n" + samples.pdf(), "commence par autre chose"),
    "double.pdf": (lambda: samples.pdf() + b"PK\x05\x06" + bytes(18), "une archive est cachée"),
    "vide.pdf": (samples.pdf_without_pages, "aucune page"),
    "long.pdf": (lambda: samples.pdf_of(2001), "plus de 2000 pages"),
    "script.pdf": (lambda: samples.pdf_with_object(JAVASCRIPT), "JavaScript"),
    "script caché.pdf": (lambda: samples.pdf_with_object(JAVASCRIPT, compressed=True), "JavaScript"),
    "script déguisé.pdf": (lambda: samples.pdf_with_object("<</S/J#61vaScript/JS(1)>>"), "JavaScript"),
    "lance.pdf": (lambda: samples.pdf_with_object("<</S/Launch/F(calc.exe)>>"), "lance un autre programme"),
    "envoie.pdf": (lambda: samples.pdf_with_object("<</S/SubmitForm/F(http://x.invalid)>>"), "envoie ce qu'on y saisit"),
    "pièces.pdf": (samples.pdf_with_attachment, "contient d'autres fichiers"),
    "bombe.png": (samples.png_bomb, "trop grande"),
    "grande.png": (lambda: samples.photo("PNG", (8000, 7600)), "trop grande"),
    "coupée.jpg": (lambda: samples.photo()[:-400], "abîmée ou incomplète"),
    "coupée.png": (lambda: samples.photo("PNG")[:-200], "abîmée ou incomplète"),
    "animée.webp": (samples.animated, "animée"),
    "imagerie.dcm": (lambda: bytes(128) + b"DICM" + bytes(50), "ne contient pas d'image"),
    "message.hl7": (lambda: HL7.replace(b"OBX", b"NTE"), "résultat"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_what_its_content_says(name: str) -> None:
    make, kind, media_type = GOOD[name]
    found = gate.inspect(make(), name)
    assert (found.kind, found.media_type, found.replacement) == (kind, media_type, None)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_own_reason(name: str) -> None:
    make, reason = BAD[name]
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(make(), name)
    assert reason in refusal.value.reason
    assert refusal.value.reason.endswith(".")
    assert refusal.value.message.endswith("Rien n'a été ajouté au dossier.")


def test_a_word_in_a_text_is_not_a_program() -> None:
    found = gate.inspect(samples.pdf_with_object("<</S/GoTo/D[3 0 R/Fit]/T(voir /JavaScript et /Launch)>>"), "a.pdf")
    assert found.detail == {"pages": 1, "text": False, "signed": False}


def test_what_is_known_of_a_pdf() -> None:
    assert gate.inspect(samples.pdf("un", "deux"), "a.pdf").detail == {"pages": 2, "text": True, "signed": False}
    assert gate.inspect(samples.scan(3), "a.pdf").detail == {"pages": 3, "text": False, "signed": False}


def test_what_is_known_of_laboratory_results() -> None:
    assert gate.inspect(HL7, "a.hl7").detail == {"analyses": 2, "dates": 1}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_loses_the_place_where_it_was_taken_and_keeps_the_time(form: str) -> None:
    source = samples.photo(form, placed=True)
    found = gate.inspect(source, "photo." + form.lower())
    assert found.detail == {"width": 640, "height": 480, "format": form, "taken": "2026:11:23 14:31:05"}
    assert found.replacement is not None
    assert b"Fabricant" in source
    assert b"Fabricant" not in found.replacement
    with Image.open(io.BytesIO(found.replacement)) as after, Image.open(io.BytesIO(source)) as before:
        assert not after.getexif()
        assert after.tobytes() == before.tobytes()  # not one pixel was touched


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_is_made_upright(orientation: int) -> None:
    found = gate.inspect(samples.photo(orientation=orientation), "photo.jpg")
    assert found.replacement is not None
    with Image.open(io.BytesIO(found.replacement)) as after:
        assert after.getexif().get(0x0112, 1) == 1
        turned = orientation >= 5
        assert after.size == ((480, 640) if turned else (640, 480)) == (found.detail["width"], found.detail["height"])
        red = {2: (600, 240), 3: (600, 240), 4: (40, 240), 5: (240, 40), 6: (240, 40), 7: (240, 600), 8: (240, 600)}
        pixel = after.getpixel(red[orientation])
        assert isinstance(pixel, tuple)
        assert pixel[0] > 150


def test_what_follows_the_end_of_a_jpeg_goes_and_its_colour_profile_stays() -> None:
    target = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(
        target, "JPEG", progressive=True, icc_profile=b"profil" * 50, comment=b"secret"
    )
    bare = jpeg_without_metadata(target.getvalue() + b"PK\x03\x04 autre chose")
    assert b"secret" not in bare
    assert b"autre chose" not in bare
    with Image.open(io.BytesIO(bare)) as image:
        assert image.info["icc_profile"] == b"profil" * 50
        image.load()


def test_a_png_loses_every_text_and_keeps_what_changes_how_it_is_seen() -> None:
    texts = PngInfo()
    texts.add_text("Author", "MERCIER Jeanne")
    texts.add_itxt("Description", "chambre 12", zip=True)
    target = io.BytesIO()
    Image.new("P", (16, 16), 3).save(target, "PNG", pnginfo=texts, icc_profile=b"profil" * 50, transparency=3)
    found = gate.inspect(target.getvalue(), "photo.png")
    assert found.replacement is not None
    assert b"MERCIER" not in found.replacement
    with Image.open(io.BytesIO(found.replacement)) as after, Image.open(io.BytesIO(target.getvalue())) as before:
        after.load()
        assert set(after.info) == {"icc_profile", "transparency"}
        assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
    assert gate.inspect(found.replacement, "photo.png").replacement is None


NAMES = {
    "Courrier du Dr PETIT.pdf": "Courrier du Dr PETIT.pdf",
    "C:\\Users\\nadia\\Courrier.pdf": "Courrier.pdf",
    "../../etc/passwd": "passwd",
    "facture\u202efdp.exe": "facturefdp.exe",
    "a\0b\r\nc\x1b[31m.pdf": "ab c[31m.pdf",
    "  .caché.pdf ": "caché.pdf",
    "": "document",
    "...": "document",
    "e\u0301te\u0301.pdf": "été.pdf",
    "x" * 300 + ".pdf": "x" * 115 + "….pdf",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_on_one_clean_line(name: str) -> None:
    assert gate.display_name(name) == NAMES[name]
    assert len(gate.display_name(name)) <= gate.LONGEST_NAME


def test_a_document_is_saved_with_an_extension_of_its_kind() -> None:
    assert gate.with_extension("courrier", PDF, "application/pdf") == "courrier.pdf"
    assert gate.with_extension("photo.jpeg", PICTURE, "image/jpeg") == "photo.jpeg"
    assert gate.with_extension("IM-0001.MR", DocumentKind.IMAGING, "application/dicom") == "IM-0001.MR.dcm"
    assert gate.title_of("Courrier_du_Dr PETIT.pdf") == "Courrier du Dr PETIT"
    assert gate.title_of("1.2.840") == "1.2.840"
