"""What Pro Santé Connect says of somebody, and what may be missing from it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from app.identity.psc import claims, refusals, sealing
from app.identity.psc.provider import is_loopback

# The shape of a test identity of the sandbox, with a number of the test range.
COMPLETE: dict[str, Any] = {
    "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700427885",
    "SubjectNameID": "899700427885",
    "preferred_username": "899700427885",
    "given_name": "KIT",
    "family_name": "DOC0042788",
    "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"],
    "otherIds": [{"identifiant": "899700427885", "origine": "RPPS", "qualite": 1}],
    "SubjectRefPro": {
        "codeCivilite": "M",
        "exercices": [
            {
                "codeProfession": "10",
                "codeCiviliteDexercice": "DR",
                "nomDexercice": "DOC0042788",
                "prenomDexercice": "KIT",
                "activities": [
                    {"codeModeExercice": "L", "raisonSocialeSite": "CABINET M DOC0042788", "numeroFinessSite": ""},
                    {
                        "codeModeExercice": "S",
                        "raisonSocialeSite": "HOPITAL GENERIQUE",
                        "numeroFinessSite": "0B0193488",
                    },
                ],
            }
        ],
    },
}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in COMPLETE.items() if name not in names}


def test_a_complete_identity_is_read_with_its_places_of_practice() -> None:
    identity = claims.read(COMPLETE)
    assert identity is not None
    assert (identity.subject, identity.rpps, identity.full_name) == ("899700427885", "99700427885", "Dr KIT DOC0042788")
    assert [each.label for each in identity.situations] == [
        "Médecin · CABINET M DOC0042788 (libéral)",
        "Médecin · HOPITAL GENERIQUE (salarié)",
    ]


def test_a_missing_reference_leaves_the_name_and_the_role() -> None:
    identity = claims.read(without("SubjectRefPro"))
    assert identity is not None
    assert (identity.family_name, identity.profession, identity.situations) == ("DOC0042788", "10", ())


@pytest.mark.parametrize("reference", [None, "x", [], {"exercices": None}, {"exercices": ["x", {"activities": "x"}]}])
def test_a_reference_of_another_shape_breaks_nothing(reference: Any) -> None:
    identity = claims.read(COMPLETE | {"SubjectRefPro": reference})
    assert identity is not None
    assert identity.situations == ()


@pytest.mark.parametrize("subject", ["ANS20231122132732", "30B0168811/CPET00001"])
def test_an_identifier_that_is_no_rpps_number_is_a_key_all_the_same(subject: str) -> None:
    identity = claims.read({"sub": "f:x:y", "SubjectNameID": subject, "otherIds": []})
    assert identity is not None
    assert (identity.subject, identity.rpps) == (subject, None)


@pytest.mark.parametrize("spelling", ["otherIds", "otherIDs"])
def test_the_rpps_number_may_stand_among_other_identifiers(spelling: str) -> None:
    others = [{"identifiant": "ANS1", "origine": "EDIT"}, {"identifiant": "899700427885", "origine": "RPPS"}]
    identity = claims.read({"SubjectNameID": "ANS20231122132732", spelling: others})
    assert identity is not None
    assert identity.rpps == "99700427885"


def test_two_rpps_numbers_that_disagree_are_none() -> None:
    identity = claims.read(COMPLETE | {"otherIds": [{"identifiant": "899700000011", "origine": "RPPS"}]})
    assert identity is not None
    assert identity.rpps is None


def test_an_identifier_of_another_origin_is_no_rpps_number() -> None:
    identity = claims.read({"SubjectNameID": "ANS1", "otherIds": [{"identifiant": "899700000011", "origine": "EDIT"}]})
    assert identity is not None
    assert identity.rpps is None


@pytest.mark.parametrize("subject", [None, "", "  ", 8, ["8"]])
def test_without_an_identifier_there_is_nobody(subject: Any) -> None:
    assert claims.read(without("preferred_username") | {"SubjectNameID": subject}) is None


def test_the_preferred_name_stands_in_for_a_missing_identifier() -> None:
    identity = claims.read(without("SubjectNameID"))
    assert identity is not None
    assert identity.subject == "899700427885"


def test_what_a_pending_login_keeps_opens_only_with_its_own_secret() -> None:
    sealed = sealing.seal("one", {"auth_req_id": "x"})
    assert sealing.unseal("one", sealed) == {"auth_req_id": "x"}
    with pytest.raises(InvalidTag):
        sealing.unseal("another", sealed)


def test_state_nonce_and_verifier_are_apart_and_long_enough_for_pkce() -> None:
    drawn = {sealing.derived("one", purpose) for purpose in ("state", "nonce", "verifier")}
    assert len(drawn) == 3
    assert all(len(each) == 43 for each in drawn)


def test_the_challenge_is_the_one_of_the_specification() -> None:  # RFC 7636, appendix B
    assert (
        sealing.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_only_this_machine_may_be_asked_without_tls() -> None:
    assert is_loopback("http://localhost:5006/demo/psc")
    assert not is_loopback("http://auth.example.fr")
    assert not is_loopback("http://localhost.evil.example")
    assert not is_loopback("https://localhost")


def test_every_message_ends_with_what_to_do() -> None:
    verbs = (
        "Choisissez",
        "Recommencez",
        "réessayez",
        "Réessayez",
        "Demandez",
        "Appelez",
        "appelez",
        "Utilisez",
        "Répondez",
        "Vérifiez",
    )
    assert [reason for reason, text in refusals.MESSAGES.items() if not any(verb in text for verb in verbs)] == []
