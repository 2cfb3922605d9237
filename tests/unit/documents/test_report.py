"""The opinion's report: the same bytes twice, for archives and for everybody, and nothing typed becomes anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pymupdf
import pytest

from app.documents.rendering import RendererPool
from app.documents.report import DRAFT, ReportContent, Signature, make_report, plain, typographic
from app.dossiers.calls import Held
from app.dossiers.models import IdentityStatus
from app.dossiers.service import IdentityTraits

AT = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)
PATIENT = IdentityTraits(
    birth_name="MERCIER",
    first_names="Jeanne, Louise",
    used_name="MERCIER-AUBIN Jeanne",
    sex="F",
    birth_date=date(1938, 3, 14),
    birth_place="Alençon (61001)",
    ins="238036100104253",
    status=IdentityStatus.QUALIFIED,
)
SIGNED = ReportContent(
    number="TLM-2026-0001",
    title="Compte rendu de téléconsultation",
    patient=PATIENT,
    structure="EHPAD Les Tilleuls",
    requester="Nadia DUBOIS, infirmière",
    expert="Dr Claire MARTIN, gériatre",
    specialty="Gériatrie",
    motive="Trouble du comportement d'apparition récente",
    held=Held(AT, AT + timedelta(minutes=21)),
    request=(("Motif", "Agitation vespérale, EVA ≥ 4/10"), ("Question", "Arrêter l'oxybutynine ?")),
    sections=(
        ("Examen", (("Tension", "126/70 mmHg"), ("Constatations", "Patiente souriante. " * 200))),
        ("Avis", (("Conduite à tenir", "1. Arrêter.\n2. Surveiller → réévaluer ☑ « œuf » ≤ 5"),)),
    ),
    signature=Signature("Dr Claire MARTIN", "99700000011", AT),
)


def opened(content: ReportContent) -> pymupdf.Document:
    return pymupdf.open(stream=make_report(content, AT), filetype="pdf")


def text_of(content: ReportContent) -> str:
    with opened(content) as document:
        return " ".join(
            " ".join(page.get_text() for page in document).replace("\u00a0", " ").replace("\u202f", " ").split()
        )


def saying(text: str) -> ReportContent:
    return replace(SIGNED, sections=(("Avis", (("Synthèse", text),)),))


def test_the_same_content_at_the_same_instant_gives_the_same_bytes() -> None:
    assert make_report(SIGNED, AT) == make_report(SIGNED, AT)
    assert make_report(SIGNED, AT) != make_report(SIGNED, AT.replace(minute=43))


def test_a_report_declares_itself_for_archives_and_for_screen_readers_and_is_tagged() -> None:
    with opened(SIGNED) as document:
        declared = document.get_xml_metadata()
        catalogue = document.xref_object(document.pdf_catalog(), compressed=True)
        objects = "".join(document.xref_object(number, compressed=True) for number in range(1, document.xref_length()))
    for part in ("<pdfaid:part>3", "<pdfaid:conformance>A", "<pdfuaid:part>1"):
        assert part in declared
    for part in ("/StructTreeRoot", "/Marked true", "/Lang(fr-FR)", "/OutputIntents", "/DisplayDocTitle true"):
        assert part in catalogue
    assert "/S/H1" in objects
    assert "/S/H2" in objects
    assert "/FontFile2" in objects or "/FontFile3" in objects


def test_who_it_is_about_stands_on_every_page() -> None:
    with opened(saying("Une ligne de constatation.\n" * 150)) as document:
        assert document.page_count >= 3
        for number, page in enumerate(document, 1):
            text = page.get_text().replace("\u00a0", " ")
            for part in (
                "MERCIER Jeanne, Louise", "Féminin, née le 14/03/1938 (88 ans)", "MERCIER-AUBIN Jeanne",
                "2 38 03 61 001 042 53", "Identité qualifiée", "TLM-2026-0001", f"Page {number} / {document.page_count}",
            ):  # fmt: skip
                assert part in text


def test_what_was_asked_answered_and_signed_is_in_it() -> None:
    text = text_of(SIGNED)
    for part in (
        "Agitation vespérale, EVA ≥ 4/10", "Arrêter l'oxybutynine ?", "126/70 mmHg", "Conduite à tenir",
        "→ réévaluer ☑ « œuf » ≤ 5", "EHPAD Les Tilleuls", "Nadia DUBOIS, infirmière",
        "Signé électroniquement par Dr Claire MARTIN (RPPS 99700000011) le 24 novembre 2026 à 11:42",
    ):  # fmt: skip
        assert part in text
    assert DRAFT not in text


def test_the_technical_facts_of_the_call_stand_in_an_annex_that_archives_and_readers_take() -> None:
    """Code de la santé publique, R. 6316-4: who took part, date and hour, technical incidents."""
    facts = (("Appel", "Salle Bleue, 24 novembre 2026, de 11:42 à 12:03 (21\u00a0min)"),
             ("Incidents techniques", "11:50 : liaison de N. DUBOIS interrompue, 12\u00a0s"))  # fmt: skip
    content = replace(SIGNED, annex=facts)
    text = text_of(content)
    assert "Annexe technique de la téléconsultation" in text
    assert "11:50 : liaison de N. DUBOIS interrompue, 12 s" in text
    assert text.index("Annexe technique") < text.index("Signé électroniquement")
    with opened(content) as document:
        declared = document.get_xml_metadata()
    assert "<pdfaid:part>3" in declared
    assert "<pdfuaid:part>1" in declared
    assert "Annexe technique" not in text_of(SIGNED)


def test_a_draft_says_so_on_every_page() -> None:
    with opened(replace(saying("Une ligne.\n" * 150), signature=None)) as document:
        assert all(DRAFT in page.get_text() for page in document)
        assert all("Signé électroniquement" not in page.get_text() for page in document)


@pytest.mark.parametrize(
    "typed",
    ["#panic()", "*gras* _italique_", "$x^2$", "= Titre", "#image(\"/etc/passwd\")", "\\ \\u{41}", "<étiquette> @renvoi",
     "// commentaire", "`code`", "{{ data }}", "](javascript:alert(1))", "\"} #data {\""],
)  # fmt: skip
def test_what_is_typed_is_printed_and_nothing_else(typed: str) -> None:
    assert typed in text_of(saying(typed))


def test_a_letter_that_no_font_has_is_printed_as_its_code_point() -> None:
    text = text_of(saying("Sourit 😀, 漢, ☑\ufe0f, a\u0000b"))
    assert "Sourit [U+1F600], [U+6F22], ☑, ab" in text


@pytest.mark.parametrize(
    "letters",
    ["àâäçéèêëîïôöùûüÿœæÀÉÈÇŒÆ", "≥ ≤ ≈ ± × ÷ µ ° ² ³ € ‰ → ← ↑ ↓ ☑ ☐ ✓ • – — … « » ’", "Łódź Đặng Ελένη Иван"],
)
def test_the_letters_of_medicine_and_of_names_print(letters: str) -> None:
    assert letters in text_of(saying(letters))


def test_lines_stay_lines_and_unanswered_questions_are_left_out() -> None:
    content = replace(SIGNED, sections=(("Avis", (("Vide", "  "), ("Conduite", "1. un\n2. deux"))),))
    with opened(content) as document:
        text = document[0].get_text()
    assert "1. un\n2. deux" in text
    assert "Vide" not in text


def test_an_identity_without_number_prints_too() -> None:
    unknown = replace(PATIENT, ins="", used_name="", birth_place="", status=IdentityStatus.PROVISIONAL)
    assert "Identité provisoire" in text_of(replace(SIGNED, patient=unknown))


def test_french_spaces_do_not_break() -> None:
    assert typographic("Vu ? Oui ; non ! Dose : 5 mg, « ici » 40 %") == (
        "Vu\u202f? Oui\u202f; non\u202f! Dose\u00a0: 5\u00a0mg, «\u00a0ici\u00a0» 40\u00a0%"
    )
    assert typographic("Dr MARTIN, 88 ans") == "Dr\u00a0MARTIN, 88\u00a0ans"
    assert typographic("3 gestes") == "3 gestes"


@pytest.mark.slow
async def test_a_rendering_process_makes_the_same_report() -> None:
    pool, source = RendererPool(), plain(SIGNED, AT)
    made, pages = await pool.run("report", "report", lambda: source)
    await pool.close()
    assert made == make_report(SIGNED, AT)
    assert pages == 2


def test_a_report_says_when_the_teleconsultation_was_held() -> None:
    assert "24 novembre 2026, de 11:42 à 12:03" in text_of(SIGNED)
    assert "24 novembre 2026, commencée à 11:42" in text_of(replace(SIGNED, held=Held(AT, None)))
    long = text_of(replace(SIGNED, held=Held(AT, AT + timedelta(days=1))))
    assert "du 24 novembre 2026 à 11:42 au 25 novembre 2026 à 11:42" in long


def test_a_report_without_any_call_says_so_plainly() -> None:
    text = text_of(replace(SIGNED, held=None, planned_at=AT))
    assert "Aucune : personne ne s'est réuni en salle vidéo pour ce dossier. Elle était prévue le 24" in text
    assert "Elle était prévue" not in text_of(replace(SIGNED, held=None))
