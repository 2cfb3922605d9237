"""« Saisir une biologie »: the form beside the list, its draft, and what the server answers to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import panel as pn
import structlog

from app.documents import laboratory_entry, laboratory_typing
from app.documents.laboratory_catalogue import USUAL, Usual
from app.documents.laboratory_entry import MOST_ROWS, proposed_bounds, written
from app.dossiers.service import DossierView
from app.errors import Outdated, TeledossierError
from app.french import local
from app.pages.context import PageContext
from components.lab_entry import EntryAnalysis, EntryUnit, LabEntry

log = structlog.get_logger(__name__)

ROWS_AT_FIRST = 4
KEPT_EVERY = 0.3  # seconds: however often a browser tells, drafts are written no more often
RESUMED = "Votre saisie interrompue est reprise là où vous l'aviez laissée."
ASKED = "Des valeurs sont inhabituelles : elles sont signalées. Vérifiez-les, puis enregistrez quand même si elles sont justes."
SAVING = "Enregistrement en cours…"
FAULT = "La saisie n'a pas pu être enregistrée. Elle est conservée : réessayez, puis appelez l'assistance."
OUTDATED = (
    "Cette biologie vient d'être corrigée ou retirée par une autre personne. Rien n'a été enregistré : "
    "votre saisie reste à l'écran, comparez-la à la nouvelle version."
)


class BiologyEntryView(pn.viewable.Viewer):
    """A new report, or with `replaces` the correction of one whose form is `form`.

    `on_saved(reference)` is told of the document that was made, `on_left()` that somebody closed the form.
    """

    def __init__(
        self,
        context: PageContext,
        dossier: DossierView,
        on_saved: Callable[[str], None],
        on_left: Callable[[], None],
        replaces: str = "",
        form: dict[str, Any] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._context, self._dossier, self._replaces = context, dossier, replaces
        self._on_saved, self._on_left = on_saved, on_left
        self._asked: dict[str, str] = {}
        self._saving: asyncio.Task[None] | None = None
        self._told: dict[str, Any] | None = None
        self._keeping: asyncio.Task[None] | None = None
        draft = laboratory_typing.draft_of(context.platform, context.actor, dossier.number, replaces)
        self._entry = LabEntry(
            on_change=self._changed,
            on_save=self._save,
            on_leave=self._leave,
            form=_at_least(draft or form or laboratory_entry.empty(ROWS_AT_FIRST)),
            correcting=bool(replaces),
            latest_day=local(context.platform.now()).date().isoformat(),
            most_rows=MOST_ROWS,
            prefix=f"{dossier.number}-biologie-{replaces[:8]}",
            sizing_mode="stretch_width",
            margin=0,
        )
        self._entry.propose([_offered(usual, dossier.patient.sex) for usual in USUAL])
        if draft:
            resumed = laboratory_typing.check(context.platform, context.actor, dossier.number, draft)
            self._entry.answer({}, resumed.questions, RESUMED)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._entry

    def _changed(self, form: dict[str, Any]) -> None:
        self._told = form
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep_drafts())

    async def _keep_drafts(self) -> None:
        """Keep the newest draft, until nothing newer has been told for a while."""
        while self._told is not None:
            form, self._told = self._told, None
            if self._saving is None or self._saving.done():
                self._keep_draft(form)
            await asyncio.sleep(KEPT_EVERY)

    def _keep_draft(self, form: dict[str, Any]) -> None:
        """Keep the draft, and ask at once about what is unusual; what is missing is only said when somebody saves."""
        platform, actor, number = self._context.platform, self._context.actor, self._dossier.number
        try:
            laboratory_typing.keep_draft(platform, actor, number, form, self._replaces)
            checked = laboratory_typing.check(platform, actor, number, form)
        except TeledossierError as refusal:
            self._entry.answer({}, {}, refusal.message, bad=True)
            return
        still = {name: text for name, text in self._entry.errors.items() if checked.errors.get(name) == text}
        asked = self._entry.confirming and checked.questions == self._asked
        notice, bad = (self._entry.notice, self._entry.notice_bad) if still or asked else ("", False)
        self._entry.answer(still, checked.questions, notice, bad=bad, confirming=asked)

    def _save(self, form: dict[str, Any]) -> None:
        self._told = None  # what is saved is newer
        if self._saving is None or self._saving.done():
            self._saving = asyncio.ensure_future(self._keep(form))

    async def _keep(self, form: dict[str, Any]) -> None:
        platform, actor, number = self._context.platform, self._context.actor, self._dossier.number
        try:
            laboratory_typing.keep_draft(platform, actor, number, form, self._replaces)
            checked = laboratory_typing.check(platform, actor, number, form)
            if checked.errors:
                to_mend = laboratory_typing.TO_MEND
                self._entry.answer(checked.errors, checked.questions, to_mend, bad=True, refused=True)
                return
            if checked.questions != self._asked and checked.questions:
                self._asked = checked.questions
                self._entry.answer({}, checked.questions, ASKED, confirming=True)
                return
            self._entry.answer({}, checked.questions, SAVING)
            document = await laboratory_typing.enter(platform, actor, number, form, self._replaces)
        except Outdated:
            self._entry.answer({}, {}, OUTDATED, bad=True)
        except TeledossierError as refusal:
            self._entry.answer({}, {}, refusal.message, bad=True)
        except Exception:
            log.exception("typed biology not kept")
            self._entry.answer({}, {}, FAULT, bad=True)
        else:
            self._on_saved(document.reference)

    def _leave(self, discard: bool) -> None:
        if self._told is not None and not discard:
            self._keep_draft(self._told)
        self._told = None
        if discard:
            try:
                laboratory_typing.forget_draft(
                    self._context.platform, self._context.actor, self._dossier.number, self._replaces
                )
            except TeledossierError as refusal:
                self._entry.answer({}, {}, refusal.message, bad=True)
                return
        self._on_left()


def _at_least(form: dict[str, Any]) -> dict[str, Any]:
    return form if form["rows"] else {**form, "rows": laboratory_entry.empty(ROWS_AT_FIRST)["rows"]}


def _offered(usual: Usual, sex: str) -> EntryAnalysis:
    units = []
    for measure in usual.measures:
        (low, high), source = proposed_bounds(usual, sex, measure.unit)
        units.append(EntryUnit(measure.unit, written(low), written(high), source))
    return EntryAnalysis(usual.name, tuple(units), usual.other_names)
