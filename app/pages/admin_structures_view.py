"""« Établissements », « Moyens de connexion » and « Salles »."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.administration import rooms, structures
from app.administration.structures import StructureDraft, StructureView, WaysDraft
from app.errors import TeledossierError
from app.identity import ways
from app.pages.admin_parts import (
    SIDE,
    Chips,
    Link,
    Row,
    Says,
    button,
    check,
    choice,
    field,
    fields,
    line,
    markup,
    table,
    text,
)
from app.pages.context import PageContext

HERE = "?onglet=etablissements"
WAYS = "?onglet=moyens"
NEW = "nouveau"


def structures_view(context: PageContext, says: Says, structure: str) -> Any:
    """The list of structures, or the one that the address names."""
    if structure == NEW:
        return StructureForm(context, says, None)
    if structure.isdecimal():
        return StructureForm(context, says, _read(context, structure))
    return StructureList(context)


def ways_view(context: PageContext, says: Says, structure: str) -> Any:
    """Which ways each structure leaves open, or the form of one."""
    if structure.isdecimal():
        return WaysForm(context, says, _read(context, structure))
    return WaysList(context)


def _read(context: PageContext, structure: str) -> StructureView:
    return structures.read_structure(context.platform, context.actor, int(structure[:9]))


class StructureList(pn.viewable.Viewer):
    """Every structure."""

    topics = ("structures", "people")

    def __init__(self, context: PageContext, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._table = context, markup("", margin=(0, SIDE, SIDE, SIDE))
        create = button(
            "Créer un établissement", lambda _event: context.navigate(f"{HERE}&etablissement={NEW}"), main=True
        )
        self._layout = pn.Column(
            line(create, margin=(16, SIDE, 10, SIDE)), self._table, sizing_mode="stretch_width", margin=0
        )
        self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """Ask again."""
        found = structures.list_structures(self._context.platform, self._context.actor)
        rows = (
            Row(
                (
                    Link(each.draft.name, f"{HERE}&etablissement={each.id}"),
                    each.draft.town,
                    each.draft.finess,
                    each.draft.phone,
                    f"{each.people} compte{'s' if each.people > 1 else ''}",
                )
            )
            for each in found
        )
        heads = ("Nom", "Commune", "FINESS", "Téléphone", "Personnes")
        self._table.object = table("Établissements", heads, rows, "Aucun établissement. Créez le premier.")


class StructureForm(pn.viewable.Viewer):
    """Who a structure is; a new one when `structure` is None."""

    topics = ()

    def __init__(self, context: PageContext, says: Says, structure: StructureView | None, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says, self._structure = context, says, structure
        draft = structure.draft if structure else StructureDraft()
        labels = {"name": "Nom", "town": "Commune", "finess": "FINESS", "phone": "Téléphone"}
        self._widgets = {name: field(label, getattr(draft, name)) for name, label in labels.items()}
        title = text(draft.name) if structure else "Nouvel établissement"
        ways_link = f"{WAYS}&etablissement={structure.id}" if structure else ""
        self._layout = pn.Column(
            markup(f'<p><a href="{HERE}">Revenir à la liste</a></p><h2>{title}</h2>', margin=(16, SIDE, 4, SIDE)),
            fields(*self._widgets.values()),
            line(button("Enregistrer" if structure else "Créer l'établissement", self._save, main=True)),
            markup(
                f'<p><a href="{ways_link}">Moyens de connexion de cet établissement</a></p>' if structure else "",
                margin=(6, SIDE, SIDE, SIDE),
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """A form that somebody types into is left alone."""

    def _save(self, _event: Any) -> None:
        platform, actor = self._context.platform, self._context.actor
        draft = StructureDraft(**{name: widget.value for name, widget in self._widgets.items()})
        try:
            if self._structure is None:
                made = structures.create_structure(platform, actor, draft)
                self._context.navigate(f"{HERE}&etablissement={made.id}")
                self._says.done(f"{made.draft.name} : établissement créé.")
                return
            known = self._structure
            self._structure = structures.change_structure(platform, actor, known.id, draft, known.version)
            self._says.done(f"{self._structure.draft.name} : enregistré.")
        except TeledossierError as refusal:
            self._says.refused(refusal.message)


class WaysList(pn.viewable.Viewer):
    """Which ways are open where."""

    topics = ("structures",)

    def __init__(self, context: PageContext, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._table = context, markup("", margin=(0, SIDE, SIDE, SIDE))
        offered = ", ".join(way.label for way in ways.offered(context.platform.settings)) or "aucun"
        note = (
            f"Moyens que cette installation propose : {offered}. "
            "Chaque établissement en ferme à ses personnels, sans jamais les fermer tous."
        )
        self._layout = pn.Column(
            markup(f'<p class="note">{text(note)}</p>', margin=(16, SIDE, 10, SIDE)),
            self._table,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """Ask again."""
        rows = (
            Row(
                (
                    Link(each.draft.name, f"{WAYS}&etablissement={each.id}"),
                    Chips(tuple((label, "") for label in structures.way_labels(each.ways.open))),
                    ", ".join(structures.way_labels((each.ways.first,))) if each.ways.first else "le premier ouvert",
                    each.ways.password_networks or "partout",
                )
            )
            for each in structures.list_structures(self._context.platform, self._context.actor)
        )
        heads = ("Établissement", "Moyens ouverts", "Proposé en premier", "Mot de passe accepté depuis")
        self._table.object = table("Moyens de connexion", heads, rows, "Aucun établissement. Créez le premier.")


class WaysForm(pn.viewable.Viewer):
    """The ways of one structure."""

    topics = ()

    def __init__(self, context: PageContext, says: Says, structure: StructureView, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says, self._structure = context, says, structure
        offered = ways.offered(context.platform.settings)
        self._open = {way.value: check(way.label, way.value in structure.ways.open) for way in offered}
        first = {"Le premier ouvert": ""} | {way.label: way.value for way in offered}
        self._first = choice("Proposé en premier", first, structure.ways.first)
        self._networks = pmui.TextAreaInput(
            label="Réseaux du mot de passe",
            value=structure.ways.password_networks,
            placeholder="192.0.2.0/24 2001:db8::/32",
            sizing_mode="stretch_width",
            size="small",
            rows=2,
            margin=0,
        )
        note = "Réseaux d'où le mot de passe est accepté. Vide : de partout. Sinon, une ou plusieurs adresses de réseau (CIDR), séparées par des espaces."
        self._layout = pn.Column(
            markup(
                f'<p><a href="{WAYS}">Revenir à la liste</a></p><h2>{text(structure.draft.name)}</h2>',
                margin=(16, SIDE, 4, SIDE),
            ),
            markup("<h3>Moyens ouverts</h3>", margin=(8, SIDE, 0, SIDE)),
            line(*self._open.values()),
            fields(self._first, self._networks),
            markup(f'<p class="note">{note}</p>'),
            line(button("Enregistrer", self._save, main=True), margin=(10, SIDE, SIDE, SIDE)),
            sizing_mode="stretch_width",
            margin=0,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """A form that somebody types into is left alone."""

    def _save(self, _event: Any) -> None:
        chosen = tuple(name for name, box in self._open.items() if box.value)
        draft, known = WaysDraft(chosen, self._first.value, self._networks.value), self._structure
        try:
            self._structure = structures.change_ways(
                self._context.platform, self._context.actor, known.id, draft, known.version
            )
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        self._networks.value = self._structure.ways.password_networks
        self._says.done(f"{known.draft.name} : moyens de connexion enregistrés.")


class RoomsView(pn.viewable.Viewer):
    """Rooms: name, close, open again, add."""

    topics = ("rooms",)

    def __init__(self, context: PageContext, says: Says, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says = context, says
        self._rooms = pn.Column(sizing_mode="stretch_width", margin=0)
        self._new = field("Nouvelle salle", placeholder="Salle Jaune", min_width=230, max_width=320)
        note = "Une salle fermée n'est plus proposée. Une téléconsultation en cours n'est pas interrompue."
        self._layout = pn.Column(
            markup(f'<p class="note">{note}</p>', margin=(16, SIDE, 10, SIDE)),
            self._rooms,
            line(self._new, button("Créer la salle", self._create, main=True), margin=(16, SIDE, SIDE, SIDE)),
            sizing_mode="stretch_width",
            margin=0,
        )
        self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """Ask again."""
        self._rooms[:] = [self._line(room) for room in rooms.list_rooms(self._context.platform, self._context.actor)]

    def _line(self, room: rooms.RoomRow) -> Any:
        name = field(f"Nom de « {room.name} »", room.name, min_width=230, max_width=320)
        turn = "Rouvrir" if room.closed else "Fermer"

        def rename(_event: Any) -> None:
            self._do(rooms.rename_room, f"« {name.value} » : nom enregistré.", room.id, name.value)

        def close(_event: Any) -> None:
            done = f"« {room.name} » : salle {'rouverte' if room.closed else 'fermée'}."
            self._do(rooms.close_room, done, room.id, not room.closed)

        state = '<span class="chip off">Fermée</span>' if room.closed else '<span class="chip">Ouverte</span>'
        return line(
            name,
            button("Renommer", rename, description=f"Renommer « {room.name} »"),
            button(turn, close, description=f"{turn} « {room.name} »"),
            markup(state, margin=0, wide=False),
        )

    def _create(self, _event: Any) -> None:
        if self._do(rooms.create_room, f"« {self._new.value} » : salle créée.", self._new.value):
            self._new.value = ""

    def _do(self, act: Any, done: str, *arguments: Any) -> bool:
        try:
            act(self._context.platform, self._context.actor, *arguments)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return False
        self.refresh()
        self._says.done(done)
        return True
