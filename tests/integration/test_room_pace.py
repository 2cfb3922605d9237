"""Floods of the addresses of rooms and invitations: refused in plain words, without harm to anybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sqlmodel import func, select
from tornado.httpclient import HTTPClientError

from app.audit.models import AuditEntry
from app.documents.store import EncryptedFolder
from app.server import static_files
from app.teleconsultation import hub, invitations
from app.web import room_pace
from app.web.pace import Pace
from app.web.room_pace import REFUSED
from tests.integration.test_room_files import FILES, NOBODY, PICTURES, browser, handed_to_guest, jpeg, put_letter
from tests.support.people import small_world
from tests.support.room import NUMBER, House, open_house

WAIT = "Trop de demandes à la fois"


class Hand:
    """A clock that a test moves."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping
    monkeypatch.setattr(static_files, "static_url", lambda name: f"/statique/{name}")
    monkeypatch.setattr(static_files, "static_text", lambda name: f"/* {name} */")
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret", upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1))
    async with open_house(world) as house:
        yield house


@pytest.fixture
def clock(house: House) -> Hand:
    """The house lets everybody ask a hundred times at once, then ten times a second."""
    hand = Hand()
    house.application.settings[room_pace.PACE] = Pace(hand, burst=100, per_second=10.0)
    return hand


def refusals(house: House) -> int:
    with house.world.platform.reading() as session:
        wanted = select(func.count()).where(AuditEntry.action == "document.refused")
        return session.exec(wanted).one()


async def test_who_guesses_at_links_soon_waits_and_reads_why(house: House, clock: Hand) -> None:
    _invitation, good = house.invite()
    async with browser(house) as guessing:
        answers = [
            await guessing.get(f"/invitation/{'A' * 40}{n:03}", headers={"Accept": "text/html"}) for n in range(8)
        ]
        assert [answer.status_code for answer in answers] == [410] * 5 + [429] * 3
        page = unescape(answers[-1].text)
        assert WAIT in page
        assert "Votre lien reste valable." in page
        assert "Patientez" in page
        assert int(answers[-1].headers["Retry-After"]) >= 1
        exchange = await guessing.post(f"/invitation/{good}")  # the page's script reads a status and tries again
        assert (exchange.status_code, exchange.json()["code"]) == (429, "trop-rapide")
        clock.at += 3
        assert (await guessing.get(f"/invitation/{good}")).status_code == 200
        assert (await guessing.post(f"/invitation/{good}")).status_code == 204


async def test_who_looks_for_files_of_others_soon_waits_and_the_journal_does_not_fill(
    house: House, clock: Hand
) -> None:
    _doctor, _guest, secret, told = await handed_to_guest(house)
    async with browser(house, login="ide.moreau") as stranger, browser(house, guest=secret) as receiver:
        before = refusals(house)
        statuses = [(await stranger.get(told["url"])).status_code for _ in range(20)]
        assert statuses == [404] * 5 + [429] * 15
        assert refusals(house) == before + 5
        for method, path in (
            ("GET", f"{told['url']}/infos"),
            ("GET", f"{told['url']}/pages/1.webp"),
            ("GET", f"{FILES}?dossier={NUMBER}"),
            ("PUT", f"{FILES}?dossier={NUMBER}&nom=x.pdf"),
            ("PUT", f"{PICTURES}?dossier={NUMBER}"),
            ("PUT", f"{PICTURES}/{NOBODY}"),
            ("POST", f"{PICTURES}/{NOBODY}/dossier"),
            ("GET", f"/api/salle/montre/{NOBODY}"),
        ):
            answer = await stranger.request(method, path, content=jpeg() if method == "PUT" else None)
            assert (answer.status_code, answer.json()["code"]) == (429, "trop-rapide"), path
            assert WAIT in answer.json()["message"]
        # Nobody else pays for it: neither the guest of the same network, nor the physician.
        assert (await receiver.get(told["url"])).status_code == 200
        assert (await put_letter(house, "Autre.pdf")).status_code == 200


async def test_lines_that_are_opened_without_end_wait_too(house: House, clock: Hand) -> None:
    cookie = f"session={house.log_in('dr.martin')}"
    for _ in range(100):
        page = await house.connect(f"/api/salle?dossier={NUMBER}", cookie)
        page.close()
    with pytest.raises(HTTPClientError) as refused:
        await house.connect(f"/api/salle?dossier={NUMBER}", cookie)
    assert refused.value.code == 429
    clock.at += 1
    assert (await (await house.page_of("dr.martin")).join())["id"]


async def test_a_house_that_comes_back_all_at_once_does_not_notice(house: House) -> None:
    room_pace.steps(house.application)
    cookie = f"session={house.log_in('dr.martin')}"
    lines = [await house.connect(f"/api/salle?dossier={NUMBER}", cookie) for _ in range(60)]
    assert len(lines) == 60
    assert room_pace.steps(house.application).wait("127.0.0.1", taking=0) == 0


@pytest.mark.parametrize("what", ["removed", "withdrawn", "expired", "used"])
async def test_an_ended_invitation_acts_on_nothing_any_more(house: House, what: str) -> None:
    doctor, guest, secret, told = await handed_to_guest(house)
    invitation, cookie = house.browsers[secret]
    await doctor.say("still", person=guest.joined["id"], source="camera", key="s-1")
    still = await guest.hear("still")
    world = house.world
    async with browser(house, guest=secret) as page:
        assert (await page.get(told["url"])).status_code == 200
    if what == "removed":
        await doctor.say("remove", person=guest.joined["id"])
        assert (await guest.hear("removed"))["t"] == "removed"
    elif what == "withdrawn":
        invitations.withdraw(world.platform, world.dr_martin, NUMBER, invitation)
    elif what == "expired":
        world.clock.pass_by(days=3)
    else:  # opened on another device, which takes the invitation over
        await guest.say("leave")
        await doctor.hear("left")
        house.browser(secret, here=True)
    async with browser(house, guest=secret) as page:
        refused = {
            "download": await page.get(told["url"]),
            "facts": await page.get(f"{told['url']}/infos"),
            "page": await page.get(f"{told['url']}/pages/1.webp"),
            "upload": await page.put(still["url"], content=jpeg()),
            "shown": await page.get(f"/api/salle/montre/{NOBODY}"),
        }
        link = await page.get(f"/invitation/{secret}", headers={"Accept": "text/html"})
    for act, answer in refused.items():
        assert answer.status_code in (401, 403, 404, 410), (act, answer.status_code)
        assert answer.json()["message"], act
    assert link.status_code == (200 if what == "used" else 410)  # « Ouvrir ici », or no more
    line = await house.connect(f"/api/invitation/salle?invitation={invitation}", f"invitation-{invitation}={cookie}")
    assert (await line.hear("error"))["code"] == "invitation"
    assert await line.closed() == 4401


def test_a_refusal_is_dearer_than_an_answer() -> None:
    assert REFUSED > 1
    assert room_pace.BURST / REFUSED >= 30  # a person who tries an old link some times is not kept out
