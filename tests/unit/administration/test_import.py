"""Importing people: the file as it is read, the report of each line, all or nobody."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from app.administration import csv_reading, csv_writing, import_csv, people
from app.administration.drafts import PersonDraft
from app.errors import InvalidInput
from app.identity.models import PendingLogin, Professional
from app.messaging.models import OutboxMessage
from tests.support.people import World, small_world

HEAD = "Identifiant;Prénom;Nom;Profession;RPPS;Courriel;Mobile;Établissement;Requérant;Requis;Administrateur;Civilité\n"
GOOD = "z.etoile;Zoé;Étoile;infirmière;99700000013;z@b.example;06 99 00 00 77;EHPAD Les Tilleuls;oui;;;\n"


@pytest.fixture
def world() -> World:
    return small_world()


def report(world: World, text: str | bytes) -> import_csv.ImportReport:
    content = text.encode() if isinstance(text, str) else text
    return import_csv.try_import(world.platform, world.admin, content)


def count(world: World) -> int:
    with world.platform.reading() as session:
        return session.exec(select(func.count()).select_from(Professional)).one()


# ---- the file as it is read


@pytest.mark.parametrize("separator", csv_reading.SEPARATORS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_french_spreadsheets_write_is_read(separator: str, encoding: str, end: str) -> None:
    text = (HEAD + GOOD).replace(";", separator).replace("\n", end)
    [line] = csv_reading.read(text.encode(encoding)).lines
    assert (line.number, line.cells["prenom"], line.cells["nom"]) == (2, "Zoé", "Étoile")
    assert line.cells["etablissement"] == "EHPAD Les Tilleuls"


def test_columns_are_known_by_other_names_and_in_any_order() -> None:
    file = csv_reading.read("NOM;prenom;e-mail;LOGIN;profession;Âge\nA;B;c@d.example;e;médecin;7\n".encode())
    assert file.lines[0].cells == {
        "nom": "A",
        "prenom": "B",
        "courriel": "c@d.example",
        "identifiant": "e",
        "profession": "médecin",
    }
    assert file.ignored == ("Âge",)


def test_lines_keep_their_number_past_empty_ones_and_cells_of_several_lines() -> None:
    text = 'Identifiant;Prénom;Nom;Profession\n\n;;;\na;"un\ndeux";C;IDE\nb;B;C;IDE\n'
    assert [line.number for line in csv_reading.read(text.encode()).lines] == [4, 6]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide ou illisible"),
        (b"\n\n", "vide ou illisible"),
        (b"Identifiant;Nom\na;b\n", "Il manque des colonnes : « Prénom », « Profession »"),
        (b"Identifiant;Prenom;Nom;Nom;Profession\n", "« Nom » est présente deux fois"),
        (HEAD.encode(), "aucune personne"),
        ((HEAD + GOOD).encode("utf-16"), "pas du texte CSV"),
        (b"\x81\x8d\x8f", "pas du texte CSV"),
        (b"x" * (csv_reading.LARGEST + 1), "trop gros"),
        ((HEAD + "a;b;c;IDE\n" * (csv_reading.MOST_LINES + 1)).encode(), "2000 personnes au plus"),
        (b'"Identifiant', "vide ou illisible"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        csv_reading.read(content)


@given(st.binary(max_size=400))
@example(b'Identifiant;Prenom;Nom;Profession\na;"b')
@example(b"\xef\xbb\xbf")
@example(b"a\rb\r")
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    for begin in (b"", HEAD.encode()):
        try:
            file = csv_reading.read(begin + content)
        except InvalidInput as refused:
            assert refused.message
        else:
            assert 0 < len(file.lines) <= csv_reading.MOST_LINES
            assert all(set(line.cells) <= set(csv_reading.COLUMNS) for line in file.lines)


CELL = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=8), st.sampled_from(csv_reading.SEPARATORS))
@settings(max_examples=150)
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, ...]], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(("Identifiant", "Prénom", "Nom", "Profession"))
    writer.writerows(rows)
    kept = [row for row in rows if any(row)]
    if not kept:
        return
    found = csv_reading.read(out.getvalue().encode("utf-8-sig")).lines
    assert [tuple(line.cells.values()) for line in found] == kept


# ---- the report


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GOOD.replace("99700000013", "99700000012"), "ligne 2 : RPPS incorrect (clé)."),
        (GOOD.replace("99700000013", "997"), "ligne 2 : RPPS incorrect (11 chiffres attendus)."),
        (GOOD.replace("z.etoile;", ";"), "Identifiant manquant."),
        (GOOD.replace("z.etoile;", "dr.martin;"), "L'identifiant « dr.martin » est déjà pris."),
        (GOOD.replace("infirmière", "boulanger"), "Profession incorrecte : médecin, infirmier ou administratif."),
        (GOOD.replace("Les Tilleuls", "Nulle Part"), "Établissement inconnu ou ambigu : « EHPAD Nulle Part »."),
        (GOOD.replace("oui", "peut-être"), "« Requerant » : oui ou non."),
        (GOOD.replace("EHPAD Les Tilleuls", ""), "Un requérant a besoin d'un établissement."),
        (GOOD.replace("z@b.example", "z"), "Courriel incorrect."),
        (GOOD.replace("06 99 00 00 77", "7"), "Mobile incorrect"),
        (GOOD.replace("Étoile", "<script>"), "Nom incorrect"),
        (GOOD.replace(";;;\n", ";;;;trop\n"), "Plus de cellules que de colonnes."),
        (GOOD.replace("Zoé", '"Zoé'), "Guillemets mal fermés"),
        (GOOD.replace(";;;\n", ";oui;;\n"), "Un requis est un médecin."),
        (GOOD.replace(";;;\n", ";;;Sir\n"), "Civilité incorrecte"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_its_reason(world: World, line: str, words: str) -> None:
    [wrong] = report(world, HEAD + line).lines
    assert words in wrong.said
    assert wrong.said.startswith("ligne 2 : ")


def test_a_login_and_an_rpps_come_once_in_a_file(world: World) -> None:
    text = HEAD + GOOD + GOOD.replace("99700000013", "") + GOOD.replace("z.etoile", "other")
    found = report(world, text)
    assert found.right == 1
    assert [line.said for line in found.wrong] == [
        "ligne 3 : L'identifiant est déjà à la ligne 2 de ce fichier.",
        "ligne 4 : Le RPPS est déjà à la ligne 2 de ce fichier.",
    ]


def test_a_structure_is_known_by_its_name_or_its_finess(world: World) -> None:
    lines = [GOOD, GOOD.replace("z.etoile", "b").replace("99700000013", "").replace("EHPAD Les Tilleuls", "610000001")]
    found = report(world, HEAD + "".join(lines))
    import_csv.import_people(world.platform, world.admin, found.token)
    with world.platform.reading() as session:
        made = session.exec(select(Professional).where(Professional.login.in_(["z.etoile", "b"])))  # type: ignore[attr-defined]
        assert {person.structure_id for person in made} == {1}


def test_the_report_creates_nobody(world: World) -> None:
    before = count(world)
    assert report(world, HEAD + GOOD).right == 1
    assert count(world) == before


# ---- the import


def test_lines_that_are_right_are_imported_and_invited(world: World) -> None:
    found = report(world, HEAD + GOOD + GOOD.replace("z.etoile", "b").replace("99700000013", "1"))
    before = count(world)
    assert import_csv.import_people(world.platform, world.admin, found.token) == 1
    assert count(world) == before + 1
    with world.platform.reading() as session:
        assert [mail.recipient for mail in session.exec(select(OutboxMessage))] == ["z@b.example"]
        kept = session.exec(select(PendingLogin).where(PendingLogin.purpose == "import")).one()
    assert kept.data == "{}"


def test_a_report_is_used_once_by_whom_it_was_made_for_within_half_an_hour(world: World) -> None:
    second = people.create_person(
        world.platform, world.admin, PersonDraft("second", "", "S", "Deux", "admin", is_administrator=True)
    )
    with world.platform.reading() as session:
        other = session.get_one(Professional, second.id)
    found = report(world, HEAD + GOOD)
    with pytest.raises(InvalidInput, match="expiré ou a déjà servi"):
        import_csv.import_people(world.platform, other, found.token)
    import_csv.import_people(world.platform, world.admin, found.token)
    late = report(world, HEAD + GOOD.replace("z.etoile", "b").replace("99700000013", ""))
    world.clock.pass_by(minutes=30)
    for token in (found.token, late.token, "", "x"):
        with pytest.raises(InvalidInput, match="expiré ou a déjà servi"):
            import_csv.import_people(world.platform, world.admin, token)


def test_when_a_line_went_wrong_since_the_report_nobody_is_imported(world: World) -> None:
    found = report(world, HEAD + GOOD + GOOD.replace("z.etoile", "b").replace("99700000013", ""))
    people.create_person(world.platform, world.admin, PersonDraft("b", "", "B", "Bé"))
    before = count(world)
    with pytest.raises(InvalidInput, match="Personne n'a été importé"):
        import_csv.import_people(world.platform, world.admin, found.token)
    assert count(world) == before


def test_a_failure_on_the_way_imports_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = report(world, HEAD + GOOD + GOOD.replace("z.etoile", "b").replace("99700000013", ""))
    add, before = import_csv.add_person, count(world)

    def failing(*arguments: object) -> object:
        if arguments[3].login == "b":  # type: ignore[attr-defined]
            raise RuntimeError
        return add(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(import_csv, "add_person", failing)
    with pytest.raises(RuntimeError):
        import_csv.import_people(world.platform, world.admin, found.token)
    assert count(world) == before


def test_the_template_has_the_columns_that_are_read() -> None:
    line = csv_reading.read(import_csv.template() + b"a;;b;c;IDE\r\n").lines[0]
    assert set(line.cells) <= set(csv_reading.COLUMNS)
    assert len(csv_reading.TEMPLATE) == len(csv_reading.COLUMNS)


# ---- what leaves as CSV


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"])
def test_no_cell_runs_as_a_formula(cell: str) -> None:
    [row] = csv.reader(io.StringIO(csv_writing.lines([[cell]]).decode(), newline=""), delimiter=";")
    assert row[0] == "'" + cell


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_every_exported_cell_starts_harmlessly(cells: list[str]) -> None:
    assert not any(csv_writing.safe(cell).startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
