"""PDFs as real programs write them pass the gate: a gate that refuses letters is switched off by those who wait."""

from __future__ import annotations

import datetime
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
import typst
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from app.documents import gate
from tests.unit.documents import samples

SAMPLES = Path(__file__).parents[2] / "samples"


def by_typst() -> bytes:
    source = '#link("https://www.example.fr")[Un site] \n = Titre \n #table(columns: 2, [Sodium], [128])'
    return bytes(typst.compile(source.encode(), format="pdf"))


def rotated() -> bytes:
    with pymupdf.open(stream=samples.pdf("un", "deux"), filetype="pdf") as document:
        document[0].set_rotation(90)
        document[1].set_rotation(270)
        return document.tobytes()


def cropped() -> bytes:
    with pymupdf.open(stream=samples.pdf("un"), filetype="pdf") as document:
        document[0].set_cropbox(pymupdf.Rect(50, 50, 300, 400))
        return document.tobytes()


def with_contents() -> bytes:
    """Bookmarks, links inside and outside, page labels."""
    with pymupdf.open(stream=samples.pdf("un", "deux", "trois"), filetype="pdf") as document:
        document.set_toc([[1, "Un", 1], [2, "Deux", 2]])
        document[0].insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(0, 0, 50, 50), "uri": "https://a.fr/"})
        document[0].insert_link({"kind": pymupdf.LINK_GOTO, "from": pymupdf.Rect(0, 60, 50, 90), "page": 2})
        return document.tobytes(use_objstms=1, deflate=True, garbage=3)


def with_form() -> bytes:
    with pymupdf.open(stream=samples.pdf("un"), filetype="pdf") as document:
        field = pymupdf.Widget()
        field.field_name, field.field_type = "nom", pymupdf.PDF_WIDGET_TYPE_TEXT
        field.rect, field.field_value = pymupdf.Rect(72, 100, 300, 120), "Valeur"
        document[0].add_widget(field)
        return document.tobytes()


def annotated() -> bytes:
    """Saved several times, each time behind what was there: as notes and stamps are."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        Path(file.name).write_bytes(samples.pdf("un"))
        for number in range(3):
            with pymupdf.open(file.name) as document:
                document[0].add_text_annot((72, 100 + 40 * number), "Note /JavaScript")
                document.saveIncr()
        content = Path(file.name).read_bytes()
    assert content.count(b"%%EOF") == 4
    return content


def restricted() -> bytes:
    """May be opened by all, printed by none."""
    with pymupdf.open(stream=samples.pdf("un"), filetype="pdf") as document:
        return document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="maître", permissions=0)


def signed(times: int = 1) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signataire fictif")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    parts = (
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.DER),
    )
    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509 as asn1_x509
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    loaded = asn1_x509.Certificate.load(parts[1])
    signer = signers.SimpleSigner(
        signing_cert=loaded,
        signing_key=asn1_keys.PrivateKeyInfo.load(parts[0]),
        cert_registry=SimpleCertificateStore.from_certs([loaded]),
    )
    content = samples.pdf("Compte rendu")
    for number in range(times):
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        place = f"Signature{number}"
        fields.append_signature_field(writer, fields.SigFieldSpec(place))
        content = signers.sign_pdf(
            writer, signers.PdfSignatureMetadata(field_name=place), signer=signer
        ).getvalue()  # fmt: skip
    return content


PRODUCERS: dict[str, tuple[Callable[[], bytes], int, bool]] = {
    "PyMuPDF": (lambda: samples.pdf("un", "deux"), 2, True),
    "LibreOffice": (lambda: (SAMPLES / "libreoffice.pdf").read_bytes(), 2, True),
    "Chromium": (lambda: (SAMPLES / "chromium.pdf").read_bytes(), 1, True),
    "typst": (by_typst, 1, True),
    "scan": (lambda: samples.scan(3), 3, False),
    "200 pages": (lambda: samples.pdf(*(f"page {number}" for number in range(200))), 200, True),
    "rotated": (rotated, 2, True),
    "cropped": (cropped, 1, False),
    "links and bookmarks": (with_contents, 3, True),
    "form": (with_form, 1, True),
    "annotated": (annotated, 1, True),
    "no printing": (restricted, 1, True),
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_a_pdf_of_a_real_producer_passes(producer: str) -> None:
    make, pages, text = PRODUCERS[producer]
    found = gate.inspect(make(), "a.pdf")
    assert (found.detail["pages"], found.detail["signed"], found.replacement) == (pages, False, None)
    assert producer == "cropped" or found.detail["text"] is text


@pytest.mark.parametrize("times", [1, 3])
def test_a_signed_pdf_passes_is_marked_so_and_is_kept_as_it_is(times: int) -> None:
    found = gate.inspect(signed(times), "a.pdf")
    assert found.detail == {"pages": 1, "text": True, "signed": True}
    assert found.replacement is None  # a changed byte would break the signature
