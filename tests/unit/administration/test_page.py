"""The page `/administration` without a browser: who sees it, what its forms do, that it moves by itself."""

from __future__ import annotations

import asyncio
import threading
from datetime import date
from typing import Any

import pytest

from app.administration import journal, people, rooms
from app.administration.drafts import PersonDraft
from app.errors import InvalidInput
from app.identity.models import Professional
from app.pages.admin_journal_view import JournalView, day
from app.pages.admin_parts import Chips, Link, Row, table
from app.pages.admin_people_view import PeopleList, PersonForm
from app.pages.admin_structures_view import RoomsView, StructureForm, WaysForm
from app.pages.administration_page import ADDRESSES, AdministrationPage
from app.pages.context import PageContext
from tests.support.people import World, small_world


class Opened:
    """A page and where it went."""

    def __init__(self, world: World, actor: Professional, search: str = "") -> None:
        self.searches: list[str] = []
        self.page: Any = AdministrationPage(PageContext(world.platform, actor, self._go, self.searches.append), search)

    def _go(self, search: str) -> None:
        self.searches.append(search)
        self.page.visit(search)

    @property
    def shown(self) -> Any:
        return self.page._shown

    @property
    def said(self) -> str:
        return str(self.page._says._pane.object)


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.mark.parametrize("login", ["dr.martin", "ide.dubois"])
def test_who_is_no_administrator_sees_a_refusal_whatever_the_address(world: World, login: str) -> None:
    opened = Opened(world, world.people[login])
    for tab in ("", *ADDRESSES):
        opened.page.visit(f"?onglet={tab}&personne=1&etablissement=1")
        [only] = opened.page._body
        assert "réservée aux administrateurs" in only.object
        assert "<h1>Administration</h1>" in only.object


@pytest.mark.parametrize(
    ("search", "view"),
    [
        ("", PeopleList),
        ("?onglet=personnes&personne=1", PersonForm),
        ("?onglet=personnes&personne=nouvelle", PersonForm),
        ("?onglet=etablissements&etablissement=1", StructureForm),
        ("?onglet=moyens&etablissement=1", WaysForm),
        ("?onglet=salles", RoomsView),
        ("?onglet=journal", JournalView),
        ("?onglet=rien&personne=%00", PeopleList),
        ("?onglet=personnes&personne=²", PeopleList),
    ],
)
def test_each_place_has_an_address(world: World, search: str, view: type) -> None:
    assert isinstance(Opened(world, world.admin, search).shown, view)


def test_an_address_of_nobody_says_so(world: World) -> None:
    assert "n&#x27;existe pas" in Opened(world, world.admin, "?onglet=personnes&personne=4711").said


def test_a_form_creates_and_changes_a_person_and_says_what_is_wrong(world: World) -> None:
    opened = Opened(world, world.admin, "?onglet=personnes&personne=nouvelle")
    opened.shown._save(None)
    assert "Identifiant manquant." in opened.said
    typed = {"login": "z.etoile", "given_name": "Zoé", "family_name": "Étoile", "email": "z@b.example"}
    for name, value in typed.items():
        opened.shown._widgets[name].value = value
    opened.shown._save(None)
    assert "Compte de Zoé ÉTOILE créé. Une invitation part à z@b.example." in opened.said
    assert opened.searches == ["?onglet=personnes&personne=7"]
    opened.shown._widgets["mobile"].value = "06 99 00 00 77"
    opened.shown._save(None)
    assert opened.shown._widgets["mobile"].value == "+33699000077"
    opened.shown._suspend(None)
    assert "suspendu" in opened.said
    opened.shown._restore(None)
    assert people.list_people(world.platform, world.admin, "z.etoile").rows[0].suspended is False


def test_what_a_person_is_called_never_becomes_markup(world: World) -> None:
    with world.platform.transaction() as session:
        person = session.get_one(Professional, 1)
        person.qualification = "<img src=x onerror=alert(1)>"
        session.add(person)
    opened = Opened(world, world.admin)
    assert "<img" not in opened.shown._table.object
    assert "&lt;img" in opened.shown._table.object
    row = Row((Link('"><script>', 'javascript:"x'), "<b>", Chips((("<i>", ""),))))
    made = table("<u>", ("<s>", "b", "c"), [row], "")
    assert not any(tag in made for tag in ("<script", "<b>", "<i>", "<u>", "<s>", 'javascript:"'))


def test_the_list_moves_when_another_administrator_changes_something(world: World) -> None:
    opened = Opened(world, world.admin)
    people.create_person(world.platform, world.admin, PersonDraft("z.etoile", "", "Zoé", "Étoile"))
    assert "Zoé ÉTOILE" in opened.shown._table.object
    opened.page.visit("?onglet=salles")
    rooms.create_room(world.platform, world.admin, "Salle Jaune")
    assert len(opened.shown._rooms) == 4


def test_a_form_that_somebody_types_into_is_left_alone(world: World) -> None:
    opened = Opened(world, world.admin, "?onglet=personnes&personne=3")
    opened.shown._widgets["specialty"].value = "en train d'écrire"
    people.create_person(world.platform, world.admin, PersonDraft("z.etoile", "", "Zoé", "Étoile"))
    assert opened.shown._widgets["specialty"].value == "en train d'écrire"


async def test_the_journal_is_searched_checked_and_its_export_follows_the_search(world: World) -> None:
    opened = Opened(world, world.admin, "?onglet=journal")
    view = opened.shown
    view._first.value = "hier"
    await view._ask(None)
    assert "écrivez une date" in opened.said
    view._first.value, view._person.value = "01/01/2020", "renard & <b>"
    await view._ask(None)
    assert "du=2020-01-01&amp;personne=renard+%26+%3Cb%3E" in view._export.object
    assert "Aucune ligne ne correspond" in view._table.object
    await view._check(None)
    assert "Journal intact" in opened.said


class SlowJournal:
    """Whoever asks for somebody called « lente », or for page 2, waits until `go`, and may be refused then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refused: bool = False) -> None:
        self.go, self._refused, self._search = threading.Event(), refused, journal.search_journal
        monkeypatch.setattr(journal, "search_journal", self._slowly)

    def _slowly(self, platform: Any, actor: Any, query: journal.JournalQuery, page: int = 1) -> journal.JournalPage:
        if query.person == "lente" or page == 2:
            assert self.go.wait(10)
            if self._refused:
                raise InvalidInput("trop tard")
        return self._search(platform, actor, query, page)


@pytest.mark.parametrize("refused", [False, True])
async def test_a_search_answered_late_does_not_take_the_place_of_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    people.create_person(world.platform, world.admin, PersonDraft("z.etoile", "", "Zoé", "Étoile"))
    opened = Opened(world, world.admin, "?onglet=journal")
    view, slow = opened.shown, SlowJournal(monkeypatch, refused)
    view._person.value = "lente"
    late = asyncio.ensure_future(view._ask(None))
    await asyncio.sleep(0)
    view._person.value = "renard"
    await view._ask(None)
    slow.go.set()
    await late
    assert "z.etoile" in view._table.object
    assert "personne=renard" in view._export.object
    assert "trop tard" not in opened.said


async def test_a_page_of_the_journal_that_comes_late_does_not_take_the_place_of_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SHOWN", 1)
    for login in ("a.une", "b.deux", "c.trois"):
        people.create_person(world.platform, world.admin, PersonDraft(login, "", "Zoé", "Étoile"))
    view, slow = Opened(world, world.admin, "?onglet=journal").shown, SlowJournal(monkeypatch)
    late = asyncio.ensure_future(view._turn(2))
    await asyncio.sleep(0)
    await view._turn(3)
    slow.go.set()
    await late
    assert "Page 3 sur" in view._pages._where.object


@pytest.mark.parametrize(
    ("typed", "meant"), [("24/11/2026", date(2026, 11, 24)), ("2026-11-24", date(2026, 11, 24)), (" ", None)]
)
def test_days_are_typed_as_french_people_write_them(typed: str, meant: date | None) -> None:
    assert day(typed, "Du") == meant


@pytest.mark.parametrize("typed", ["32/01/2026", "24/11/26", "01/01/0001", "demain"])
def test_what_is_no_day_is_told(typed: str) -> None:
    with pytest.raises(InvalidInput, match="« Du »"):
        day(typed, "Du")
