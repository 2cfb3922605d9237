"""« Saisir une biologie », the curves beside the list, and « Traçabilité », as pages without a browser."""

from __future__ import annotations

import asyncio
import html
import re
from types import SimpleNamespace
from typing import Any

import pytest

from app.documents import laboratory_typing, service
from app.documents.entries import DocumentView
from app.documents.models import DocumentKind
from app.dossiers.service import read_dossier
from app.errors import Locked, NotFound
from app.pages import arrivals_view
from app.pages.biology_entry_view import BiologyEntryView
from app.pages.biology_view import BiologyView
from app.pages.context import PageContext
from app.pages.documents_view import TYPE, DocumentsView
from app.pages.trace_view import TraceView
from components.lab_entry import LabEntry
from tests.support.people import World, small_world
from tests.unit.documents import samples
from tests.unit.documents.laboratory_samples import HL7

NUMBER = "TLM-2026-0001"
ROW = {"id": "r1", "analysis": "Potassium", "value": "4,2", "unit": "mmol/L", "low": "", "high": "", "comment": ""}
FORM = {"day": "2026-11-20", "time": "08:15", "laboratory": "Orne Bio", "rows": [ROW]}


@pytest.fixture
def world() -> World:
    return small_world()


class Entry:
    """The form as a person has it."""

    def __init__(self, world: World, login: str = "ide.dubois", replaces: str = "", form: Any = None) -> None:
        self.saved: list[str] = []
        self.left = 0
        context = PageContext(world.platform, world.people[login])
        dossier = read_dossier(world.platform, context.actor, NUMBER)
        self.view = BiologyEntryView(context, dossier, self.saved.append, self._leave, replaces, form)
        self.shown = self.view._entry

    def _leave(self) -> None:
        self.left += 1

    async def tell(self, kind: str, form: Any = None, **more: Any) -> None:
        self.shown._receive(SimpleNamespace(data={"t": kind, "form": form, **more}))
        for task in (self.view._saving, self.view._keeping):
            if task is not None:
                await task


async def test_a_good_form_is_saved_at_once(world: World) -> None:
    entry = Entry(world)
    await entry.tell("save", FORM)
    (view,) = service.documents_of(world.platform, world.dr_martin, NUMBER)
    assert entry.saved == [view.reference]


async def test_mistakes_are_said_beside_their_fields_and_nothing_typed_is_touched(world: World) -> None:
    entry = Entry(world)
    begun = entry.shown.form
    await entry.tell("save", {**FORM, "day": "", "rows": [ROW | {"value": "beaucoup"}]})
    assert set(entry.shown.errors) == {"day", "r1.value"}
    assert entry.shown.notice_bad
    assert (entry.shown.form is begun, entry.saved) == (True, [])
    await entry.tell("changed", {**FORM, "rows": [ROW | {"value": "beaucoup"}]})
    assert set(entry.shown.errors) == {"r1.value"}  # what was mended is no longer held against anybody
    assert entry.shown.refused == 1  # and a draft's answer leads nobody away from where they type
    await entry.tell("save", FORM)
    assert len(entry.saved) == 1


async def test_unusual_values_are_asked_about_once_and_then_saved(world: World) -> None:
    entry = Entry(world)
    strange = {**FORM, "rows": [ROW | {"value": "142"}]}
    await entry.tell("changed", strange)
    assert "142" in entry.shown.questions["r1.value"]
    assert not entry.shown.confirming
    await entry.tell("save", strange)
    assert (entry.shown.confirming, entry.saved) == (True, [])
    await entry.tell("changed", strange)
    assert entry.shown.confirming
    await entry.tell("save", strange)
    assert len(entry.saved) == 1


async def test_another_unusual_value_is_asked_about_anew(world: World) -> None:
    entry = Entry(world)
    await entry.tell("save", {**FORM, "rows": [ROW | {"value": "142"}]})
    await entry.tell("changed", {**FORM, "rows": [ROW | {"value": "42"}]})
    assert not entry.shown.confirming
    await entry.tell("save", {**FORM, "rows": [ROW | {"value": "42"}]})
    assert (entry.shown.confirming, entry.saved) == (True, [])


async def test_an_interrupted_entry_is_taken_up_where_it_was_left(world: World) -> None:
    await Entry(world).tell("changed", {**FORM, "rows": [ROW | {"value": "142"}]})
    again = Entry(world)
    assert again.shown.form["rows"][0]["value"] == "142"
    assert "reprise" in again.shown.notice
    assert "r1.value" in again.shown.questions
    await again.tell("leave", discard=True)
    assert again.left == 1
    assert Entry(world).shown.notice == ""


async def test_closing_the_form_keeps_what_was_typed(world: World) -> None:
    entry = Entry(world)
    await entry.tell("changed", FORM)
    await entry.tell("leave", discard=False)
    assert entry.left == 1
    assert laboratory_typing.draft_of(world.platform, world.ide_dubois, NUMBER) is not None


async def test_whatever_a_browser_sends_does_no_harm(world: World) -> None:
    entry = Entry(world)
    for form in ({}, {"rows": "x"}, {"day": 1, "rows": [None, {"id": "r1", "value": 4}]}, {"rows": [ROW] * 500}):
        await entry.tell("changed", form)
        await entry.tell("save", form)
    assert (entry.saved, service.documents_of(world.platform, world.ide_dubois, NUMBER)) == ([], [])


async def test_a_browser_that_tells_without_end_is_written_down_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    original = laboratory_typing.keep_draft

    def count(*arguments: Any) -> None:
        kept.append(arguments[3]["laboratory"])
        original(*arguments)

    monkeypatch.setattr(laboratory_typing, "keep_draft", count)
    entry = Entry(world)
    for number in range(500):
        entry.shown._receive(SimpleNamespace(data={"t": "changed", "form": {**FORM, "laboratory": str(number)}}))
    assert entry.view._keeping is not None
    await entry.view._keeping
    assert kept == ["499"]
    for number in range(500, 600):
        entry.shown._receive(SimpleNamespace(data={"t": "changed", "form": {**FORM, "laboratory": str(number)}}))
    entry.shown._receive(SimpleNamespace(data={"t": "leave", "discard": False}))  # the last word is not lost
    assert entry.view._keeping is not None
    await entry.view._keeping
    assert kept == ["499", "599"]


async def test_two_presses_save_once(world: World) -> None:
    entry = Entry(world)
    for _ in range(2):
        entry.shown._receive(SimpleNamespace(data={"t": "save", "form": FORM}))
    assert entry.view._saving is not None
    await entry.view._saving
    assert len(entry.saved) == 1


async def test_a_correction_that_comes_too_late_keeps_what_was_typed(world: World) -> None:
    first = await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, FORM)
    mine = Entry(world, "dr.petit", first.reference, FORM)
    assert mine.shown.correcting
    await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, {**FORM, "time": "09:00"}, first.reference)
    await mine.tell("save", {**FORM, "time": "10:00"})
    assert "votre saisie reste à l'écran" in mine.shown.notice
    assert mine.saved == []


async def test_a_fault_of_ours_is_said_and_keeps_the_draft(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: Any) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(laboratory_typing, "enter", fail)
    entry = Entry(world)
    await entry.tell("save", FORM)
    assert "Elle est conservée" in entry.shown.notice
    assert laboratory_typing.draft_of(world.platform, world.ide_dubois, NUMBER) is not None


def test_bounds_are_proposed_for_the_patient_s_sex(world: World) -> None:
    (creatinine,) = (one for one in Entry(world).shown.catalogue if one["name"] == "Créatinine")
    assert (creatinine["units"][0]["low"], creatinine["units"][0]["high"]) == ("50", "90")


# ---- beside the list


class Beside:
    def __init__(self, world: World, login: str = "dr.martin", may_change: bool = True) -> None:
        context = PageContext(world.platform, world.people[login])
        dossier = read_dossier(world.platform, context.actor, NUMBER)
        self.opened: list[str] = []
        self.view = BiologyView(context, dossier, may_change, self.opened.append, lambda: self.opened.append("all"), lambda reference: self.opened.append(f"correct {reference}"))  # fmt: skip

    def texts(self) -> str:
        panes = self.view._layout.select(lambda part: type(part).__name__ == "HTML")
        return " ".join(str(pane.object) for pane in panes)

    def buttons(self) -> list[str]:
        found = self.view._layout.select(lambda part: type(part).__name__ == "Button")
        return [button.label for button in found]


async def both(world: World) -> tuple[DocumentView, DocumentView]:
    report = await service.add(world.platform, world.ide_dubois, NUMBER, "bilan", iter([HL7]))
    return report, await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, FORM)


async def test_a_typed_report_says_so_and_can_be_corrected_or_withdrawn(world: World) -> None:
    report, typed = await both(world)
    beside = Beside(world)
    await beside.view.fill(typed)
    assert "Saisi à la main par N. DUBOIS" in beside.texts()
    assert beside.buttons()[:3] == ["Toutes les biologies (2)", "Corriger la saisie", "Retirer (saisie par erreur)"]
    await beside.view.fill(report)
    assert beside.buttons() == ["Toutes les biologies (2)"]
    assert "Saisi à la main" not in beside.texts()


async def test_who_may_add_nothing_may_change_nothing(world: World) -> None:
    _report, typed = await both(world)
    beside = Beside(world, may_change=False)
    await beside.view.fill(typed)
    assert beside.buttons() == ["Toutes les biologies (2)"]


async def test_withdrawing_wants_a_reason_and_shows_what_became_of_it(world: World) -> None:
    _report, typed = await both(world)
    beside = Beside(world, "ide.dubois")
    await beside.view.fill(typed)
    beside.view._withdraw(typed.reference)
    assert "Indiquez le motif" in beside.texts()
    beside.view._reason.value_input = "autre <b>résident</b>"
    beside.view._withdraw(typed.reference)
    assert beside.opened == [typed.reference]
    await beside.view.fill(typed)
    assert "saisi par erreur : autre &lt;b&gt;résident&lt;/b&gt;" in beside.texts()
    assert "Corriger la saisie" not in beside.buttons()


async def test_every_version_leads_to_the_other(world: World) -> None:
    old = await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, FORM)
    new = await laboratory_typing.enter(
        world.platform, world.ide_dubois, NUMBER, {**FORM, "time": "09:00"}, old.reference
    )
    beside = Beside(world)
    await beside.view.fill(old)
    assert "Ouvrir la version qui la remplace" in beside.buttons()
    assert "Ces valeurs ne comptent plus" in beside.texts()
    await beside.view.fill(new)
    assert "Ouvrir la version précédente" in beside.buttons()


async def test_all_of_them_name_the_one_that_cannot_be_read(world: World) -> None:
    report, _typed = await both(world)
    name = next(iter(world.platform.files.files))  # type: ignore[attr-defined]
    world.platform.files.files[name] = world.platform.files.files[name][:-1]  # type: ignore[attr-defined]
    beside = Beside(world)
    await beside.view.fill(None)
    assert f"« {report.title} » : Ce fichier est endommagé" in beside.texts()


async def test_the_list_offers_typing_to_whoever_may_add_and_tells_who_has_read(world: World) -> None:
    await both(world)
    context = PageContext(world.platform, world.dr_martin)
    dossier = read_dossier(world.platform, world.dr_martin, NUMBER)
    view = DocumentsView(context, dossier, True)
    assert view._opening is not None
    await view._opening
    assert [action["name"] for action in view._list.actions] == ["biology", "all-results"]
    report, typed = view._list.documents
    assert re.match(r"3.analyses · 1.date · \d+.ko · Sain$", report["facts"])
    assert typed["facts"].endswith("saisi à la main")
    assert "Nadia DUBOIS : vu aujourd'hui à 10:12" in report["state_detail"]
    view._act(TYPE)
    await view._opening
    assert isinstance(view._beside[0], LabEntry)
    closed = DocumentsView(context, dossier, False)
    assert [action["name"] for action in closed._list.actions] == ["all-results"]
    closed._list._receive(SimpleNamespace(data={"t": "action", "name": TYPE}))
    closed._act(TYPE)
    assert closed._opening is not None
    await closed._opening
    assert not isinstance(closed._beside[0], LabEntry)


async def test_what_comes_by_itself_never_takes_the_place_of_a_biology_being_typed(world: World) -> None:
    context = PageContext(world.platform, world.ide_dubois)
    view = DocumentsView(context, read_dossier(world.platform, world.ide_dubois, NUMBER), True)
    view._act(TYPE)
    assert view._opening is not None
    await view._opening
    (form,) = view._beside
    letter = await service.add(world.platform, world.ide_dubois, NUMBER, "Courrier.pdf", iter([samples.pdf()]))
    view._list._receive(SimpleNamespace(data={"t": "added", "reference": letter.reference}))
    await view._opening
    assert [document["title"] for document in view._list.documents] == ["Courrier"]
    assert view._beside.objects == [form]
    form._receive(SimpleNamespace(data={"t": "save", "form": FORM}))
    async with asyncio.timeout(30):
        while form in view._beside.objects:  # the document that it made takes its place
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, return_when=asyncio.FIRST_COMPLETED)  # type: ignore[arg-type]
    assert view._list.selected == view._list.documents[1]["reference"]
    view._list._receive(SimpleNamespace(data={"t": "added", "reference": letter.reference}))
    assert view._list.selected == letter.reference
    await view._opening


async def test_damaged_documents_of_an_archive_are_told_of_by_their_title(world: World) -> None:
    report, _typed = await both(world)
    view = DocumentsView(
        PageContext(world.platform, world.dr_martin), read_dossier(world.platform, world.dr_martin, NUMBER), True
    )
    view.tell_damaged([report.reference, "0" * 32])
    assert "« bilan » est endommagé et manque" in view._notice.object
    view.tell_damaged([])
    assert not view._notice.visible
    assert view._opening is not None
    await view._opening


# ---- « Traçabilité »


async def test_the_trace_shows_who_has_and_who_has_not_and_filters(world: World) -> None:
    await service.add(world.platform, world.ide_dubois, NUMBER, "Courrier.pdf", iter([samples.pdf()]))
    await both(world)
    view = TraceView(PageContext(world.platform, world.dr_martin), NUMBER)
    table = view._table.object
    assert table.count('<th scope="row">') == 3
    assert table.count("Pas encore vu") == 3
    assert table.count("Déposé par cette personne") == 3
    view._kind.value = DocumentKind.PDF.value
    assert view._table.object.count('<th scope="row">') == 1
    view._state.value = "Téléchargé"
    assert "Rien ne correspond" in view._table.object
    view._state.value = "Pas encore téléchargé"
    assert "Courrier" in view._table.object
    view._person.value = f"p{world.dr_martin.id}"
    assert "Nadia DUBOIS" not in view._table.object


async def test_an_empty_trace_says_what_will_come(world: World) -> None:
    view = TraceView(PageContext(world.platform, world.dr_martin), NUMBER)
    assert "Aucun document" in view._table.object
    assert "Aucun document à emporter" in view._checklist.object
    assert "Personne n’a demandé" in view._attempts.object


async def test_refused_attempts_and_hostile_names_are_shown_as_text(world: World) -> None:
    reference = (
        await service.add(
            world.platform, world.ide_dubois, NUMBER, "<img src=x onerror=alert(1)>.pdf", iter([samples.pdf()])
        )
    ).reference
    with pytest.raises(NotFound):
        service.open_document(world.platform, world.ide_moreau, reference)
    view = TraceView(PageContext(world.platform, world.dr_martin), NUMBER)
    for pane in (view._table, view._checklist, view._attempts, view._journal):
        assert "<img" not in pane.object
    assert "Karim MOREAU" in view._attempts.object


async def test_the_trace_asks_again_and_keeps_its_filters(world: World) -> None:
    view = TraceView(PageContext(world.platform, world.dr_martin), NUMBER)
    view._state.value = "Pas encore vu"
    await both(world)
    view.refresh()
    assert view._state.value == "Pas encore vu"
    assert view._table.object.count('<th scope="row">') == 2
    assert "À emporter" in view._checklist.object


async def test_a_refusal_of_the_list_is_read_above_it_while_a_biology_is_being_typed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = DocumentsView(
        PageContext(world.platform, world.ide_dubois), read_dossier(world.platform, world.ide_dubois, NUMBER), True
    )
    view._act(TYPE)
    assert view._opening is not None
    await view._opening
    (form,) = view._beside

    def refuse(*_: object) -> None:
        raise Locked

    monkeypatch.setattr(arrivals_view, "act", refuse)
    view._act_on_arrival("dismiss", "a")
    assert view._beside.objects == [form]
    assert view._notice.visible
    assert html.escape(Locked.message) in view._notice.object
    monkeypatch.setattr(arrivals_view, "act", lambda *_: None)
    view._act_on_arrival("dismiss", "a")
    assert not view._notice.visible
