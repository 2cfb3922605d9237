"""Plain pages for who is logged in: the header with house, name, settings and the way out (`templates/person.html`)."""

from __future__ import annotations

from typing import Any

from app.identity import service
from app.web.base import Handler
from app.web.rendering import render


class PersonPage(Handler):
    """A plain page with the person's header; its template extends `person.html`."""

    here = ""  # the page's own address, for `aria-current`

    def page(self, template: str, status: int = 200, **values: Any) -> None:
        """Answer with a page; `values` are for its own part."""
        actor = self.actor
        with self.platform.reading() as session:
            structure = service.structure_of(session, actor)
        detail = [actor.qualification.capitalize(), structure.name if structure else ""]
        render(
            self,
            template,
            status=status,
            here=self.here,
            person=actor,
            person_detail=" · ".join(part for part in detail if part),
            **values,
        )
