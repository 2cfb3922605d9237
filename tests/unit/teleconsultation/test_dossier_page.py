"""What the dossier's page shows of the room: who waits, invitations in words, and that it moves by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.dossiers.models import Dossier
from app.pages.context import PageContext
from app.pages.dossier_view import ADDRESSES, DossierPage
from app.pages.list_view import ListPage
from app.pages.live import Subscriptions
from app.teleconsultation import invitations, service
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import GuestRole
from app.teleconsultation.register import GUESTS_ASKED, WAITING, guests_topic
from tests.support.people import World, small_world

NUMBER, BLUE = "TLM-2026-0001", "salle-bleue"


@pytest.fixture
def world() -> Iterator[World]:
    world = small_world()
    yield world
    world.platform.engine.dispose()


def invite(world: World) -> int:
    wish = Invite("email", "paul@example.org", "Paul <b>MERCIER", GuestRole.CAREGIVER, "wish")
    return invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish).id or 0


def words(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def test_the_tab_moves_and_speaks_no_code(world: World) -> None:
    invited = invite(world)
    asked: list[dict[str, object]] = []
    world.platform.bus.subscribe(GUESTS_ASKED, asked.append)
    subscriptions = Subscriptions(world.platform.bus)
    page = DossierPage(PageContext(world.platform, world.dr_martin), NUMBER, subscriptions, tab=ADDRESSES[3])
    dossier = page._dossier.dossier_id
    assert asked == [{"dossier": dossier}]
    tab = page._tabs_built[3]
    assert "Envoi…" in words(tab._pane.object)
    assert "&lt;b&gt;" in tab._pane.object  # what somebody typed stays text
    assert "attend" not in page._state.object

    topic = guests_topic(dossier)
    world.platform.bus.publish(topic, {"places": {str(invited): "waiting"}})
    assert "En salle d'attente" in words(tab._pane.object)
    assert "1 personne attend en salle d'attente" in page._state.object
    world.platform.bus.publish(topic, {"places": {str(invited): "inside"}})
    assert "En salle" in words(tab._pane.object)
    assert "attend" not in page._state.object
    service.post_chat(world.platform, world.ide_dubois, NUMBER, BLUE, "Bonjour <script>", "k")
    world.platform.bus.publish(topic, {"places": {}})
    assert "Bonjour &lt;script&gt;" in tab._pane.object

    world.platform.bus.publish(guests_topic(dossier + 1), {"places": {"1": "waiting"}})
    assert "attend" not in page._state.object
    subscriptions.clear()
    world.platform.bus.publish(topic, {"places": {str(invited): "waiting"}})
    assert "attend" not in page._state.object  # shows something else now


@pytest.mark.parametrize(
    "state",
    ["sending", "sent", "failed", "opened", "waiting", "inside", "left", "withdrawn", "expired", "removed", "handed"],
)
def test_every_state_of_an_invitation_has_a_word(state: str) -> None:
    from app.pages.room_view import _state

    view = invitations.InvitationView(1, "Paul", "caregiver", "paul@example.org", state, "k", "adresse inconnue")
    shown = _state(view)
    assert state not in shown
    assert shown.endswith(" : adresse inconnue")


def test_the_list_says_where_somebody_waits_and_never_for_a_dossier_of_others(world: World) -> None:
    asked: list[dict[str, object]] = []
    world.platform.bus.subscribe(GUESTS_ASKED, asked.append)
    lists = {}
    for login in ("dr.martin", "ide.moreau"):
        context = PageContext(world.platform, world.people[login])
        lists[login] = ListPage(context, Subscriptions(world.platform.bus))
    assert asked == [{"dossier": 0}] * 2
    with world.platform.reading() as session:
        dossier = session.exec(select(Dossier.id).where(Dossier.number == NUMBER)).one()
    world.platform.bus.publish(WAITING, {"waiting": {str(dossier): 2}})

    def planned(login: str) -> dict[str, str]:
        return {row["number"]: row["planned"] for row in lists[login]._browser.content["rows"]}

    assert planned("dr.martin")[NUMBER].endswith("2 en salle d'attente")
    assert not any("attente" in text for text in planned("ide.moreau").values())
    world.platform.bus.publish(WAITING, {"waiting": {}})
    assert "attente" not in planned("dr.martin")[NUMBER]
