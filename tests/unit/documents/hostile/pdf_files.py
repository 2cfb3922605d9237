"""Hostile PDFs: what acts, what hides, what weighs."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping

import pymupdf

from tests.unit.documents import samples

Case = tuple[Callable[[], bytes], str]
PROGRAM, FILES, MEDIA = "un programme (JavaScript)", "contient d'autres fichiers", "média actif"
JAVASCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def written(objects: Mapping[int, bytes | str], root: str = "1 0 R") -> bytes:
    """A PDF written by hand, object by object, with its table."""
    out, offsets = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, source in objects.items():
        offsets[number] = out.tell()
        body = source.encode("latin-1") if isinstance(source, str) else source
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table, size = out.tell(), max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
    for number in range(1, size):
        known = number in offsets
        out.write(b"%010d %05d %s \n" % (offsets.get(number, 0), 0 if known else 65535, b"n" if known else b"f"))
    out.write(b"trailer\n<</Size %d/Root %s>>\nstartxref\n%d\n%%%%EOF\n" % (size, root.encode(), table))
    return out.getvalue()


def stream(content: bytes, entries: str = "") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries.encode(), len(content), content)


def page_with(more: str = "", catalog: str = "", **objects: bytes | str) -> bytes:
    """One page; `more` in it, `catalog` in the catalogue, objects `o5`, `o6`… beside."""
    return written(
        {
            1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
            2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R{more}>>",
            4: stream(b"0 0 m 200 200 l S"),
            **{int(name[1:]): source for name, source in objects.items()},
        }
    )


def annotation(source: str) -> bytes:
    return page_with(f"/Annots[<</Type/Annot/Rect[0 0 50 50]{source}>>]")


def changed_later() -> bytes:
    """A program in the first revision, and a later one in which its object is nothing any more."""
    first = page_with("", "/OpenAction 5 0 R", o5=JAVASCRIPT)
    before, at = first.rsplit(b"startxref", 1)[1].split()[0], len(first)
    nothing = b"5 0 obj\nnull\nendobj\n"
    table = b"xref\n5 1\n%010d 00000 n \n" % at
    return (
        first
        + nothing
        + table
        + (b"trailer\n<</Size 6/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (before, at + len(nothing)))
    )


def unnamed_by_any_table() -> bytes:
    whole = page_with()
    return whole.replace(b"xref\n0", b"77 0 obj\n<</S/JavaScript/JS(x)>>\nendobj\nxref\n0", 1)


def twice_defined() -> bytes:
    """Two objects of one number: the table names the harmless one, who reads without tables finds the other."""
    whole = page_with("", "/OpenAction 5 0 R", o5="<</S/GoTo/D[3 0 R/Fit]>>")
    return whole.replace(b"xref\n0", b"5 0 obj\n<</S/Launch/F(calc.exe)>>\nendobj\nxref\n0", 1)


def in_a_hidden_object_stream() -> bytes:
    inner = b"88 0 <</S/JavaScript/JS(x)>>"
    packed = zlib.compress(inner)
    body = stream(packed, "/Type/ObjStm/N 1/First 5/Filter/FlateDecode")
    return page_with().replace(b"xref\n0", b"77 0 obj\n" + body + b"\nendobj\nxref\n0", 1)


def bomb(levels: int, size: int = 300_000_000) -> bytes:
    """Zeros, packed once or twice: a page's content of a few hundred bytes to kilobytes."""
    packing, packed = zlib.compressobj(9), b""
    for _ in range(size // 1_000_000):
        packed += packing.compress(bytes(1_000_000))
    packed += packing.flush()
    for _ in range(levels - 1):
        packed = zlib.compress(packed, 9)
    filters = "/FlateDecode" * levels
    return written(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
            4: stream(packed, f"/Filter[{filters}]"),
        }
    )


def huge_image() -> bytes:
    return page_with(
        "/Resources<</XObject<</I 5 0 R>>>>",
        o5=stream(zlib.compress(bytes(1000)), "/Type/XObject/Subtype/Image/Width 60000/Height 60000"
                  "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"),
    )  # fmt: skip


def looping_pages() -> bytes:
    return written(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Kids[3 0 R 2 0 R]/Count 50>>",
            3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        }
    )


def lying_count() -> bytes:
    return written(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Kids[3 0 R]/Count 100000000>>",
            3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        }
    )


def archive_before_and_after(comment: bytes = b"") -> bytes:
    """A PDF and a zip at once; the end record of the zip may hide before an `%%EOF` in its own comment."""
    target = io.BytesIO(samples.pdf())
    with zipfile.ZipFile(target, "a") as packed:
        packed.writestr("programme.exe", b"MZ" + bytes(200))
        packed.comment = comment
    return target.getvalue()


def changed_often(times: int = 60) -> bytes:
    content = samples.pdf()
    before = int(content.rsplit(b"startxref", 1)[1].split()[0])
    for _ in range(times):
        at = len(content)
        content += b"xref\n0 0\ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (before, at)
        before = at
    return content


def many_objects() -> bytes:
    return written({1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                    3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", 300_010: "null"})  # fmt: skip


URI = "<</S/URI/URI(https://ailleurs.invalid/)>>"
# Refused for what they could do; harmless as pictures of their pages.
FLATTENABLE: dict[str, Case] = {
    "javascript.pdf": (lambda: samples.pdf_with_object(JAVASCRIPT), PROGRAM),
    "javascript dans un flux d'objets.pdf": (lambda: samples.pdf_with_object(JAVASCRIPT, compressed=True), PROGRAM),
    "javascript déguisé.pdf": (lambda: samples.pdf_with_object("<</S/J#61v#61Script/#4aS(1)>>"), PROGRAM),
    "javascript nommé.pdf": (
        lambda: page_with("", "/Names<</JavaScript<</Names[(a) 5 0 R]>>>>", o5="<</S/JavaScript/JS(x)>>"), PROGRAM),
    "javascript d'un champ.pdf": (lambda: annotation("/Subtype/Widget/FT/Tx/T(a)/AA<</K<</S/JavaScript/JS(x)>>>>"), PROGRAM),
    "javascript après une action.pdf": (
        lambda: page_with("", "/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[5 0 R]>>", o5="<</S/JavaScript/JS(x)>>"), PROGRAM),
    "révision antérieure.pdf": (changed_later, PROGRAM),
    "révision antérieure sans fin.pdf": (lambda: changed_later().replace(b"%%EOF\n", b"", 1), PROGRAM),
    "objet hors table.pdf": (unnamed_by_any_table, PROGRAM),
    "objet en double.pdf": (twice_defined, "lance un autre programme"),
    "flux d'objets hors table.pdf": (in_a_hidden_object_stream, PROGRAM),
    "lance.pdf": (lambda: samples.pdf_with_object("<</S/Launch/F(calc.exe)>>"), "lance un autre programme"),
    "lance au clic.pdf": (lambda: annotation("/Subtype/Link/A<</S/Launch/Win<</F(cmd.exe)>>>>"), "lance un autre programme"),
    "programme joint.pdf": (lambda: _attached(b"MZ" + bytes(500)), FILES),
    "fichier joint par une note.pdf": (
        lambda: page_with("/Annots[<</Subtype/FileAttachment/Rect[0 0 9 9]/FS 5 0 R>>]",
                          o5="<</Type/Filespec/F(a.exe)>>"), FILES),
    "fichier joint sans type.pdf": (
        lambda: page_with("", "/AF[5 0 R]", o5="<</F(a.exe)/EF<</F 6 0 R>>>>", o6=stream(b"MZ")), FILES),
    "ouvre un fichier joint.pdf": (lambda: annotation("/Subtype/Link/A<</S/GoToE/T<</R/C>>>>"), FILES),
    "ouvre un autre fichier.pdf": (
        lambda: annotation("/Subtype/Link/A<</S/GoToR/F(\\\\\\\\serveur\\\\partage\\\\a.pdf)/D[0/Fit]>>"), "ouvre un autre fichier"),
    "formulaire xfa.pdf": (lambda: page_with("", "/AcroForm<</Fields[]/XFA 5 0 R>>", o5=stream(b"<xdp/>")), "XFA"),
    "envoie.pdf": (lambda: annotation("/Subtype/Widget/A<</S/SubmitForm/F(https://x.invalid)>>"), "envoie ce qu'on y saisit"),
    "importe.pdf": (lambda: annotation("/Subtype/Widget/A<</S/ImportData/F(a.fdf)>>"), "données ailleurs"),
    "vidéo.pdf": (lambda: annotation("/Subtype/Movie/Movie<</F(a.avi)>>"), MEDIA),
    "son.pdf": (lambda: page_with("/AA<</O<</S/Sound/Sound 5 0 R>>>>", o5=stream(b"\0", "/R 8000")), MEDIA),
    "flash.pdf": (lambda: annotation("/Subtype/RichMedia/RichMediaContent<<>>"), MEDIA),
    "rendition.pdf": (lambda: annotation("/Subtype/Screen/A<</S/Rendition/OP 0>>"), MEDIA),
    "trois dimensions.pdf": (lambda: page_with("/Annots[<</Subtype/3D/Rect[0 0 9 9]/3DD 5 0 R>>]", o5=stream(b"U3D")), MEDIA),
    "contenu ailleurs.pdf": (
        lambda: page_with("/Resources<</XObject<</X 5 0 R>>>>",
                          o5=stream(b"", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/F(\\\\\\\\serveur\\\\a)")), "données ailleurs"),
    "page d'un autre fichier.pdf": (
        lambda: page_with("/Resources<</XObject<</X 5 0 R>>>>",
                          o5=stream(b"", "/Subtype/Form/BBox[0 0 9 9]/Ref<</F(a.pdf)/Page 0>>")), "données ailleurs"),
    "appelle une adresse à l'ouverture.pdf": (lambda: page_with("", f"/OpenAction{URI}"), "de lui-même une adresse"),
    "appelle une adresse par une page.pdf": (lambda: page_with("/AA<</O 5 0 R>>", o5=URI), "de lui-même une adresse"),
    "appelle une adresse plus loin.pdf": (
        lambda: page_with("", "/OpenAction 5 0 R", o5="<</S/Named/N/NextPage/Next 6 0 R>>", o6=URI), "de lui-même une adresse"),
    "lien vers un fichier.pdf": (
        lambda: annotation("/Subtype/Link/A<</S/URI/URI(file:///c:/windows/system32/calc.exe)>>"), "un lien vers un fichier"),
    "lien vers un partage.pdf": (
        lambda: annotation("/Subtype/Link/A<</S/URI/URI(\\\\\\\\serveur\\\\partage)>>"), "un lien vers un fichier"),
    "lien javascript.pdf": (
        lambda: page_with("/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI 5 0 R>>>>]",
                          o5="(java\\nscript:alert\\(1\\))"), "un lien vers un fichier"),
    "modifié soixante fois.pdf": (changed_often, "modifié plus de 40 fois"),
}  # fmt: skip
# Refused for good.
PDF_FILES: dict[str, Case] = {
    "formes imbriquées.pdf": (samples.pdf_bomb, "s'appellent les uns les autres"),
    "bombe.pdf": (lambda: bomb(1), "se déplie en une taille démesurée"),
    "bombe double.pdf": (lambda: bomb(2), "se déplie en une taille démesurée"),
    "bombe triple.pdf": (lambda: bomb(3, 10_000_000), "se déplie en une taille démesurée"),
    "image de 60000 points.pdf": (huge_image, "une de ses images est trop grande"),
    "pages en boucle.pdf": (looping_pages, "abîmé"),
    "cent millions de pages.pdf": (lying_count, "ses pages ne se trouvent pas toutes"),
    "sans page.pdf": (samples.pdf_without_pages, "aucune page"),
    "trop d'objets.pdf": (many_objects, "structure est anormalement grande"),
    "archive derrière.pdf": (archive_before_and_after, "une archive est cachée"),
    "archive derrière, bien cachée.pdf": (lambda: archive_before_and_after(b"\n%%EOF\n"), "une archive est cachée"),
    "archive devant.pdf": (lambda: _packed() + samples.pdf(), "une archive"),
    "autre chose devant.pdf": (lambda: b"<html>\n" + samples.pdf(), "commence par autre chose"),
    "protégé.pdf": (samples.pdf_with_password, "protégé par un mot de passe"),
    "tronqué.pdf": (lambda: samples.pdf_of(50)[:-1500], "sa fin manque"),
    "tronqué et refermé.pdf": (lambda: samples.pdf()[:300] + b"\n%%EOF\n", "abîmé"),
}  # fmt: skip


def _attached(content: bytes) -> bytes:
    with pymupdf.open() as document:
        document.new_page()
        document.embfile_add("programme.exe", content)
        return document.tobytes(deflate=True)


def _packed() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("programme.exe", b"MZ" + bytes(200))
    return target.getvalue()
