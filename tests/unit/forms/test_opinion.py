"""Rules of the expert's opinion: drafts, optimistic lock, one signature."""

from __future__ import annotations

import pytest
import sqlalchemy.exc
from sqlmodel import select

from app.dossiers.models import Step
from app.dossiers.service import read_dossier
from app.errors import (
    AccessDenied,
    IncompleteForm,
    InvalidInput,
    Locked,
    NotFound,
    StaleDraft,
    TeledossierError,
    WrongStep,
)
from app.forms import service
from app.forms.models import FormKind, FormResponse
from app.forms.questionnaire import load, merged, readable
from app.identity.models import Professional
from tests.support.people import World, small_world

NUMBER = "TLM-2026-0001"
WHOLE = {
    "synthese": "Confusion aiguë.",
    "conduite": "Arrêter l'oxybutynine.",
    "vigilance": "fluctuante",
    "nouvelle": True,
}


@pytest.fixture
def world() -> World:
    return small_world()


def save(
    world: World, answers: object, revision: int = 0, actor: Professional | None = None, number: str = NUMBER
) -> int:
    actor = actor or world.dr_martin
    return service.save_draft(world.platform, actor, number, FormKind.OPINION, answers, revision).revision  # type: ignore[arg-type]


def sign(world: World, revision: int, actor: Professional | None = None) -> service.SignedOpinion:
    with world.platform.transaction() as session:
        return service.seal_opinion(
            session, world.platform, actor or world.dr_martin, NUMBER, revision, world.platform.now()
        )


def test_a_draft_is_read_back_by_its_author_only(world: World) -> None:
    save(world, WHOLE)
    assert service.form_of(world.platform, world.dr_martin, NUMBER, FormKind.OPINION).answers == WHOLE
    seen = service.form_of(world.platform, world.ide_dubois, NUMBER, FormKind.OPINION)
    assert seen.hidden
    assert seen.answers == {}
    assert not seen.editable


@pytest.mark.parametrize("login", ["ide.dubois", "dr.petit", "ide.moreau", "dr.leroy", "admin"])
def test_only_the_requis_writes_or_signs_the_opinion(world: World, login: str) -> None:
    actor = world.people[login]
    with pytest.raises((AccessDenied, NotFound)):
        save(world, WHOLE, actor=actor)
    revision = save(world, WHOLE)
    with pytest.raises((AccessDenied, NotFound)):
        sign(world, revision, actor)


def test_a_draft_saved_from_an_old_revision_is_refused_and_the_newer_one_kept(world: World) -> None:
    save(world, {"synthese": "premier"})
    with pytest.raises(StaleDraft) as refused:
        save(world, {"synthese": "second"}, revision=0)
    assert refused.value.current == 1
    assert service.form_of(world.platform, world.dr_martin, NUMBER, FormKind.OPINION).answers == {"synthese": "premier"}


@pytest.mark.parametrize(
    "answers",
    [{"synthese": 3}, {"vigilance": "unknown"}, {"nouvelle": "yes"}, {"stranger": "x"}, {"pouls": "x" * 41}, {"synthese": ["x"]}],
)  # fmt: skip
def test_a_value_that_its_question_does_not_take_is_refused(world: World, answers: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        save(world, answers)
    assert service.form_of(world.platform, world.dr_martin, NUMBER, FormKind.OPINION).revision == 0


def test_signing_closes_the_dossier_and_locks_the_opinion_for_everybody(world: World) -> None:
    signed = sign(world, save(world, WHOLE))
    assert read_dossier(world.platform, world.dr_martin, NUMBER).step is Step.CLOSED
    for actor in (world.dr_martin, world.ide_dubois):
        seen = service.form_of(world.platform, actor, NUMBER, FormKind.OPINION)
        assert seen.answers == WHOLE
        assert not seen.editable
        assert seen.signed_at == signed.signed_at


def test_a_second_signature_or_edit_is_refused(world: World) -> None:
    revision = save(world, WHOLE)
    sign(world, revision)
    with pytest.raises(Locked):
        sign(world, revision)
    with pytest.raises(Locked):
        save(world, {"synthese": "autre"}, revision=revision)


def test_the_database_itself_refuses_to_change_a_signed_opinion(world: World) -> None:
    sign(world, save(world, WHOLE))
    with pytest.raises(sqlalchemy.exc.IntegrityError), world.platform.transaction() as session:
        kept = session.exec(select(FormResponse).where(FormResponse.signed_at.is_not(None))).first()  # type: ignore[union-attr]
        assert kept is not None
        kept.answers = "{}"
        session.add(kept)


def test_what_is_missing_is_named_before_signing(world: World) -> None:
    revision = save(world, {"synthese": "  ", "pouls": "88"})
    with pytest.raises(IncompleteForm) as refused:
        sign(world, revision)
    assert refused.value.missing == ["Synthèse et hypothèses", "Conduite à tenir"]
    assert read_dossier(world.platform, world.dr_martin, NUMBER).step is Step.PLANNED


def test_somebody_who_typed_meanwhile_stops_the_signature(world: World) -> None:
    save(world, WHOLE)
    save(world, WHOLE | {"equipe": "Merci"}, revision=1)
    with pytest.raises(StaleDraft):
        sign(world, 1)


@pytest.mark.parametrize("number", ["TLM-2026-0004"])
def test_a_cancelled_dossier_takes_no_opinion(world: World, number: str) -> None:
    with pytest.raises(WrongStep):
        save(world, WHOLE, number=number)


def test_a_refusal_never_carries_what_was_typed(world: World) -> None:
    with pytest.raises(TeledossierError) as refused:
        save(world, {"vigilance": "secret de Jeanne"})
    assert "Jeanne" not in str(refused.value)


def test_answers_are_read_in_the_words_of_the_form() -> None:
    sections = readable(load("avis-expert"), WHOLE)
    assert sections[0] == ("Examen pendant la téléconsultation", [("Vigilance", "Fluctuante")])
    assert ("Nouvelle téléconsultation utile", "Oui") in sections[1][1]


def test_a_saved_draft_is_told_by_its_number_alone(world: World) -> None:
    told: list[object] = []
    world.platform.bus.subscribe(service.DRAFT_SAVED, told.append)
    save(world, WHOLE)
    assert told == [{"number": NUMBER, "kind": "opinion", "revision": 1}]


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1", "b": "2"}),
        ({"a": "1"}, {"a": "3"}, {"a": "3"}),
        ({"a": "3"}, {"a": "3"}, {"a": "3"}),
        ({}, {"a": "1", "b": True}, {"b": True}),
        ({"a": "1", "b": False}, {"a": "1", "b": ""}, {"a": "1"}),
        ({"a": "2"}, {"a": "3"}, None),
        ({}, {"a": "3"}, None),
    ],
)
def test_answers_of_two_pages_are_brought_together_unless_they_contradict(
    mine: dict[str, str | bool], theirs: dict[str, str | bool], both: dict[str, str | bool] | None
) -> None:
    assert merged({"a": "1"}, mine, theirs) == both
