"""« Personnes »: the accounts of the installation, and one of them in a form."""

from __future__ import annotations

import asyncio
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.administration import people, structures
from app.administration.drafts import LABELS, PROFESSIONS, TITLES, PersonDraft
from app.administration.people import PersonRow, PersonView
from app.errors import TeledossierError
from app.pages.admin_parts import (
    SIDE,
    Chips,
    Link,
    Pages,
    Row,
    Says,
    button,
    check,
    choice,
    confirm,
    field,
    fields,
    line,
    markup,
    table,
    text,
)
from app.pages.context import PageContext

HERE = "?onglet=personnes"
NEW = "nouvelle"


def people_view(context: PageContext, says: Says, person: str) -> Any:
    """The list, or the account that the address names."""
    if person == NEW:
        return PersonForm(context, says, None)
    if person.isdecimal():
        return PersonForm(context, says, people.read_person(context.platform, context.actor, int(person[:9])))
    return PeopleList(context, says)


class PeopleList(pn.viewable.Viewer):
    """Everybody, or who fits what is typed."""

    topics = ("people", "structures")

    def __init__(self, context: PageContext, says: Says, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says, self._page = context, says, 1
        self._search = field(
            "Rechercher", placeholder="Nom, identifiant, RPPS, courriel ou établissement", min_width=230, max_width=460
        )
        self._search.param.watch(self._typed, "value_input")
        create = button("Créer un compte", lambda _event: context.navigate(f"{HERE}&personne={NEW}"), main=True)
        load = pmui.Button(label="Importer des comptes", variant="outlined", href="/administration/import", margin=0)
        self._count, self._table = markup("", margin=(0, SIDE, 6, SIDE)), markup("")
        self._pages = Pages(self._turn)
        self._layout = pn.Column(
            line(self._search, create, load, margin=(16, SIDE, 10, SIDE)),
            self._count,
            self._table,
            self._pages,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    async def _typed(self, _event: Any) -> None:
        self._page = 1
        await self._ask()

    async def _turn(self, page: int) -> None:
        self._page = page
        await self._ask()

    async def _ask(self) -> None:
        """Look through thousands of names beside the event loop; an answer that comes late is left."""
        asked = self._asked()
        try:
            found = await asyncio.to_thread(people.list_people, self._context.platform, self._context.actor, *asked)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        if asked == self._asked():
            self._show(found)

    def _asked(self) -> tuple[str, int]:
        return self._search.value_input or "", self._page

    def refresh(self) -> None:
        """Ask again: somebody changed something."""
        self._show(people.list_people(self._context.platform, self._context.actor, *self._asked()))

    def _show(self, found: people.PeoplePage) -> None:
        self._page = found.page
        count = f"{found.total} compte{'s' if found.total > 1 else ''}"
        self._count.object = f'<p class="muted" role="status">{count}</p>'
        heads = ("Nom", "Identifiant", "Qualité", "Établissement", "Droits", "État")
        empty = "Aucun compte ne correspond. Changez la recherche, ou créez un compte."
        self._table.object = table("Comptes", heads, map(_row, found.rows), empty)
        self._pages.place(found.page, found.pages)


def _row(person: PersonRow) -> Row:
    state = (
        (("Suspendu", "off"),) if person.suspended else () if person.has_password else (("Sans mot de passe", "wait"),)
    )
    return Row(
        (
            Link(person.full_name, f"{HERE}&personne={person.id}"),
            person.login,
            person.qualification,
            person.structure,
            Chips(tuple((role.capitalize(), "") for role in person.roles)),
            Chips(state),
        ),
        off=person.suspended,
    )


class PersonForm(pn.viewable.Viewer):
    """One account; a new one when `person` is None."""

    topics = ()

    def __init__(self, context: PageContext, says: Says, person: PersonView | None, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says, self._person = context, says, person
        self._layout = pn.Column(sizing_mode="stretch_width", margin=0)
        self._draw(person.draft if person else PersonDraft())

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """A form that somebody types into is left alone."""

    def _draw(self, draft: PersonDraft) -> None:
        person = self._person
        self._widgets = _widgets(draft, self._structures())
        title = text(person.full_name) if person else "Nouveau compte"
        state = '<p class="says warm">Ce compte est suspendu : la personne ne peut plus se connecter.</p>'
        hint = "Une invitation à choisir un mot de passe part au courriel indiqué. Elle est valable sept jours."
        identity = [self._widgets[name] for name in LABELS if not name.startswith("is_")]
        rights = [self._widgets[name] for name in LABELS if name.startswith("is_")]
        self._layout[:] = [
            markup(f'<p><a href="{HERE}">Revenir à la liste</a></p><h2>{title}</h2>', margin=(16, SIDE, 4, SIDE)),
            *([markup(state, margin=(4, SIDE))] if person and person.suspended else []),
            fields(*identity),
            markup("<h3>Droits</h3>", margin=(8, SIDE, 0, SIDE)),
            line(*rights),
            *([] if person else [markup(f'<p class="note">{hint}</p>')]),
            *self._acts(),
        ]

    def _acts(self) -> list[Any]:
        person = self._person
        if person is None:
            return [line(button("Créer le compte", self._save, main=True), margin=(10, SIDE, SIDE, SIDE))]
        save = button("Enregistrer", self._save, main=True)
        invite = button("Renvoyer l'invitation", self._invite, disabled=person.suspended)
        if person.suspended:
            return [line(save, button("Rétablir le compte", self._restore), margin=(10, SIDE, SIDE, SIDE))]
        ask = confirm(
            f"Suspendre le compte de {person.full_name} ?",
            "La personne est déconnectée partout, tout de suite. Ses dossiers et ce qu'elle a écrit sont conservés. "
            "Le compte peut être rétabli.",
            "Suspendre",
            self._suspend,
        )
        suspend = button("Suspendre le compte", lambda _event: setattr(ask, "open", True), color="error")
        return [line(save, invite, suspend, margin=(10, SIDE, SIDE, SIDE)), ask]

    def _structures(self) -> dict[str, int | None]:
        known = structures.list_structures(self._context.platform, self._context.actor)
        return {"Aucun": None} | {f"{each.draft.name}, {each.draft.town}": each.id for each in known}

    def _typed(self) -> PersonDraft:
        return PersonDraft(**{name: widget.value for name, widget in self._widgets.items()})

    def _save(self, _event: Any) -> None:
        platform, actor, draft = self._context.platform, self._context.actor, self._typed()
        try:
            if self._person is None:
                made = people.create_person(platform, actor, draft)
                sent = f" Une invitation part à {made.draft.email}." if made.draft.email else ""
                self._context.navigate(f"{HERE}&personne={made.id}")
                self._says.done(f"Compte de {made.full_name} créé.{sent}")
            else:
                self._person = people.change_person(platform, actor, self._person.id, draft, self._person.version)
                self._draw(self._person.draft)
                self._says.done(f"Compte de {self._person.full_name} enregistré.")
        except TeledossierError as refusal:
            self._says.refused(refusal.message)

    def _invite(self, _event: Any) -> None:
        assert self._person is not None
        try:
            address = people.invite_person(self._context.platform, self._context.actor, self._person.id)
            self._says.done(f"Une nouvelle invitation part à {address}. La précédente ne vaut plus.")
        except TeledossierError as refusal:
            self._says.refused(refusal.message)

    def _suspend(self, _event: Any) -> None:
        self._turn(people.suspend_person, "suspendu : la personne est déconnectée")

    def _restore(self, _event: Any) -> None:
        self._turn(people.restore_person, "rétabli")

    def _turn(self, act: Any, done: str) -> None:
        assert self._person is not None
        try:
            self._person = act(self._context.platform, self._context.actor, self._person.id)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
            return
        self._draw(self._person.draft)
        self._says.done(f"Compte de {self._person.full_name} {done}.")


def _widgets(draft: PersonDraft, structures: dict[str, int | None]) -> dict[str, Any]:
    """A field for each value, in the order of the form."""
    titles = {title or "Aucune": title for title in TITLES}
    professions = {label: profession.value for profession, label in PROFESSIONS.items()}
    found: dict[str, Any] = {}
    for name, label in LABELS.items():
        value = getattr(draft, name)
        match name:
            case "title":
                found[name] = choice(label, titles, value)
            case "profession":
                found[name] = choice(label, professions, value)
            case "structure_id":
                found[name] = choice(label, structures, value)
            case _ if name.startswith("is_"):
                found[name] = check(label, value)
            case _:
                found[name] = field(label, value, max_length=254)
    return found
