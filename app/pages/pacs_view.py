"""« Importer depuis le PACS »: search, choose an examination and its series, bring them, with progress and a way out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import structlog

from app.documents import pacs
from app.documents.imaging_facts import modality_name
from app.documents.imaging_identity import Likeness
from app.documents.pacs import PacsAnswer, PacsQuery, PacsSeries, PacsStudy, Progress
from app.dossiers.service import DossierView
from app.errors import TeledossierError
from app.french import NO_BREAK_SPACE, file_size, numeric_date
from app.pages.admin_journal_view import day
from app.pages.admin_parts import SIDE, Says, button, check, field, fields, line, markup, text
from app.pages.context import PageContext

log = structlog.get_logger(__name__)

TITLE = "Importer depuis le PACS"
DATE_HINT = "jj/mm/aaaa"
CONFIRM = "J'ai vérifié : c'est bien le même patient"
NOTHING = "Aucun examen de ce patient. Essayez le nom utilisé, un autre identifiant, ou sans la date de naissance."
BETWEEN_STEPS = 0.25  # seconds between two words about progress


class PacsImport(pn.viewable.Viewer):
    """The dialog. `on_brought(reference)` is told of the first document that came; the list is then drawn again."""

    def __init__(
        self, context: PageContext, dossier: DossierView, on_brought: Callable[[str], None], **params: Any
    ) -> None:
        super().__init__(**params)
        self._context, self._dossier, self._on_brought = context, dossier, on_brought
        self._answer = PacsAnswer((), 0, False)
        self._series: tuple[PacsSeries, ...] = ()
        self._work: asyncio.Task[None] | None = None
        self._told_at = 0.0
        asked, name = pacs.query_for(dossier.patient), context.platform.settings.pacs_name
        self._number = field("Identifiant (IPP ou INS)")
        self._name = field("Nom de naissance ou utilisé", asked.name)
        self._born = field(
            "Né(e) le", numeric_date(asked.birth_date) if asked.birth_date else "", placeholder=DATE_HINT
        )
        self._since, self._until = field("Du", placeholder=DATE_HINT), field("Au", placeholder=DATE_HINT)
        for widget in (self._number, self._name, self._born, self._since, self._until):
            widget.param.watch(self._search, "enter_pressed")
        self._look = button("Chercher", self._search, main=True)
        self._says = Says()
        self._studies = pmui.RadioBoxGroup(
            label="Examens", options={}, sizing_mode="stretch_width", margin=(10, SIDE), visible=False
        )
        self._studies.param.watch(self._choose, "value")
        self._chosen = pmui.CheckBoxGroup(
            label="Séries", options={}, value=[], sizing_mode="stretch_width", margin=(0, SIDE), visible=False
        )
        self._warning = markup("", margin=(0, SIDE), visible=False)
        self._confirm = check(CONFIRM, False)
        self._confirm.param.update(visible=False, margin=(0, SIDE))
        self._progress = pmui.LinearProgress(value=0, sizing_mode="stretch_width", margin=(10, SIDE), visible=False)
        self._bring = button("Importer", self._start, main=True, disabled=True)
        self._cancel = button("Annuler l'import", self._stop, visible=False)
        self._dialog = pmui.Dialog(
            markup(f"<p class='muted'>{text(name)} · {text(_who(dossier))}</p>"),
            fields(self._name, self._born, self._number, self._since, self._until),
            line(self._look),
            self._says,
            self._studies,
            self._warning,
            self._confirm,
            self._chosen,
            self._progress,
            line(self._bring, self._cancel, button("Fermer", self._close)),
            title=TITLE,
            open=False,
            width_option="md",
            close_on_click=False,
        )
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.on_session_destroyed(lambda _context: self._end())

    def __panel__(self) -> pn.viewable.Viewable:
        return self._dialog

    def open(self) -> None:
        """Show the dialog; what was found before is still there."""
        self._dialog.open = True

    # ---- searching

    def _search(self, _event: Any) -> None:
        self._begin(self._searching())

    async def _searching(self) -> None:
        self._forget()
        self._says.done("Recherche en cours…")
        try:
            query = PacsQuery(
                number=self._number.value.strip(),
                name=self._name.value.strip(),
                birth_date=day(self._born.value, "Né(e) le"),
                since=day(self._since.value, "Du"),
                until=day(self._until.value, "Au"),
            )
            platform, actor = self._context.platform, self._context.actor
            self._answer = await pacs.search(platform, actor, self._dossier.number, query)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        found = self._answer.studies
        self._studies.options = {_study_words(place, study): place for place, study in enumerate(found, 1)}
        self._studies.visible = bool(found)
        self._says.done(_answer_words(self._answer))

    async def _choosing(self, study: PacsStudy) -> None:
        self._chosen.visible = self._confirm.visible = self._warning.visible = False
        self._bring.disabled = True
        try:
            platform, actor = self._context.platform, self._context.actor
            self._series = await pacs.series_of(platform, actor, self._dossier.number, study)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        places = {_series_words(place, series): place for place, series in enumerate(self._series, 1)}
        wanted = [place for place, series in enumerate(self._series, 1) if not series.here]
        self._chosen.param.update(options=places, value=wanted, visible=True)
        doubt = study.check.likeness is not Likeness.SAME
        self._warning.object = f'<p role="alert" class="says warm">{text(_doubt_words(study))}</p>' if doubt else ""
        self._confirm.value = False
        self._confirm.visible = self._warning.visible = doubt
        self._bring.disabled = not self._series
        if not self._series:
            self._says.refused("Cet examen n'a aucune série.")

    def _choose(self, _event: Any) -> None:
        study = self._study()
        if study is not None:
            self._begin(self._choosing(study))

    def _study(self) -> PacsStudy | None:
        place = self._studies.value
        known = isinstance(place, int) and 1 <= place <= len(self._answer.studies)
        return self._answer.studies[place - 1] if known else None

    # ---- bringing

    def _start(self, _event: Any) -> None:
        study = self._study()
        chosen = [series for place, series in enumerate(self._series, 1) if place in (self._chosen.value or ())]
        if study is None or not chosen:
            self._says.refused("Choisissez un examen et au moins une série.")
        elif self._confirm.visible and not self._confirm.value:
            self._says.refused("Vérifiez l'identité, puis cochez la confirmation.")
        else:
            self._begin(self._bringing(study, chosen))

    async def _bringing(self, study: PacsStudy, chosen: list[PacsSeries]) -> None:
        self._busy(True)
        platform, actor, confirmed = self._context.platform, self._context.actor, bool(self._confirm.value)
        try:
            brought = await pacs.bring(
                platform, actor, self._dossier.number, study, chosen, confirmed, lambda now: self._tell(now, chosen)
            )
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        except asyncio.CancelledError:
            self._says.done("Import annulé. Les séries déjà entières restent dans le dossier, rien d'autre.")
            raise
        finally:
            self._busy(False)
        said = _brought_words(len(brought.documents))
        if brought.refusals:
            self._says.refused(said, *brought.refusals)
        else:
            self._says.done(said)
        if brought.documents:
            self._on_brought(brought.documents[0].reference)

    def _tell(self, now: Progress, chosen: list[PacsSeries]) -> None:
        """Not more often than a person can read."""
        if time.monotonic() - self._told_at < BETWEEN_STEPS and now.images:
            return
        self._told_at = time.monotonic()
        whole = max(sum(series.images for series in chosen), 1)
        before = sum(series.images for series in chosen[: now.done])
        self._progress.value = min(100, round(100 * (before + now.images) / whole))
        self._says.done(
            f"Série {now.done + 1} sur {now.of} : {now.images}{NO_BREAK_SPACE}images reçues, {file_size(now.size)}."
        )

    def _busy(self, busy: bool) -> None:
        self._bring.disabled = self._look.disabled = busy
        self._cancel.visible = self._progress.visible = busy
        self._studies.disabled = self._chosen.disabled = busy
        self._progress.value = 0

    # ---- one thing at a time

    def _begin(self, work: Any) -> None:
        """A search gives way to the next; an import to nothing but its cancelling."""
        if self._work is not None and not self._work.done():
            if self._cancel.visible:
                work.close()
                return
            self._work.cancel()
        self._work = asyncio.ensure_future(work)
        self._work.add_done_callback(self._report_failure)

    def _report_failure(self, work: asyncio.Task[None]) -> None:
        if not work.cancelled() and work.exception() is not None:
            log.error("pacs.dialog", exc_info=work.exception())
            self._says.refused("L'import s'est interrompu. Fermez cette fenêtre, puis recommencez.")

    def _stop(self, _event: Any) -> None:
        self._end()

    def _end(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _close(self, _event: Any) -> None:
        self._dialog.open = False

    def _forget(self) -> None:
        self._answer, self._series = PacsAnswer((), 0, False), ()
        self._studies.param.update(options={}, value=None, visible=False)
        self._chosen.param.update(options={}, value=[], visible=False)
        self._confirm.visible = self._warning.visible = False
        self._bring.disabled = True


def _who(dossier: DossierView) -> str:
    patient = dossier.patient
    return f"{patient.birth_name} {patient.first_name}, né(e) le {numeric_date(patient.birth_date)}"


def _study_words(place: int, study: PacsStudy) -> str:
    taken = numeric_date(study.taken_on) if study.taken_on else "sans date"
    parts = (
        f"{place}. {taken}",
        study.modalities,
        study.description,
        _counted(study.series, "série"),
        _counted(study.images, "image"),
    )
    doubt = "" if study.check.likeness is Likeness.SAME else " — identité à vérifier"
    return " · ".join(part for part in parts if part) + doubt


def _series_words(place: int, series: PacsSeries) -> str:
    name = series.description or modality_name(series.modality) or "Série"
    here = "déjà dans le dossier" if series.here else ""
    return " · ".join(part for part in (f"{place}. {name}", _counted(series.images, "image"), here) if part)


def _counted(count: int, word: str) -> str:
    return f"{count}{NO_BREAK_SPACE}{word}{'s' if count > 1 else ''}" if count else ""


def _answer_words(answer: PacsAnswer) -> str:
    found = len(answer.studies)
    words = [f"{found}{NO_BREAK_SPACE}examen{'s' if found > 1 else ''}." if found else NOTHING]
    if answer.others == 1:
        words.append("Un examen d'un autre patient n'est pas montré.")
    elif answer.others:
        words.append(f"{answer.others} examens d'autres patients ne sont pas montrés.")
    if answer.more:
        words.append("Le PACS en connaît davantage : précisez les dates.")
    return " ".join(words)


def _doubt_words(study: PacsStudy) -> str:
    return study.check.warning or "Le PACS ne dit pas qui est sur ces images : vérifiez que c'est le bon patient."


def _brought_words(count: int) -> str:
    if not count:
        return "Aucune série n'a été ajoutée."
    return "Une série est ajoutée au dossier." if count == 1 else f"{count} séries sont ajoutées au dossier."
