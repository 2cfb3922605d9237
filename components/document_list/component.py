"""The documents of a dossier and the files on their way into it; new ones by button or by dropping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import CONTROLS, DOM, joined
from components.document_list.contract import ListedArrival, ListedDocument

HERE = Path(__file__).parent
MODULES = ("drawings.js", "rows.js", "sending.js", "document_list.js")

LABELS = {
    "title": "Documents",
    "download_all": "Tout télécharger",
    "kind": "Genre",
    "all_kinds": "Tous les genres",
    "add": "Ajouter un document",
    "drop": "Déposez des fichiers ici",
    "accepted": "PDF, image, DICOM (ou zip d'un CD), biologie, {limit}\N{NO-BREAK SPACE}Mo au plus",
    "waiting": "En attente d'envoi",
    "sending": "Envoi : {percent} %",
    "sent": "Reçu, analyse en cours…",
    "checking": "Analyse de {name} en cours…",
    "added": "« {name} » est ajouté au dossier.",
    "lost": "L'envoi de {name} s'est interrompu. Rien n'a été ajouté : réessayez.",
    "cut": "La connexion a été coupée à la fin de l'envoi de {name}, sans réponse du serveur : il n'est pas sûr que le "
    "fichier soit arrivé. S'il est arrivé, il paraîtra dans cette liste ; sinon, ajoutez-le de nouveau.",
    "too_large": "{name} dépasse {limit}\N{NO-BREAK SPACE}Mo. Rien n'a été ajouté.",
    "cancelled": "L'envoi de {name} est annulé. Rien n'a été ajouté.",
    "cancel": "Annuler l'envoi",
    "retry": "Réessayer",
    "dismiss": "Retirer",
    "flatten": "Ajouter en images",
    "of": "{action} : {name}",
    "arrivals": "Fichiers en cours d'ajout",
    "empty": "Aucun document",
    "empty_help": "Ajoutez un courrier, une photographie, une imagerie ou des résultats de biologie.",
    "close": "Fermer",
}


class DocumentList(JSComponent):
    """A list of documents. `on_select(reference)` tells which one is chosen, `on_added(reference)` that one came,
    `on_arrival(action, reference)` what is asked for a file on its way (`flatten`, `dismiss`), `on_action(name)` which of
    `actions` was pressed: other ways for something to come into the dossier.

    Files go by XMLHttpRequest `PUT` to `upload_url` (never over the page's websocket); empty: nothing can be added.
    """

    documents = param.List(default=[], doc="What to list: `ListedDocument.plain()` of each.")
    arrivals = param.List(default=[], doc="Files on their way, above the documents: `ListedArrival.plain()` of each.")
    selected = param.String(default="", doc="Reference of the document that is open beside.")
    upload_url = param.String(default="", doc="Where files are put; the name follows as `?nom=`. Empty: no adding.")
    archive_url = param.String(default="", doc="Address of everything as one zip; empty: no such button.")
    limit_megabytes = param.Integer(default=200, doc="Largest file, in MB, told before it is sent.")
    actions = param.List(default=[], doc="More buttons below the one that adds a file: `{'name', 'label'}` of each.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = joined(HERE, DOM, *MODULES)
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "document_list.css").read_text()]

    def __init__(
        self,
        on_select: Callable[[str], None] | None = None,
        on_added: Callable[[str], None] | None = None,
        on_arrival: Callable[[str, str], None] | None = None,
        on_action: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._on_select = on_select
        self._on_added = on_added
        self._on_arrival = on_arrival
        self._on_action = on_action
        self.on_msg(self._receive)

    def fill(self, documents: Sequence[ListedDocument], arrivals: Sequence[ListedArrival] = ()) -> None:
        """List these. What has not changed is not sent again: the browser would draw it anew under somebody's hand."""
        shown = {
            "documents": [document.plain() for document in documents],
            "arrivals": [arrival.plain() for arrival in arrivals],
        }
        self.param.update(**{name: value for name, value in shown.items() if value != getattr(self, name)})

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        match message.get("t"):
            case "action":
                self._pressed(message.get("name"))
            case "arrival":
                self._asked(message.get("name"), message.get("reference"))
            case "select" | "added":
                self._told(str(message["t"]), message.get("reference"))

    def _pressed(self, name: Any) -> None:
        if self._on_action and name in [action["name"] for action in self.actions]:
            self._on_action(str(name))

    def _asked(self, name: Any, reference: Any) -> None:
        known = [(action, arrival["reference"]) for arrival in self.arrivals for action in arrival["actions"]]
        if self._on_arrival and (name, reference) in known:
            self._on_arrival(str(name), str(reference))

    def _told(self, what: str, reference: Any) -> None:
        if not isinstance(reference, str):
            return
        if what == "added" and self._on_added:
            self._on_added(reference[:64])
        elif what == "select" and self._on_select and reference in [one["reference"] for one in self.documents]:
            self.selected = reference
            self._on_select(reference)
