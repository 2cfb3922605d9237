"""A guest's link is exchanged for the cookie of one browser: when, for whom, and what nobody gets by it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from app.server import static_files
from app.teleconsultation import hub, invitations, removing
from app.teleconsultation.models import GuestSession
from tests.support.people import small_world
from tests.support.room import BLUE, DEVICES, NUMBER, House, Page, open_house


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping
    monkeypatch.setattr(static_files, "static_url", lambda name: f"/statique/{name}")
    monkeypatch.setattr(static_files, "static_text", lambda name: f"/* {name} */")
    async with open_house(small_world(cookie_secret="s3cret")) as house:
        yield house


async def ask(
    house: House, secret: str, *, method: str = "POST", cookie: str = "", body: str = "", origin: str | None = ""
) -> HTTPResponse:
    """A request for the link's page, as a browser makes it."""
    headers = {"Cookie": cookie} if cookie else {}
    if origin is not None and method == "POST":
        headers["Origin"] = origin or house.origin
    return await AsyncHTTPClient().fetch(
        f"{house.origin}/invitation/{secret}",
        method=method,
        headers=headers,
        body=body if method == "POST" else None,
        follow_redirects=False,
        raise_error=False,
    )


def cookie_of(answer: HTTPResponse) -> str:
    """« invitation-1=… », as the browser sends it back."""
    return answer.headers["Set-Cookie"].split(";")[0]


async def opened(house: House, name: str = "Paul MERCIER") -> tuple[int, str, str]:
    """Invitation, link and cookie of somebody who has opened their link."""
    invitation, secret = house.invite(name)
    answer = await ask(house, secret)
    assert answer.code == 204
    return invitation, secret, cookie_of(answer)


async def line(house: House, invitation: int, cookie: str) -> Page:
    return await house.connect(f"/api/invitation/salle?invitation={invitation}", cookie)


# -- the exchange


async def test_the_page_s_own_request_gives_a_cookie_that_is_not_the_link(house: House) -> None:
    invitation, secret = house.invite()
    answer = await ask(house, secret)
    name, _, content = cookie_of(answer).partition("=")
    assert (answer.code, name) == (204, f"invitation-{invitation}")
    assert re.fullmatch(r"[\w-]{43}", content)
    assert content != secret
    attributes = {part.strip().split("=")[0] for part in answer.headers["Set-Cookie"].split(";")[1:]}
    assert {"HttpOnly", "Path", "SameSite", "Max-Age"} <= attributes
    [view] = invitations.invitations_of(house.world.platform, house.world.dr_martin, NUMBER)
    assert view.state == "opened"
    with house.world.platform.reading() as session:
        [kept] = session.exec(select(GuestSession)).all()
    assert content not in repr(kept.model_dump())


async def test_the_cookie_opens_the_line_and_the_link_alone_does_not(house: House) -> None:
    invitation, secret, cookie = await opened(house)
    page = await line(house, invitation, cookie)
    assert (await page.hear("hello"))["me"]["name"] == "Paul MERCIER"
    altered = await line(house, invitation, f"invitation-{invitation}={secret}")
    assert (await altered.hear("error"))["code"] == "invitation"
    assert await altered.closed() == 4401
    with pytest.raises(HTTPClientError) as refused:
        await line(house, invitation, "")
    assert refused.value.code == 410


async def test_a_reload_keeps_the_cookie_and_a_second_exchange_gives_no_other(house: House) -> None:
    _invitation, secret, cookie = await opened(house)
    page = await ask(house, secret, method="GET", cookie=cookie)
    assert page.code == 200
    assert '"exchange": false' in page.body.decode()
    again = await ask(house, secret, cookie=cookie)
    assert again.code == 204
    assert "Set-Cookie" not in again.headers


async def test_two_invitations_in_one_browser_do_not_collide(house: House) -> None:
    anne, _link_a, cookie_a = await opened(house, "Anne MERCIER")
    paul, _link_p, cookie_p = await opened(house, "Paul MERCIER")
    both = f"{cookie_a}; {cookie_p}"
    for invitation, name in ((anne, "Anne MERCIER"), (paul, "Paul MERCIER")):
        page = await line(house, invitation, both)
        assert (await page.hear("hello"))["me"]["name"] == name


async def test_the_cookie_of_one_invitation_opens_no_other(house: House) -> None:
    _anne, _link_a, cookie_a = await opened(house, "Anne MERCIER")
    paul, _link_p, _cookie_p = await opened(house, "Paul MERCIER")
    with pytest.raises(HTTPClientError) as refused:
        await line(house, paul, cookie_a)
    assert refused.value.code == 410


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_page_of_another_site_exchanges_nothing(house: House, origin: str | None) -> None:
    _invitation, secret = house.invite()
    answer = await ask(house, secret, origin=origin)
    assert answer.code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("what", ["altered", "withdrawn", "refused", "expired", "removed"])
async def test_a_link_that_is_no_longer_good_is_exchanged_for_nothing(house: House, what: str) -> None:
    invitation, secret = house.invite()
    world = house.world
    if what == "withdrawn":
        invitations.withdraw(world.platform, world.dr_martin, NUMBER, invitation)
    elif what == "refused":
        invitations.refuse(world.platform, world.dr_martin, NUMBER, invitation)
    elif what == "removed":
        doctor, _guest, _cookie = await doctor_and_guest(house, invitation, secret)
        await doctor.say("remove", person=_guest.joined["id"])
        await doctor.hear("left")
    elif what == "expired":
        world.clock.pass_by(days=3)
    answer = await ask(house, "A" * 43 if what == "altered" else secret)
    assert answer.code == 410
    assert "Set-Cookie" not in answer.headers


# -- another device


async def test_a_second_device_is_told_and_changes_nothing_by_looking(house: House) -> None:
    invitation, secret, cookie = await opened(house)
    page = await line(house, invitation, cookie)
    answer = await ask(house, secret, method="GET")
    assert answer.code == 200
    assert "Ouvrir ici" in answer.body.decode()
    assert "<script" not in answer.body.decode()
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert (await ask(house, secret)).code == 409
    assert await page.hears_nothing("refused", "removed")


async def test_open_here_ends_the_first_device_which_is_told_why(house: House) -> None:
    invitation, secret, cookie = await opened(house)
    first = await line(house, invitation, cookie)
    await first.say("wait", **DEVICES)
    await first.hear("waiting")
    answer = await ask(house, secret, body="ici=1")
    assert (answer.code, answer.headers["Location"]) == (303, f"/invitation/{secret}")
    assert "autre appareil" in (await first.hear("refused"))["message"]
    assert await first.closed() == 4401
    second = await line(house, invitation, cookie_of(answer))
    assert (await second.hear("hello"))["me"]["name"] == "Paul MERCIER"
    assert "invitation.moved" in house.journal()


async def doctor_and_guest(house: House, invitation: int, secret: str) -> tuple[Page, Page, str]:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    cookie = cookie_of(await ask(house, secret))
    guest = await line(house, invitation, cookie)
    await guest.say("wait", **DEVICES)
    await guest.hear("waiting")
    await doctor.say("admit", guest=str(invitation))
    await guest.join((await guest.hear("admitted"))["room"])
    return doctor, guest, cookie


async def test_nobody_is_taken_out_of_a_call_by_opening_the_link_elsewhere(house: House) -> None:
    invitation, secret = house.invite()
    _doctor, guest, _cookie = await doctor_and_guest(house, invitation, secret)
    looked = await ask(house, secret, method="GET")
    assert looked.code == 409
    assert "déjà en téléconsultation" in looked.body.decode()
    assert "Ouvrir ici" not in looked.body.decode()
    forced = await ask(house, secret, body="ici=1")
    assert forced.code == 303
    assert "Set-Cookie" not in forced.headers
    assert await guest.hears_nothing("removed", "refused")


async def test_who_takes_over_on_another_device_is_let_in_anew(house: House) -> None:
    invitation, secret = house.invite()
    doctor, guest, _cookie = await doctor_and_guest(house, invitation, secret)
    await guest.say("leave")
    await doctor.hear("left")
    answer = await ask(house, secret, body="ici=1")
    second = await line(house, invitation, cookie_of(answer))
    await second.say("join", room=BLUE, **DEVICES)
    assert (await second.hear("error"))["code"] == "non-admis"
    await second.say("wait", **DEVICES)
    await second.hear("waiting")
    assert await second.hears_nothing("joined", "admitted")


async def test_an_invitation_is_not_opened_on_devices_without_end(house: House) -> None:
    _invitation, secret = house.invite()
    codes = [(await ask(house, secret, body="ici=1")).code for _ in range(14)]
    assert codes == [303] * 12 + [422] * 2


async def test_who_was_put_out_is_refused_with_link_and_with_cookie(house: House) -> None:
    invitation, secret = house.invite()
    doctor, guest, cookie = await doctor_and_guest(house, invitation, secret)
    await doctor.say("remove", person=guest.joined["id"])
    assert "fait sortir" in (await guest.hear("removed"))["message"]
    assert await guest.closed() == 4401
    again = await line(house, invitation, cookie)
    assert "fait sortir" in (await again.hear("error"))["message"]
    answer = await ask(house, secret, method="GET")
    assert answer.code == 410
    assert removing.REMOVED in house.journal()
