"""Rules of the page « Avis de l'expert »: two pages of one person, what is signed, what its messages may replace."""

from __future__ import annotations

import html
from typing import Any

import pytest

from app.documents import report
from app.dossiers.service import DossierView, read_dossier
from app.errors import FileStoreFull
from app.forms import service as forms
from app.forms.models import FormKind
from app.pages.context import PageContext
from app.pages.dossier_view import DossierPage
from app.pages.live import Subscriptions
from app.pages.opinion_view import CHANGED, OpinionView
from tests.support.people import World, small_world

NUMBER = "TLM-2026-0005"
ELSEWHERE = "dans une autre fenêtre"


@pytest.fixture
def world() -> World:
    return small_world()


class Page:
    """The expert's page of a dossier; `follows`: it hears of what other pages save."""

    def __init__(self, world: World, follows: bool = True) -> None:
        self._world = world
        subscriptions = Subscriptions(world.platform.bus)
        page = DossierPage(PageContext(world.platform, world.dr_martin), NUMBER, subscriptions, tab="avis")
        if not follows:
            subscriptions.clear()
        assert page._opinion is not None
        self.view: OpinionView = page._opinion

    def type(self, **answers: str) -> None:
        """Type into fields; saved a moment later (`save`)."""
        for key, text in answers.items():
            self.view._form._fields[key].value_input = text

    def save(self) -> None:
        """The moment has passed."""
        self.view._form.flush()

    def shown(self, key: str) -> str:
        return str(self.view._form._fields[key].value_input)

    @property
    def says(self) -> str:
        return html.unescape(str(self.view._status.object))

    def kept(self) -> dict[str, Any]:
        view = forms.form_of(self._world.platform, self._world.dr_martin, NUMBER, FormKind.OPINION)
        return {key: view.answers[key] for key in ("synthese", "conduite") if key in view.answers}

    def dossier(self) -> DossierView:
        return read_dossier(self._world.platform, self._world.dr_martin, NUMBER)


async def test_a_page_loaded_anew_takes_over_what_the_page_before_it_saves_late(world: World) -> None:
    before = Page(world)
    before.type(synthese="Confusion aig")
    before.save()
    before.type(synthese="Confusion aiguë", conduite="Arrêter")
    after = Page(world)  # built before the last words were saved
    before.save()
    assert (after.shown("synthese"), after.shown("conduite")) == ("Confusion aiguë", "Arrêter")
    after.type(synthese="Confusion aiguë iatrogène")
    after.save()
    assert after.kept() == {"synthese": "Confusion aiguë iatrogène", "conduite": "Arrêter"}
    assert "Enregistré à" in after.says
    after.view._ask_to_sign(None)
    assert after.view._dialog.open


async def test_two_pages_that_write_different_answers_keep_both(world: World) -> None:
    one, other = Page(world, follows=False), Page(world, follows=False)
    one.type(synthese="Confusion aiguë")
    one.save()
    other.type(conduite="Arrêter")
    other.save()
    assert other.kept() == {"synthese": "Confusion aiguë", "conduite": "Arrêter"}
    assert other.shown("synthese") == "Confusion aiguë"


async def test_two_pages_that_write_the_same_answer_differently_are_told_and_nothing_is_overwritten(
    world: World,
) -> None:
    one, other = Page(world), Page(world)
    other.type(synthese="Démence")
    one.type(synthese="Confusion aiguë")
    one.save()
    assert other.shown("synthese") == "Démence"
    other.save()
    assert ELSEWHERE in other.says
    assert (other.shown("synthese"), other.kept()) == ("Démence", {"synthese": "Confusion aiguë"})


async def test_nobody_signs_what_another_page_wrote_unseen(world: World) -> None:
    one, other = Page(world, follows=False), Page(world, follows=False)
    other.type(synthese="Confusion aiguë", conduite="Arrêter")
    other.save()
    one.view._ask_to_sign(None)
    assert (one.shown("conduite"), one.view._dialog.open) == ("Arrêter", False)
    assert "relisez, puis signez" in one.says
    one.view._ask_to_sign(None)
    assert one.view._dialog.open
    other.type(equipe="Merci")
    other.save()
    await one.view._sign(None)
    assert one.dossier().closed_at is None
    assert (one.shown("equipe"), CHANGED in one.says) == ("Merci", True)
    one.view._ask_to_sign(None)
    await one.view._sign(None)
    assert one.dossier().closed_at is not None


async def test_nothing_moves_under_the_question_whether_to_sign(world: World) -> None:
    one, other = Page(world), Page(world)
    one.type(synthese="Confusion aiguë", conduite="Arrêter")
    one.view._ask_to_sign(None)
    other.type(equipe="Merci")
    other.save()
    assert (one.view._dialog.open, one.shown("equipe")) == (True, "")


async def test_what_is_typed_while_the_report_is_made_neither_stops_nor_joins_the_signature(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(world)
    page.type(synthese="Confusion aiguë", conduite="Arrêter")
    page.view._ask_to_sign(None)
    render = report.render

    async def slow(*asked: Any) -> tuple[bytes, int]:
        page.type(conduite="Arrêter et revoir")
        page.save()
        return await render(*asked)

    monkeypatch.setattr(report, "render", slow)
    await page.view._sign(None)
    assert page.dossier().closed_at is not None
    assert page.kept()["conduite"] == "Arrêter"


async def test_a_signature_that_fails_is_still_said_when_the_page_has_saved_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(world)
    page.type(synthese="Confusion aiguë", conduite="Arrêter")
    page.view._ask_to_sign(None)

    async def fail(*_asked: Any) -> tuple[bytes, int]:
        page.type(conduite="Arrêter et revoir")
        page.save()
        raise FileStoreFull

    monkeypatch.setattr(report, "render", fail)
    await page.view._sign(None)
    assert FileStoreFull.message in page.says
    assert page.kept()["conduite"] == "Arrêter et revoir"
    page.view._save(None)
    assert "Enregistré à" in page.says


async def test_what_lacks_before_signing_is_still_said_when_the_page_saves_itself(world: World) -> None:
    page = Page(world)
    page.type(synthese="Confusion aiguë")
    page.view._ask_to_sign(None)
    page.type(synthese="Confusion aiguë iatrogène")
    page.save()
    assert "Avant de signer, remplissez « Conduite à tenir »" in page.says
