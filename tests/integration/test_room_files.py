"""Documents, captured pictures and shown pages of a call, over real HTTP and WebSockets: who may, and who may not."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlmodel import col, select

from app.audit.models import AuditEntry
from app.documents import tracing
from app.documents.models import Document
from app.documents.store import EncryptedFolder
from app.documents.tracing import said
from app.teleconsultation import files, files_stills, hub, invitations, shown
from app.teleconsultation.files_stills import Stills
from tests.integration.test_signalling import doctor_and_guest_inside, guest_at_the_door
from tests.support.people import small_world
from tests.support.room import NUMBER, House, Page, open_house
from tests.unit.documents import samples

LETTER = samples.pdf("Ordonnance", "page deux")
OTHER_OF_MARTIN = "TLM-2026-0006"
FILES, PICTURES = "/api/salle/fichiers", "/api/salle/images"
NOBODY = "0" * 32


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping: a busy machine is no broken line
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret", upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1))
    async with open_house(world) as house:
        yield house


def browser(house: House, *, login: str = "", guest: str = "") -> httpx.AsyncClient:
    """Of somebody logged in, or of the browser in which the link `guest` was opened."""
    cookies = {"session": house.log_in(login)} if login else {}
    if guest:
        invitation, secret = house.browsers[guest] if guest in house.browsers else house.browser(guest)
        cookies = {f"invitation-{invitation}": secret}
    return httpx.AsyncClient(base_url=house.origin, cookies=cookies, headers={"Origin": house.origin}, timeout=30)


def jpeg(width: int = 640, height: int = 480, exif: bool = False) -> bytes:
    target, tags = io.BytesIO(), Image.Exif()
    tags[0x010F] = "a telephone"
    Image.new("RGB", (width, height), "teal").save(target, "JPEG", **({"exif": tags} if exif else {}))
    return target.getvalue()


async def put_letter(house: House, name: str = "Ordonnance.pdf", content: bytes = LETTER) -> httpx.Response:
    async with browser(house, login="dr.martin") as doctor:
        return await doctor.put(FILES, params={"dossier": NUMBER, "nom": name}, content=content)


async def handed_to_guest(house: House) -> tuple[Page, Page, str, dict[str, Any]]:
    """The doctor, the guest with the secret of the link, and what the guest was told of the file."""
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    reference = (await put_letter(house)).json()["reference"]
    await doctor.say("send", document=reference, to=[guest.joined["id"]], key="k-1")
    return doctor, guest, secret, await guest.hear("file")


def rows(house: House, *actions: str) -> list[AuditEntry]:
    with house.world.platform.reading() as session:
        wanted = select(AuditEntry).where(col(AuditEntry.action).in_(actions)).order_by(col(AuditEntry.id))
        return list(session.exec(wanted))


def documents(house: House) -> list[Document]:
    with house.world.platform.reading() as session:
        return list(session.exec(select(Document).order_by(col(Document.id))))


# ---- a document handed over


async def test_a_document_is_received_only_when_the_receiver_really_has_it(house: House) -> None:
    doctor, guest, secret, told = await handed_to_guest(house)
    assert (told["name"], told["from"], told["state"], told["size"] > 0) == (
        "Ordonnance",
        "Dr Claire MARTIN",
        "sent",
        True,
    )
    receipt = await doctor.hear("receipt")
    assert (receipt["key"], receipt["people"]) == ("k-1", [{"name": "Paul MERCIER", "state": "sent"}])
    assert "« Ordonnance »" in (await guest.hear("chat"))["text"]
    await guest.say("got", id=told["id"])  # it has not asked for a single byte
    assert (await guest.hear("error"))["code"] == "saisie"
    async with browser(house, guest=secret) as page:
        answer = await page.get(told["url"])
        facts = (await page.get(f"{told['url']}/infos")).json()
        drawn = await page.get(f"{told['url']}/pages/2.webp", params={"l": "400"})
        past = await page.get(f"{told['url']}/pages/3.webp")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) == told["size"]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Ordonnance.pdf"')
    assert (len(facts["pages"]), drawn.headers["Content-Type"], past.status_code) == (2, "image/webp", 404)
    assert Image.open(io.BytesIO(drawn.content)).width == 570
    await guest.say("got", id=told["id"])
    assert (await doctor.hear("receipt"))["people"] == [{"name": "Paul MERCIER", "state": "received"}]
    await guest.say("got", id=told["id"], saved=True)
    assert (await doctor.hear("receipt"))["people"] == [{"name": "Paul MERCIER", "state": "saved"}]
    kept = rows(house, "document.sent", "document.received", "document.seen", "document.downloaded")
    words = [(row.actor_name, said(row, {row.subject: "Ordonnance"})) for row in kept]
    assert words == [
        ("Dr Claire MARTIN", "a transmis un document pendant la téléconsultation : Ordonnance, à Aidant"),
        ("Paul MERCIER (invité)", "a ouvert un document : Ordonnance"),
        ("Paul MERCIER (invité)", "a reçu un document pendant la téléconsultation : Ordonnance"),
        ("Paul MERCIER (invité)", "a téléchargé un document : Ordonnance"),
    ]


async def test_a_page_that_has_the_whole_is_believed_however_quickly_it_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, guest, secret, told = await handed_to_guest(house)
    await doctor.hear("receipt")
    is_whole, keep, had = threading.Event(), files.fetched, []

    def keep_late(*told_of: Any) -> None:
        had.append(is_whole.wait(0.5))  # a busy database: whatever has left by now has arrived
        keep(*told_of)

    monkeypatch.setattr(files, "fetched", keep_late)
    async with browser(house, guest=secret) as page:
        answer = await page.get(told["url"])
        is_whole.set()
    await guest.say("got", id=told["id"])
    assert (await doctor.hear("receipt"))["people"] == [{"name": "Paul MERCIER", "state": "received"}]
    assert (had, len(answer.content)) == ([False], told["size"])


async def test_a_guest_stands_among_the_readers_of_the_trace(house: House) -> None:
    _doctor, _guest, secret, told = await handed_to_guest(house)
    async with browser(house, guest=secret) as page:
        assert (await page.get(f"{told['url']}/pages/1.webp")).status_code == 200
    trace = tracing.trace_of(house.world.platform, house.world.dr_martin, NUMBER)
    [letter] = [document for document in trace.documents if document.title == "Ordonnance"]
    [cell] = [cell for cell in letter.cells if cell.reader.name == "Paul MERCIER"]
    assert (cell.reader.role, cell.seen_at is not None, cell.downloaded_at) == ("Aidant", True, None)


async def test_a_document_that_is_sent_again_with_the_same_key_is_handed_over_once(house: House) -> None:
    doctor, guest, _secret, _told = await handed_to_guest(house)
    await doctor.hear("receipt")
    [letter] = [each for each in documents(house) if each.title == "Ordonnance"]
    await doctor.say("send", document=letter.reference, to=[guest.joined["id"]], key="k-1")
    await doctor.hear("receipt")
    assert await guest.hears_nothing("file")
    assert len(rows(house, "document.sent")) == 1


async def test_who_comes_back_finds_what_was_handed_over(house: House) -> None:
    doctor, guest, secret, told = await handed_to_guest(house)
    guest.close()
    again = await house.guest(secret)
    joined = await again.join(resume=guest.resume)
    assert [each["id"] for each in joined["files"]] == [told["id"]]
    doctor.close()
    back = await house.page_of("dr.martin")
    joined = await back.join(resume=doctor.resume)
    assert [(each["name"], each["people"][0]["state"]) for each in joined["handed"]] == [("Ordonnance", "sent")]


async def test_a_guest_who_is_out_or_of_another_call_gets_no_byte(house: House) -> None:
    doctor, guest, secret, told = await handed_to_guest(house)
    _door, _waiting_id, waiting = await guest_at_the_door(house, "Anne MERCIER")
    elsewhere = house.invite("Luc AUTRE", OTHER_OF_MARTIN)[1]
    for other, status in ((waiting, 404), (elsewhere, 404), ("A" * 43, 410)):
        async with browser(house, guest=other) as page:
            for path in (told["url"], f"{told['url']}/infos", f"{told['url']}/pages/1.webp"):
                assert (await page.get(path)).status_code == status, (other, path)
    async with browser(house) as nobody:
        assert (await nobody.get(told["url"])).status_code == 401
    async with browser(house, login="ide.moreau") as stranger:
        assert (await stranger.get(told["url"])).status_code == 404
    assert {row.actor_name for row in rows(house, "document.refused")} >= {"Anne MERCIER (invité)", "Karim MOREAU"}

    await guest.say("leave")
    await doctor.hear("left")
    async with browser(house, guest=secret) as page:
        async with asyncio.timeout(60):
            while (answer := await page.get(told["url"])).status_code == 200:
                await asyncio.sleep(0.02)  # the departure is written after it was told
        assert answer.json()["code"] == "non-admis"
        invitation = int(guest_id(house))
        invitations.withdraw(house.world.platform, house.world.dr_martin, NUMBER, invitation)
        assert (await page.get(told["url"])).status_code == 410


def guest_id(house: House) -> int:
    from app.teleconsultation.models import Invitation

    with house.world.platform.reading() as session:
        return int(session.exec(select(Invitation.id).where(Invitation.name == "Paul MERCIER")).one() or 0)


async def test_a_guest_hands_nothing_over(house: House) -> None:
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    reference = (await put_letter(house)).json()["reference"]
    await guest.say("send", document=reference, to=[doctor.joined["id"]], key="k-2")
    assert (await guest.hear("error"))["code"] == "acces-refuse"
    async with browser(house, guest=secret) as page:
        assert (await page.put(FILES, params={"dossier": NUMBER, "nom": "x.pdf"}, content=LETTER)).status_code == 401
        assert (await page.get(FILES, params={"dossier": NUMBER})).status_code == 401
    assert await doctor.hears_nothing("file")


@pytest.mark.parametrize("whom", ["waiting", "gone", "oneself", "nobody"])
async def test_only_somebody_else_inside_can_be_handed_a_document(house: House, whom: str) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    _door, waiting, _link = await guest_at_the_door(house, "Anne MERCIER")
    reference = (await put_letter(house)).json()["reference"]
    if whom == "gone":
        await guest.say("leave")
        await doctor.hear("left")
    to = {"waiting": str(waiting), "gone": guest.joined["id"], "oneself": doctor.joined["id"], "nobody": "x.1"}[whom]
    await doctor.say("send", document=reference, to=[to], key="k-3")
    refused = await doctor.hear("error")
    assert (refused["code"], refused["about"], refused["key"]) == ("saisie", "send", "k-3")
    assert rows(house, "document.sent") == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("photo.jpg", jpeg(), "seul un PDF"),
        ("lettre.pdf", b"PK\x03\x04word/" + b"x" * 200, "seul un PDF"),
        ("lettre.pdf", b"%PDF-1.7\n" + b"not one" * 20, ""),
        ("vide.pdf", b"", "vide"),
        ("gros.pdf", LETTER + b"%" * 3_200_000, "3 Mo"),
    ],
)
async def test_what_is_no_good_pdf_is_refused_by_the_gate_in_its_words(
    house: House, name: str, content: bytes, why: str
) -> None:
    await doctor_and_guest_inside(house)
    before = len(documents(house))
    answer = await put_letter(house, name, content)
    assert answer.status_code in (413, 422), answer.text
    assert answer.json()["message"].startswith("Fichier refusé : ")
    assert why in answer.json()["message"]
    assert len(documents(house)) == before


async def test_a_file_from_a_disk_needs_a_place_in_the_room_of_that_dossier(house: House) -> None:
    assert (await put_letter(house)).status_code == 403  # nobody is inside
    await doctor_and_guest_inside(house)
    async with browser(house, login="dr.martin") as doctor:
        other = await doctor.put(FILES, params={"dossier": OTHER_OF_MARTIN, "nom": "x.pdf"}, content=LETTER)
        foreign = await doctor.put(
            FILES,
            params={"dossier": NUMBER, "nom": "x.pdf"},
            content=LETTER,
            headers={"Origin": "https://evil.example"},
        )
        listed = (await doctor.get(FILES, params={"dossier": NUMBER})).json()["documents"]
    assert (other.status_code, foreign.status_code) == (403, 403)
    assert all(each["kind"] in ("pdf", "picture") for each in listed)


async def test_a_document_of_another_dossier_or_no_pdf_is_not_handed_over(house: House) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    async with browser(house, login="dr.martin") as page:
        photo = await page.put(f"/api/salle/images?dossier={NUMBER}", content=jpeg())
        kept = await page.post(f"{photo.json()['url']}/dossier", json={"legende": "Talon", "site": "Pied gauche"})
    for key, document, code in (("a", NOBODY, "introuvable"), ("b", kept.json()["reference"], "saisie")):
        await doctor.say("send", document=document, to=[guest.joined["id"]], key=key)
        assert (await doctor.hear("error"))["code"] == code
    assert await guest.hears_nothing("file")


# ---- a captured picture


async def asked(house: House, source: str = "camera") -> tuple[Page, Page, str, dict[str, Any]]:
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    await doctor.say("still", person=guest.joined["id"], source=source, key="s-1")
    return doctor, guest, secret, await guest.hear("still")


async def test_a_picture_comes_from_the_page_that_was_asked_and_goes_into_the_dossier(house: House) -> None:
    doctor, _guest, secret, still = await asked(house)
    assert (still["from"], still["source"]) == ("Dr Claire MARTIN", "camera")
    async with browser(house, guest=secret) as page:
        taken = await page.put(still["url"], params={"plein": "1"}, content=jpeg(1920, 1080, exif=True))
        assert taken.status_code == 200
        assert (await page.put(still["url"], content=jpeg())).status_code == 404  # once
        assert (await page.get(still["url"])).status_code == 401  # who asked for it has it, nobody else
    picture = await doctor.hear("picture")
    assert (picture["key"], picture["width"], picture["height"], picture["full"]) == ("s-1", 1920, 1080, True)
    async with browser(house, login="dr.martin") as page:
        content = (await page.get(picture["url"])).content
        assert Image.open(io.BytesIO(content)).size == (1920, 1080)
        assert b"a telephone" not in content
        unnamed = await page.post(f"{picture['url']}/dossier", json={"legende": "  ", "site": ""})
        long = await page.post(f"{picture['url']}/dossier", json={"legende": "x" * 200})
        kept = await page.post(f"{picture['url']}/dossier", json={"legende": "Plaie", "site": "Talon gauche"})
    assert (unnamed.status_code, long.status_code, kept.status_code) == (422, 422, 200)
    document = documents(house)[-1]
    assert (document.title, document.kind.value, document.author_name) == (
        "Plaie (Talon gauche)",
        "picture",
        "Dr C. MARTIN",
    )
    assert '"captured":"Paul MERCIER"' in document.detail
    [row] = rows(house, "picture.asked")
    assert said(row, {}) == "a demandé une photographie à une caméra de la salle : Aidant"
    async with browser(house, login="ide.dubois") as page:
        assert (await page.get(picture["url"])).status_code == 404


async def test_a_picture_that_is_none_or_too_large_is_refused_and_who_asked_need_not_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files_stills.LARGEST == 16
    monkeypatch.setattr(files_stills, "LARGEST", 1)
    for key, content, status in (
        ("a", LETTER, 422),
        ("b", b"\xff\xd8\xff" + b"x" * 99, 422),
        ("c", b"x" * 1_100_000, 413),
    ):
        if key == "a":
            doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
        await doctor.say("still", person=guest.joined["id"], source="camera", key=key)
        still = await guest.hear("still")
        async with browser(house, guest=secret) as page:
            assert (await page.put(still["url"], content=content)).status_code == status
        if status == 422:
            refused = await doctor.hear("error")
            assert (refused["about"], refused["key"]) == ("still", key)


async def test_only_a_professional_asks_only_somebody_else_inside_who_shows_something(house: House) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    await guest.say("still", person=doctor.joined["id"], source="camera", key="g")
    assert (await guest.hear("error"))["code"] == "acces-refuse"
    for person, source in (("x.1", "camera"), (doctor.joined["id"], "camera"), (guest.joined["id"], "aux")):
        await doctor.say("still", person=person, source=source, key="k")
        assert (await doctor.hear("error"))["code"] == "saisie"
    elsewhere = await house.page_of("dr.martin", OTHER_OF_MARTIN)
    await elsewhere.join("salle-verte")
    await elsewhere.say("still", person=guest.joined["id"], source="camera", key="k")
    assert (await elsewhere.hear("error"))["code"] == "saisie"
    assert await guest.hears_nothing("still")


async def test_nobody_is_asked_twice_at_once_nor_without_end(house: House) -> None:
    doctor, guest, _secret, still = await asked(house)
    await doctor.say("still", person=guest.joined["id"], source="camera", key="s-2")
    assert "déjà demandée" in (await doctor.hear("error"))["message"]
    await guest.say("nostill", id=still["id"])
    assert "n'a pas pu" in (await doctor.hear("error"))["message"]
    for n in range(8):
        await doctor.say("still", person=guest.joined["id"], source="camera", key=f"n-{n}")
    codes = [(await doctor.hear("error"))["message"] for _ in range(7)]
    assert any("vite" in message or "trop" in message.lower() for message in codes), codes


async def test_a_picture_can_be_sent_for_a_minute_and_is_kept_for_ten(house: House) -> None:
    doctor, guest, secret, still = await asked(house)
    house.world.clock.pass_by(seconds=61)
    async with browser(house, guest=secret) as page:
        assert (await page.put(still["url"], content=jpeg())).status_code == 404
    assert (await doctor.hear("error"))["about"] == "still"
    async with browser(house, login="dr.martin") as page:
        brought = (await page.put(PICTURES, params={"dossier": NUMBER}, content=jpeg())).json()
        assert (await page.get(brought["url"])).status_code == 200
        house.world.clock.pass_by(minutes=11)
        house.hub.parts.of(Stills).tick(house.world.clock.now())
        assert (await page.get(brought["url"])).status_code == 404
    assert await guest.hears_nothing("still")


async def test_of_two_that_are_sent_at_one_moment_one_is_taken(house: House) -> None:
    doctor, _guest, secret, still = await asked(house)
    async with browser(house, guest=secret) as page:
        sent = [page.put(still["url"], content=jpeg()) for _ in range(2)]
        codes = sorted(answer.status_code for answer in await asyncio.gather(*sent))
    assert codes == [200, 404]
    assert (await doctor.hear("picture"))["id"] == still["id"]


async def test_somebody_else_cannot_send_the_picture_nor_bring_one_from_outside(house: House) -> None:
    _doctor, _guest, _secret, still = await asked(house)
    async with browser(house, login="ide.dubois") as nurse:  # may enter, is not inside
        assert (await nurse.put(still["url"], content=jpeg())).status_code == 404
        assert (await nurse.put(PICTURES, params={"dossier": NUMBER}, content=jpeg())).status_code == 403
    async with browser(house) as nobody:
        assert (await nobody.put(still["url"], content=jpeg())).status_code == 401


async def test_one_person_keeps_a_dozen_pictures_at_most(house: House) -> None:
    await doctor_and_guest_inside(house)
    async with browser(house, login="dr.martin") as page:
        urls = [
            (await page.put(PICTURES, params={"dossier": NUMBER}, content=jpeg(64, 48))).json()["url"]
            for _ in range(files_stills.MOST + 1)
        ]
        statuses = [(await page.get(url)).status_code for url in (urls[0], urls[1], urls[-1])]
    assert statuses == [404, 200, 200]


# ---- shown to the room


async def test_a_page_is_drawn_for_those_inside_only_that_page_and_only_meanwhile(house: House) -> None:
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    reference = (await put_letter(house)).json()["reference"]
    await doctor.say("show", document=reference, page=2)
    shown = (await guest.hear("shown"))["shown"]
    assert (shown["name"], shown["page"], shown["pages"], shown["from"]) == ("Ordonnance", 2, 2, "Dr Claire MARTIN")
    assert sorted(shown["colours"].values()) == [0, 1]
    _door, _id, waiting = await guest_at_the_door(house, "Anne MERCIER")
    async with browser(house, guest=secret) as page:
        assert Image.open(io.BytesIO((await page.get(shown["url"])).content)).format == "WEBP"
    async with browser(house, guest=waiting) as page:
        assert (await page.get(shown["url"])).status_code == 404
    async with browser(house, login="ide.dubois") as outside:
        assert (await outside.get(shown["url"])).status_code == 404
    await doctor.say("show", document=reference, page=1)
    after = (await guest.hear("shown"))["shown"]
    async with browser(house, guest=secret) as page:
        assert [(await page.get(each["url"])).status_code for each in (shown, after)] == [404, 200]
        await doctor.say("unshow")
        assert (await guest.hear("shown"))["shown"] is None
        assert (await page.get(after["url"])).status_code == 404
    assert len(rows(house, "document.shown")) == 2


async def test_a_guest_shows_nothing_and_what_is_no_page_is_not_shown(house: House) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    reference = (await put_letter(house)).json()["reference"]
    for word in ({"t": "show", "document": reference}, {"t": "unshow"}):
        await guest.say(**word)
        assert (await guest.hear("error"))["code"] == "acces-refuse"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"document": reference, "page": 3}, "saisie"),
        ({"document": reference, "page": 0}, "saisie"),
        ({"document": NOBODY}, "introuvable"),
        ({"picture": NOBODY}, "introuvable"),
        ({}, "saisie"),
        ({"document": reference, "picture": NOBODY}, "saisie"),
    ]
    for fields, code in wrong:
        await doctor.say("show", **fields)
        assert (await doctor.hear("error"))["code"] == code, fields
    assert await guest.hears_nothing("shown")


async def test_who_enters_later_sees_what_is_shown_and_it_goes_with_who_shows_it(house: House) -> None:
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    async with browser(house, login="dr.martin") as page:
        picture = (await page.put(PICTURES, params={"dossier": NUMBER}, content=jpeg())).json()
    await doctor.say("show", picture=picture["id"])
    await guest.hear("shown")
    nurse = await house.page_of("ide.dubois")
    assert (await nurse.join())["shown"]["width"] == 640
    told = (await guest.hear("shown"))["shown"]
    assert sorted(told["colours"].values()) == [0, 1, 2]
    await doctor.say("leave")
    assert (await nurse.hear("shown"))["shown"] is None
    async with browser(house, guest=secret) as page:
        assert (await page.get(told["url"])).status_code == 404


async def test_what_was_taken_away_while_it_was_looked_up_is_not_shown_after_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    reference = (await put_letter(house)).json()["reference"]
    looked_up, asked, measured = asyncio.Event(), asyncio.Event(), shown._measured

    async def slowly(*arguments: Any) -> Any:
        asked.set()
        await looked_up.wait()
        return await measured(*arguments)

    monkeypatch.setattr(shown, "_measured", slowly)
    await doctor.say("show", document=reference)
    await asyncio.wait_for(asked.wait(), 60)
    await doctor.say("unshow")
    await doctor.say("got", id=NOBODY)  # answered after the words before it were acted on
    await doctor.hear("error")
    looked_up.set()
    assert await guest.hears_nothing("shown")
    await doctor.say("show", document=reference, page=2)
    assert (await guest.hear("shown"))["shown"]["page"] == 2
