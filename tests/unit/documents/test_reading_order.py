"""What is copied reads as a person reads: columns one after another, tables row by row, turned pages too."""

from __future__ import annotations

import random

import pymupdf
import pytest

from app.documents import rendering_tasks
from app.documents.reading_order import Line, ordered

LEFT = [
    "Le patient est suivi depuis",
    "trois ans pour une maladie",
    "chronique bien connue ici",
    "et traitée chaque jour",
]
RIGHT = [
    "La biologie du mois dernier",
    "montre un sodium trop bas",
    "sans autre anomalie notable",
    "ni fièvre depuis lors",
]


def read(document: pymupdf.Document, page: int = 1) -> str:
    content = document.tobytes()
    found = rendering_tasks.run("pdf_words", str(hash(content)), content, {"page": page})
    return " ".join(word[4] for word in found["words"])


def two_columns(order: list[tuple[float, float, str]]) -> pymupdf.Document:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((60, 60), "Compte rendu de la consultation du matin, sur toute la largeur de la page", fontsize=13)
    for x, y, text in order:
        page.insert_text((x, y), text, fontsize=11)
    return document


PLACED = [
    *((60.0, 100.0 + 14 * number, text) for number, text in enumerate(LEFT)),
    *((320.0, 100.0 + 14 * number, text) for number, text in enumerate(RIGHT)),
]
EXPECTED = " ".join(["Compte rendu de la consultation du matin, sur toute la largeur de la page", *LEFT, *RIGHT])


@pytest.mark.parametrize("seed", range(4))
def test_columns_are_read_one_after_another_in_whatever_order_they_were_drawn(seed: int) -> None:
    shuffled = PLACED.copy()
    random.Random(seed).shuffle(shuffled)
    assert read(two_columns(shuffled)) == EXPECTED


def test_a_table_is_read_row_by_row() -> None:
    document = pymupdf.open()
    page = document.new_page()
    rows = [
        ("Sodium", "128", "mmol/L"),
        ("Potassium", "4,1", "mmol/L"),
        ("Créatinine", "88", "µmol/L"),
        ("CRP", "12", "mg/L"),
    ]
    for column in (0, 2, 1):
        for number, cells in enumerate(rows):
            page.insert_text((60 + 150 * column, 100 + 20 * number), cells[column], fontsize=11)
    assert read(document) == " ".join(" ".join(cells) for cells in rows)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_was_turned_to_be_upright_reads_in_order(turn: int) -> None:
    """A scanner lays the page on its side and says so: what is shown is upright, and read from there."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842) if turn == 180 else document.new_page(width=842, height=595)
    page.set_rotation(turn)
    for y, text in ((200, "ligne deux"), (160, "ligne une"), (240, "ligne trois")):
        place = pymupdf.Point(80, y) * page.derotation_matrix
        page.insert_text(place, text, fontsize=12, rotate=turn)
    assert read(document) == "ligne une ligne deux ligne trois"


def test_text_that_lies_on_its_side_stays_in_the_order_it_came() -> None:
    lines = [
        Line((x, 100, x + 10, 300), ((x, 100, x + 10, 300, word),)) for x, word in ((50, "premier"), (20, "second"))
    ]
    assert ordered(lines) == lines


def test_no_line_is_lost_however_they_lie() -> None:
    chance = random.Random(7)
    lines = []
    for number in range(400):
        x, y = chance.uniform(0, 500), chance.uniform(0, 800)
        lines.append(Line((x, y, x + 60, y + 11), ((x, y, x + 60, y + 11, f"mot{number}"),)))
    assert sorted(id(line) for line in ordered(lines)) == sorted(id(line) for line in lines)
    assert ordered([]) == []
