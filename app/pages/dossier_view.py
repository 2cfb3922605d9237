"""One télédossier (guide 2.1 and 4): the patient's band, the tabs, and the room beside them."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.bus import Message
from app.documents import archive
from app.documents.counting import counts
from app.dossiers import service as dossiers
from app.dossiers.access import Right
from app.dossiers.models import Step
from app.errors import TeledossierError
from app.forms.models import FormKind
from app.forms.service import DRAFT_SAVED
from app.french import full, local
from app.pages.chips import step_chip
from app.pages.context import PageContext
from app.pages.documents_view import DocumentsView
from app.pages.live import Subscriptions
from app.pages.opinion_view import OpinionView, request_view
from app.pages.patient_band import PatientBand
from app.pages.room_view import RoomPlace, TeleconsultationView, waiting_words
from app.pages.trace_view import TraceView
from app.teleconsultation.register import GUESTS_ASKED, guests_topic

_LOOK = (Path(__file__).parent / "dossier_view.css").read_text()
# No button above a call (components/video_room/stage.js); on a telephone it is as wide as the hand is sure of.
_BAND = "@media (max-width: 640px) { :host { flex-wrap: wrap; } }"
_ENTER = """:host { display: var(--td-spared-above-room, block) !important; }
@media (max-width: 640px) {
  :host { flex: 1 1 100% !important; margin: 0 16px 12px !important; }
  .MuiButton-root { width: 100%; }
}"""

TABS = ("Demande", "Documents", "Avis de l'expert", "Téléconsultation", "Traçabilité")
ADDRESSES = ("demande", "documents", "avis", "teleconsultation", "tracabilite")  # of the tabs, `&onglet=…`


class DossierPage(pn.viewable.Viewer):
    """Everything about one dossier; only the open tab is built. `tab` is the one to open, by its address."""

    def __init__(
        self, context: PageContext, number: str, subscriptions: Subscriptions, tab: str = "", **params: Any
    ) -> None:
        super().__init__(**params)
        self._context, self._number = context, number
        self._dossier = dossiers.open_dossier(context.platform, context.actor, number)
        self._documents: DocumentsView | None = None
        self._opinion: OpinionView | None = None
        self._tabs_built: dict[int, Any] = {}
        self._places: dict[int, str] = {}  # where invited persons are: invitation -> « waiting », « inside »
        self._room = RoomPlace(context, self._dossier)
        self._state = pn.pane.HTML("", stylesheets=[_LOOK], margin=0)
        self._tabs = pmui.Tabs(
            *((title, pn.Column(sizing_mode="stretch_width", margin=0)) for title in TABS),
            active=ADDRESSES.index(tab) if tab in ADDRESSES else self._first_tab(),
            sizing_mode="stretch_width",
            margin=0,
        )
        self._tabs.param.watch(self._turned, "active")
        self._build(self._tabs.active)
        self._enter = pmui.Button(
            label="Entrer en salle",
            variant="contained",
            size="large",
            on_click=self._room.enter,
            margin=(12, 24, 12, 0),
            stylesheets=[_ENTER],
        )
        today = local(context.platform.now()).date()
        band = pn.Row(
            PatientBand(self._dossier, today),
            self._enter,
            sizing_mode="stretch_width",
            margin=0,
            styles={
                "background": "var(--surface-0)",
                "border-bottom": "1px solid var(--line)",
                "align-items": "center",
            },
            stylesheets=[_BAND],
        )
        work = pn.Column(
            self._state,
            self._tabs,
            sizing_mode="stretch_width",
            margin=0,
            styles={
                "position": "relative",
                "background": "var(--surface-0)",
                "min-height": "calc(100vh - 132px)",
                "container-type": "inline-size",
            },
            stylesheets=[":host { flex: 1 1 0 !important; min-width: 0; }"],
        )
        self._layout = pn.Column(
            band,
            pn.Row(
                work, self._room, sizing_mode="stretch_width", margin=0, stylesheets=[":host { align-items: stretch; }"]
            ),
            sizing_mode="stretch_width",
            margin=0,
        )
        self._show_state()
        subscriptions.on("dossier", self._changed, concerns=self._is_ours)
        subscriptions.on(DRAFT_SAVED, self._draft_saved, concerns=self._is_ours)
        subscriptions.on(archive.TOPIC, self._archived, concerns=self._is_my_archive)
        subscriptions.on(guests_topic(self._dossier.dossier_id), self._guests_moved)
        subscriptions.on_missed(self._look_again)
        context.platform.bus.publish(GUESTS_ASKED, {"dossier": self._dossier.dossier_id})

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _first_tab(self) -> int:
        return 1 if Right.EDIT_OPINION in self._dossier.rights else 0

    def _turned(self, event: Any) -> None:
        self._build(event.new)
        self._refresh_trace()
        self._context.locate(f"?dossier={self._number}&onglet={ADDRESSES[event.new]}")

    def _place(self, index: int) -> Any:
        return self._tabs[index]

    def _build(self, index: int) -> None:
        if index in self._tabs_built:
            return
        makers = (self._make_request, self._make_documents, self._make_opinion, self._make_call, self._make_trace)
        view = self._tabs_built[index] = makers[index]()
        self._place(index)[:] = [view]

    def _make_request(self) -> Any:
        return request_view(self._context, self._number)

    def _make_documents(self) -> Any:
        may_add = Right.ADD_DOCUMENT in self._dossier.rights and self._dossier.step not in (Step.CLOSED, Step.CANCELLED)
        self._documents = DocumentsView(self._context, self._dossier, may_add)
        return self._documents

    def _make_opinion(self) -> Any:
        self._opinion = OpinionView(self._context, self._number, self._show_report)
        return self._opinion

    def _make_call(self) -> Any:
        return TeleconsultationView(self._context, self._dossier, self._places)

    def _make_trace(self) -> Any:
        return TraceView(self._context, self._number)

    def _show_report(self, reference: str) -> None:
        self._build(1)
        assert self._documents is not None
        self._documents.refresh(open_reference=reference)
        self._tabs.active = 1

    def _is_ours(self, message: Message) -> bool:
        return bool(message.get("number") == self._number)

    def _is_my_archive(self, message: Message) -> bool:
        return self._is_ours(message) and message.get("actor") == self._context.actor.id

    def _look_again(self) -> None:
        self._changed({})
        self._context.platform.bus.publish(GUESTS_ASKED, {"dossier": self._dossier.dossier_id})

    def _changed(self, _message: Message) -> None:
        try:
            before, self._dossier = (
                self._dossier,
                dossiers.read_dossier(self._context.platform, self._context.actor, self._number),
            )
        except TeledossierError:  # the right was taken away meanwhile
            self._context.navigate("")
            return
        self._show_state()
        if self._documents is not None:
            self._documents.refresh()
        self._refresh_trace()
        if before.step is not self._dossier.step:
            self._renew(opinion=self._dossier.step in (Step.CLOSED, Step.CANCELLED))

    def _draft_saved(self, message: Message) -> None:
        if self._opinion is not None and message.get("kind") == FormKind.OPINION:
            self._opinion.follow(message["revision"])

    def _refresh_trace(self) -> None:
        """Readings move without a word: « Traçabilité » asks again when somebody turns to it."""
        view = self._tabs_built.get(self._tabs.active)
        if isinstance(view, TraceView):
            view.refresh()

    def _archived(self, message: Message) -> None:
        if self._documents is not None:
            self._documents.tell_damaged(message.get("damaged", []))

    def _guests_moved(self, message: Message) -> None:
        """Somebody came to the door, went in or out, an invitation changed, or something was written."""
        self._places = {int(invitation): place for invitation, place in message["places"].items()}
        self._show_state()
        if (view := self._tabs_built.get(3)) is not None:
            view.refresh(self._places)

    def _renew(self, opinion: bool) -> None:
        """Draw again what shows old facts. A form that somebody may be typing into is left alone."""
        for index in (2, 3, 4) if opinion else (3, 4):
            self._tabs_built.pop(index, None)
            self._place(index)[:] = []
        self._build(self._tabs.active)

    def _show_state(self) -> None:
        dossier, now = self._dossier, self._context.platform.now()
        parts = ['<span class="urg">Urgent</span>'] if dossier.urgent else []
        parts.append(step_chip(dossier.step))
        if dossier.closed_at:
            parts.append(f"<span>le {html.escape(full(dossier.closed_at, now))}</span>")
        elif dossier.planned_at:
            parts.append(f"<b>{html.escape(full(dossier.planned_at, now))}</b>")
        if waiting := list(self._places.values()).count("waiting"):
            parts.append(f'<span class="door">{waiting_words(waiting)}</span>')
        self._state.object = f'<p class="state" role="status">{"".join(parts)}</p>'
        over = dossier.step in (Step.CLOSED, Step.CANCELLED, Step.DRAFT)
        if hasattr(self, "_enter"):
            self._enter.visible = Right.ENTER_ROOM in dossier.rights and not over
        with self._context.platform.reading() as session:
            number = counts(session, [dossier.dossier_id]).get(dossier.dossier_id, 0)
        titles = [f"{title} ({number})" if title == "Documents" and number else title for title in TABS]
        if list(self._tabs._names) != titles:
            self._tabs._names = titles
