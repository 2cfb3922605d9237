"""The documents of a dossier: kind, name, date, author, size, seen or taken; new ones by button or by dropping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import CONTROLS
from components.document_list.contract import ListedDocument

HERE = Path(__file__).parent

LABELS = {
    "title": "Documents",
    "download_all": "Tout télécharger",
    "kind": "Genre",
    "all_kinds": "Tous les genres",
    "add": "Ajouter un document",
    "drop": "Déposez un fichier ici",
    "accepted": "PDF, image, DICOM (ou zip d'un CD), biologie, {limit} Mo au plus",
    "sending": "Envoi de {name} : {percent} %",
    "checking": "Analyse de {name} en cours…",
    "added": "« {name} » est ajouté au dossier.",
    "lost": "L'envoi de {name} s'est interrompu. Rien n'a été ajouté : réessayez.",
    "too_large": "{name} dépasse {limit} Mo. Rien n'a été ajouté.",
    "empty": "Aucun document",
    "empty_help": "Ajoutez un courrier, une photographie, une imagerie ou des résultats de biologie.",
    "close": "Fermer",
}


class DocumentList(JSComponent):
    """A list of documents. `on_select(reference)` tells which one is chosen, `on_added(reference)` that one came,
    `on_action(name)` which of `actions` was pressed: other ways for something to come into the dossier.

    Files go by XMLHttpRequest `PUT` to `upload_url` (never over the page's websocket); empty: nothing can be added.
    """

    documents = param.List(default=[], doc="What to list: `ListedDocument.plain()` of each.")
    selected = param.String(default="", doc="Reference of the document that is open beside.")
    upload_url = param.String(default="", doc="Where files are put; the name follows as `?nom=`. Empty: no adding.")
    archive_url = param.String(default="", doc="Address of everything as one zip; empty: no such button.")
    limit_megabytes = param.Integer(default=200, doc="Largest file, in MB, told before it is sent.")
    actions = param.List(default=[], doc="More buttons below the one that adds a file: `{'name', 'label'}` of each.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = HERE / "document_list.js"
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "document_list.css").read_text()]

    def __init__(
        self,
        on_select: Callable[[str], None] | None = None,
        on_added: Callable[[str], None] | None = None,
        on_action: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._on_select = on_select
        self._on_added = on_added
        self._on_action = on_action
        self.on_msg(self._receive)

    def fill(self, documents: Sequence[ListedDocument]) -> None:
        """List these."""
        self.documents = [document.plain() for document in documents]

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        if message.get("t") == "action" and self._on_action:
            name = message.get("name")
            if name in {action["name"] for action in self.actions}:
                self._on_action(str(name))
            return
        reference = message.get("reference")
        if not isinstance(reference, str):
            return
        known = {document["reference"] for document in self.documents}
        if message.get("t") == "select" and reference in known and self._on_select:
            self.selected = reference
            self._on_select(reference)
        elif message.get("t") == "added" and self._on_added:
            self._on_added(reference[:64])
