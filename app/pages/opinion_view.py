"""« Avis de l'expert » (guide 4): fills in beside the video, saves itself, « Générer PDF », « Signer »."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.documents import reporting
from app.errors import StaleDraft, TeledossierError
from app.forms import service as forms
from app.forms.models import FormKind
from app.forms.questionnaire import Item, Questionnaire, merged, missing
from app.forms.service import FormView, SavedDraft
from app.french import full, hour
from app.pages.context import PageContext
from components.clinical_form import Choice, ClinicalForm, FormField, FormSection

_LOOK = (Path(__file__).parent / "opinion_view.css").read_text()

CHANGED = (
    "L'avis n'est pas signé : il a changé dans une autre fenêtre. Ce que vous y avez écrit est maintenant à l'écran : "
    "relisez, puis signez."
)


def sections_of(questionnaire: Questionnaire) -> tuple[FormSection, ...]:
    """A questionnaire in the words of the form component."""
    return tuple(
        FormSection(group.text, tuple(_field(item) for item in group.items if item.type != "display"))
        for group in questionnaire.items
    )


class OpinionView(pn.viewable.Viewer):
    """The expert's opinion. `on_report(reference)` is told of each report made."""

    def __init__(self, context: PageContext, number: str, on_report: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._context, self._number, self._on_report = context, number, on_report
        self._form_view = forms.form_of(context.platform, context.actor, number, FormKind.OPINION)
        self._revision = self._form_view.revision
        self._base = self._form_view.answers  # as they are saved, as far as this page knows
        self._broken = False
        self._signing = False
        self._stands = False  # a refusal of what was pressed is shown: no automatic saving takes its place
        self._status = pn.pane.HTML("", margin=(0, 12), stylesheets=[_LOOK], sizing_mode="stretch_width")
        self._layout = pn.Column(sizing_mode="stretch_width", margin=0, css_classes=["opinion"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    @property
    def is_signed(self) -> bool:
        return self._form_view.signed_at is not None

    def _draw(self) -> None:
        view = self._form_view
        heading = _html("<h2>Avis de l'expert</h2>", margin=(16, 24, 4, 24))
        if view.hidden:
            self._layout[:] = [
                heading,
                _html("<p>L'avis est en cours de rédaction. Il paraîtra ici dès sa signature.</p>"),
            ]
            return
        self._form = ClinicalForm(
            sections=sections_of(view.questionnaire),
            answers=view.answers,
            read_only=not view.editable,
            save=self._autosave,
            prefix=f"{self._number}-opinion",
        )
        body = pn.Column(self._form, sizing_mode="stretch_width", margin=(0, 18), max_width=1000)
        if not view.editable:
            self._layout[:] = [heading, _html(self._seal(view)), body]
            return
        self._say_saved(view.updated_at)
        save = pmui.Button(label="Enregistrer", variant="outlined", on_click=self._save)
        report = pmui.Button(label="Générer PDF", variant="outlined", on_click=self._report)
        sign = pmui.Button(label="Signer", variant="contained", on_click=self._ask_to_sign)
        self._dialog = self._sign_dialog()
        note = _html('<p class="small">Brouillon visible de vous seul jusqu\'à la signature</p>', margin=(0, 24, 8, 24))
        bar = pn.Row(
            save, report, self._status, sign, sizing_mode="stretch_width", css_classes=["opinion-bar"], margin=(12, 18)
        )
        self._layout[:] = [heading, note, body, bar, self._dialog]

    def follow(self, revision: int) -> None:
        """Take over what another page of this person saved: the one before this was loaded anew, or another window.

        A page saves for a moment after it was left. What this one began with is old then, and nobody has done anything
        wrong. Nothing moves under the dialog that asks for the signature: `sign` finds it out.
        """
        if not self._form_view.editable or revision <= self._revision or self._signing or self._dialog.open:
            return
        if self._take_over() and not self._broken:
            self._say_saved(self._form_view.updated_at)

    def _take_over(self) -> bool:
        """Put the newer draft into the form; False where both pages changed one answer, or nobody may write any more."""
        try:
            newer = forms.form_of(self._context.platform, self._context.actor, self._number, FormKind.OPINION)
        except TeledossierError:  # the right was taken away meanwhile
            return False
        answers = merged(self._base, self._form.typed, newer.answers) if newer.editable else None
        if answers is None:
            return False
        self._form.put(answers)
        self._form_view, self._base, self._revision = newer, newer.answers, newer.revision
        return True

    def _autosave(self, answers: dict[str, str | bool]) -> None:
        if not self._signing:  # what is signed is what stood there when it was asked for
            self._keep(answers, explicit=False)

    def _save(self, _event: Any) -> None:
        if self._signing:
            return
        self._stands = False
        self._form.flush()
        if not self._broken:
            self._keep(self._form.answers, explicit=True)

    def _keep(self, answers: dict[str, str | bool], explicit: bool) -> None:
        try:
            try:
                saved = self._save_draft(answers, explicit)
            except StaleDraft:
                if not self._take_over():
                    raise
                answers = self._form.typed
                saved = self._save_draft(answers, explicit)
        except TeledossierError as refusal:
            self._broken = True
            self._say(refusal.message, warm=True)
            return
        self._broken = False
        self._base, self._revision = answers, saved.revision
        self._say_saved(saved.at)

    def _save_draft(self, answers: dict[str, str | bool], explicit: bool) -> SavedDraft:
        platform, actor = self._context.platform, self._context.actor
        return forms.save_draft(platform, actor, self._number, FormKind.OPINION, answers, self._revision, explicit)

    async def _report(self, _event: Any) -> None:
        if self._signing:
            return
        self._form.flush()
        if self._broken:
            return
        self._say("Le PDF se prépare…")
        try:
            reference = await reporting.make_draft_report(self._context.platform, self._context.actor, self._number)
        except TeledossierError as refusal:
            self._say(refusal.message, warm=True)
            return
        self._say("PDF prêt, dans l'onglet Documents")
        self._on_report(reference)

    def _ask_to_sign(self, _event: Any) -> None:
        if self._signing:
            return
        self._stands = False
        seen = self._form.typed
        self._form.flush()
        if self._broken:
            return
        if self._form.typed != seen:
            self._refuse(CHANGED)
            return
        lacking = missing(self._form_view.questionnaire, self._form.answers)
        if lacking:
            names = ", ".join(f"« {name} »" for name in lacking)
            self._refuse(f"Avant de signer, remplissez {names}.")
            return
        self._dialog.open = True

    async def _sign(self, _event: Any) -> None:
        self._dialog.open = False
        self._signing = True
        self._say("Signature en cours…")
        try:
            await reporting.sign(self._context.platform, self._context.actor, self._number, self._revision)
        except StaleDraft as refusal:
            self._refuse(CHANGED if self._take_over() else refusal.message)
        except TeledossierError as refusal:
            self._refuse(refusal.message)
        else:
            return
        finally:
            self._signing = False
        if self._form.typed != self._base:  # written meanwhile
            self._form.flush()

    def _sign_dialog(self) -> Any:
        confirm = pmui.Button(label="Signer et clôturer", variant="contained", on_click=self._sign)
        cancel = pmui.Button(label="Continuer la rédaction", variant="outlined")
        dialog = pmui.Dialog(
            _html(
                "<p>L'avis ne sera plus modifiable, par personne. Le dossier passe à « Dossier clôturé ».</p>", margin=0
            ),
            pn.Row(pn.Spacer(sizing_mode="stretch_width"), cancel, confirm, sizing_mode="stretch_width"),
            title="Signer et clôturer le dossier",
            open=False,
            width_option="sm",
            close_on_click=True,
        )
        cancel.on_click(lambda _event: setattr(dialog, "open", False))
        return dialog

    def _seal(self, view: FormView) -> str:
        if view.signed_at is None or view.signed_by is None:
            return '<p class="small">Ce dossier est clos : l\'avis ne se modifie plus.</p>'
        when = html.escape(full(view.signed_at, self._context.platform.now()))
        who = html.escape(view.signed_by.full_name)
        return f"<p class='seal' role='status'>Signé par {who}, {when}. L'avis n'est plus modifiable.</p>"

    def _say_saved(self, at: Any) -> None:
        if not self._stands:
            self._say(f"Enregistré à {hour(at)}" if at else "")

    def _refuse(self, text: str) -> None:
        """Answer what was pressed: it stands until something else is pressed."""
        self._say(text, warm=True)
        self._stands = True

    def _say(self, text: str, warm: bool = False) -> None:
        self._stands = False
        role = "alert" if warm else "status"
        self._status.object = f'<p role="{role}" class="says{" warm" if warm else ""}">{html.escape(text)}</p>'


def request_view(context: PageContext, number: str) -> pn.viewable.Viewable:
    """« Demande »: the requérant's form, to be read."""
    view = forms.form_of(context.platform, context.actor, number, FormKind.REQUEST)
    form = ClinicalForm(sections=sections_of(view.questionnaire), answers=view.answers, read_only=True)
    return pn.Column(form, sizing_mode="stretch_width", margin=(16, 18), max_width=900)


def _field(item: Item) -> FormField:
    choices = tuple(Choice(option.code, option.label) for option in item.options)
    return FormField(item.link_id, item.text, item.type, item.required, item.max_length, item.hint, choices)


def _html(markup: str, margin: Any = (0, 24)) -> Any:
    return pn.pane.HTML(markup, margin=margin, stylesheets=[_LOOK], sizing_mode="stretch_width")
