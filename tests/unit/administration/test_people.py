"""Rules of accounts: made, changed, suspended, by administrators."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from app.__main__ import main
from app.administration import first, people
from app.administration.drafts import Faults, PersonDraft
from app.audit.models import AuditEntry
from app.errors import InvalidInput, LoginExpired, NotFound, Outdated, TeledossierError, WrongStep
from app.identity import login_sessions, pending
from app.identity.models import LoginSession, PendingLogin, Professional
from app.identity.ways import Way
from app.messaging.models import OutboxMessage
from tests.support.people import World, small_world

NURSE = PersonDraft(
    login="Z.Etoile",
    given_name="Zoé",
    family_name="Étoile",
    profession="60",
    qualification="infirmière",
    rpps="99700000013",
    email="z.etoile@ehpad.example",
    mobile="06 99 00 00 77",
    structure_id=1,
    is_requester=True,
)


@pytest.fixture
def world() -> World:
    return small_world()


def journal(world: World) -> list[AuditEntry]:
    with world.platform.reading() as session:
        return list(session.exec(select(AuditEntry).order_by(AuditEntry.id)))  # type: ignore[arg-type]


def mails(world: World) -> list[OutboxMessage]:
    with world.platform.reading() as session:
        return list(session.exec(select(OutboxMessage)))


def link_secret(text: str) -> str:
    found = re.search(r"/connexion/nouveau-mot-de-passe/(\S+)", text)
    assert found is not None
    return found[1]


def create(world: World, **changes: object) -> people.PersonView:
    return people.create_person(world.platform, world.admin, replace(NURSE, **changes))  # type: ignore[arg-type]


def test_a_created_person_gets_a_link_to_set_a_password_that_works_once_for_a_week(world: World) -> None:
    made = create(world)
    [mail] = mails(world)
    assert (mail.recipient, mail.topic_id) == ("z.etoile@ehpad.example", made.id)
    secret = link_secret(mail.body)
    with world.platform.transaction() as session:
        assert pending.look(session, world.platform, "reset", secret).professional_id == made.id
    world.clock.pass_by(days=6, hours=23)
    with world.platform.transaction() as session:
        pending.burn(session, world.platform, "reset", secret)
    with pytest.raises(LoginExpired), world.platform.transaction() as session:
        pending.burn(session, world.platform, "reset", secret)


def test_the_link_ends_after_a_week(world: World) -> None:
    create(world)
    world.clock.at += timedelta(days=7)
    with pytest.raises(LoginExpired), world.platform.transaction() as session:
        pending.look(session, world.platform, "reset", link_secret(mails(world)[0].body))


def test_values_are_kept_regular_and_the_act_is_journalled(world: World) -> None:
    made = create(world)
    with world.platform.reading() as session:
        person = session.get_one(Professional, made.id)
    assert (person.login, person.mobile, person.password_hash) == ("z.etoile", "+33699000077", "")
    last = journal(world)[-1]
    assert (last.action, last.actor_name, last.subject) == ("person.created", "Alix RENARD", "z.etoile")
    assert json.loads(last.detail) == {"invited": True, "roles": ["requérant"]}


def test_without_an_address_nobody_is_written_to(world: World) -> None:
    made = create(world, email="")
    assert mails(world) == []
    with pytest.raises(InvalidInput, match="pas de courriel"):
        people.invite_person(world.platform, world.admin, made.id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"login": "DR.MARTIN"}, "« dr.martin » est déjà pris"),
        ({"login": ""}, "Identifiant manquant"),
        ({"rpps": "99700000012"}, "clé"),
        ({"email": "x"}, "Courriel incorrect"),
        ({"mobile": "12"}, "Mobile incorrect"),
        ({"family_name": ""}, "Nom manquant"),
        ({"structure_id": 99}, "Établissement inconnu"),
        ({"structure_id": None}, "requérant a besoin d'un établissement"),
        ({"is_expert": True}, "requis est un médecin"),
        ({"profession": "boulanger"}, "Profession incorrecte"),
        ({"title": "Sir"}, "Civilité incorrecte"),
    ],
)
def test_a_draft_with_a_fault_creates_nobody(world: World, changes: dict[str, object], words: str) -> None:
    before = len(journal(world))
    with pytest.raises(Faults, match=words):
        create(world, **changes)
    assert len(journal(world)) == before
    assert mails(world) == []


def test_every_fault_is_told_at_once(world: World) -> None:
    with pytest.raises(Faults) as refused:
        create(world, login="", rpps="1", email="x")
    assert len(refused.value.sentences) == 3


def test_an_rpps_has_one_holder_who_is_named(world: World) -> None:
    create(world)
    with pytest.raises(Faults, match=r"déjà celui de Zoé ÉTOILE \(z\.etoile\)"):
        create(world, login="another")


def test_a_change_is_kept_with_the_names_of_its_fields(world: World) -> None:
    seen = people.read_person(world.platform, world.admin, 3)
    changed = people.change_person(
        world.platform, world.admin, 3, replace(seen.draft, mobile="06 99 00 00 38"), seen.version
    )
    assert changed.draft.mobile == "+33699000038"
    assert changed.version != seen.version
    assert json.loads(journal(world)[-1].detail)["fields"] == ["mobile"]


def test_nothing_changed_leaves_no_trace(world: World) -> None:
    seen = people.read_person(world.platform, world.admin, 3)
    before = len(journal(world))
    people.change_person(world.platform, world.admin, 3, seen.draft, seen.version)
    assert len(journal(world)) == before


def test_of_two_who_change_the_same_person_the_second_is_told(world: World) -> None:
    seen = people.read_person(world.platform, world.admin, 3)
    people.change_person(world.platform, world.admin, 3, replace(seen.draft, qualification="cadre"), seen.version)
    with pytest.raises(Outdated, match="Rien n'a été enregistré"):
        people.change_person(world.platform, world.admin, 3, replace(seen.draft, mobile=""), seen.version)


def test_an_old_number_whose_key_is_wrong_does_not_keep_from_changing_the_rest(world: World) -> None:
    seen = people.read_person(world.platform, world.admin, 3)
    people.change_person(world.platform, world.admin, 3, replace(seen.draft, specialty="Plaies"), seen.version)


def test_another_address_voids_the_link_that_went_to_the_former(world: World) -> None:
    made = create(world)
    people.change_person(world.platform, world.admin, made.id, replace(made.draft, email="z@b.example"), made.version)
    with pytest.raises(LoginExpired), world.platform.transaction() as session:
        pending.look(session, world.platform, "reset", link_secret(mails(world)[0].body))


def test_who_came_in_by_a_wrong_number_is_out_once_it_is_corrected(world: World) -> None:
    with world.platform.transaction() as session:
        person = session.get_one(Professional, world.ide_dubois.id)
        person.psc_subject = "8" + (person.rpps or "")
        session.add(person)
        secret = login_sessions.open_session(session, world.platform, person, Way.PSC)
    seen = people.read_person(world.platform, world.admin, world.ide_dubois.id or 0)
    people.change_person(world.platform, world.admin, seen.id, replace(seen.draft, rpps="99700000013"), seen.version)
    with world.platform.reading() as session:
        assert session.get_one(Professional, seen.id).psc_subject is None
    assert login_sessions.find(world.platform, secret) is None


def test_a_new_address_is_told_to_the_one_known_until_then(world: World) -> None:
    made = create(world)
    changed = replace(made.draft, email="z@ehpad.example", mobile="")
    people.change_person(world.platform, world.admin, made.id, changed, made.version)
    [_invitation, notice] = mails(world)
    assert notice.recipient == "z.etoile@ehpad.example"
    assert "Un administrateur a changé le numéro de mobile et l'adresse de courriel de votre compte." in notice.body
    assert "z@ehpad.example" not in notice.body


def test_a_new_invitation_voids_the_former(world: World) -> None:
    made = create(world)
    assert people.invite_person(world.platform, world.admin, made.id) == "z.etoile@ehpad.example"
    old, new = (link_secret(mail.body) for mail in mails(world))
    with world.platform.reading() as session:
        assert pending.look(session, world.platform, "reset", new).professional_id == made.id
        with pytest.raises(LoginExpired):
            pending.look(session, world.platform, "reset", old)


def test_who_is_suspended_is_out_at_once_everywhere(world: World) -> None:
    person, heard = world.ide_dubois, []
    with world.platform.transaction() as session:
        secrets = [login_sessions.open_session(session, world.platform, person, Way.PASSWORD) for _ in range(2)]
    world.platform.bus.subscribe("logout", heard.append)
    people.suspend_person(world.platform, world.admin, person.id or 0)
    assert [login_sessions.find(world.platform, secret) for secret in secrets] == [None, None]
    assert heard == [{"professional": person.id, "login_session": None}]
    with world.platform.reading() as session:
        assert all(login.ended_at for login in session.exec(select(LoginSession)))
    people.restore_person(world.platform, world.admin, person.id or 0)
    assert [login_sessions.find(world.platform, secret) for secret in secrets] == [None, None]


def test_ending_all_logins_may_keep_the_one_that_asks(world: World) -> None:
    with world.platform.transaction() as session:
        kept, other = (
            login_sessions.open_session(session, world.platform, world.ide_dubois, Way.PASSWORD) for _ in range(2)
        )
    assert login_sessions.end_all(world.platform, world.ide_dubois, keep=kept) == 1
    assert login_sessions.find(world.platform, kept) is not None
    assert login_sessions.find(world.platform, other) is None


def test_who_is_suspended_can_neither_be_invited_nor_suspended_again(world: World) -> None:
    made = create(world)
    people.suspend_person(world.platform, world.admin, made.id)
    for act in (people.suspend_person, people.invite_person):
        with pytest.raises(WrongStep):
            act(world.platform, world.admin, made.id)
    with world.platform.reading() as session:
        assert all(row.used_at for row in session.exec(select(PendingLogin)))
    with pytest.raises(WrongStep, match="pas suspendu"):
        people.restore_person(world.platform, world.admin, 1)


def test_the_last_administrator_can_be_neither_suspended_nor_demoted(world: World) -> None:
    own = world.admin.id or 0
    with pytest.raises(WrongStep, match="dernier administrateur"):
        people.suspend_person(world.platform, world.admin, own)
    seen = people.read_person(world.platform, world.admin, own)
    with pytest.raises(WrongStep, match="dernier administrateur"):
        people.change_person(
            world.platform, world.admin, own, replace(seen.draft, is_administrator=False), seen.version
        )


def test_a_suspended_administrator_does_not_count(world: World) -> None:
    second = create(world, is_administrator=True)
    people.suspend_person(world.platform, world.admin, second.id)
    with pytest.raises(WrongStep, match="dernier administrateur"):
        people.suspend_person(world.platform, world.admin, world.admin.id or 0)
    people.restore_person(world.platform, world.admin, second.id)
    assert people.suspend_person(world.platform, world.admin, world.admin.id or 0).suspended


def test_the_list_finds_by_every_word_without_accents_or_capitals(world: World) -> None:
    create(world)
    for text, logins in (
        ("etoile tilleuls", ["z.etoile"]),
        ("99700000037", ["ide.dubois"]),
        ("TILLEULS", ["ide.dubois", "z.etoile", "dr.petit"]),
        ("%", []),
    ):
        found = people.list_people(world.platform, world.admin, text)
        assert [row.login for row in found.rows] == logins, text


def test_a_person_who_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        people.read_person(world.platform, world.admin, 4711)


def test_other_administrators_hear_of_a_change(world: World) -> None:
    heard: list[object] = []
    world.platform.bus.subscribe("administration", heard.append)
    create(world)
    assert heard == [{"what": "people"}]


# ---- the first administrator


def without_administrators(world: World) -> None:
    with world.platform.transaction() as session:
        admin = session.get_one(Professional, world.admin.id)
        admin.is_administrator = False
        session.add(admin)


def test_the_first_administrator_is_made_once(world: World) -> None:
    without_administrators(world)
    link = first.create_first(world.platform, "A.Renard", "a@b.example")
    again = first.create_first(world.platform, "a.renard", "a@b.example")  # has never logged in: a new link
    with world.platform.reading() as session:
        person = session.exec(select(Professional).where(Professional.login == "a.renard")).one()
        assert pending.look(session, world.platform, "reset", link_secret(again)).professional_id == person.id
        with pytest.raises(LoginExpired):
            pending.look(session, world.platform, "reset", link_secret(link))
    assert person.is_administrator
    assert journal(world)[-1].action == "administrator.first"
    with world.platform.transaction() as session:
        login_sessions.open_session(session, world.platform, person, Way.PASSWORD)
    with pytest.raises(WrongStep, match="déjà un administrateur"):
        first.create_first(world.platform, "a.renard", "a@b.example")


def test_where_there_is_an_administrator_the_command_line_makes_none(world: World) -> None:
    with pytest.raises(WrongStep, match="déjà un administrateur"):
        first.create_first(world.platform, "b.renard", "b@b.example")


def test_the_command_line_prints_the_link_once_and_refuses_a_second_administrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = {
        "COOKIE_SECRET": "s3cret",
        "FILE_KEY": "0" * 64,
        "PUBLIC_URL": "https://tele.example",
        "VAR": str(tmp_path),
    }
    for name, value in secrets.items():
        monkeypatch.setenv(f"TD_{name}", value)
    assert main(["admin", "create-first", "--login", "a.renard", "--email", "a@b.example"]) == 0
    assert "https://tele.example/connexion/nouveau-mot-de-passe/" in capsys.readouterr().out
    assert main(["admin", "create-first", "--login", "b.renard", "--email", "b@b.example"]) == 1
    assert "déjà un administrateur" in capsys.readouterr().err


def test_two_administrators_cannot_send_each_other_away_at_once(tmp_path: Path) -> None:
    world = small_world(database_url=f"sqlite:///{tmp_path / 'house.db'}")
    second = create(world, is_administrator=True)
    with world.platform.reading() as session:
        other = session.get_one(Professional, second.id)
    start = Barrier(2)

    def suspend(actor: Professional, whom: int) -> bool:
        start.wait()
        try:
            return people.suspend_person(world.platform, actor, whom).suspended
        except TeledossierError:
            return False

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(suspend, (world.admin, other), (second.id, world.admin.id or 0)))
    assert sorted(done) == [False, True]
    world.platform.engine.dispose()
