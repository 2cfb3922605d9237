"""What an administrator may type, and what they are told otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.administration import values
from app.errors import InvalidInput
from app.identity import contacts
from app.identity.ways import Way
from app.settings import Settings

PRODUCTION, DEMO = Settings(demo=False), Settings(demo=True)


@pytest.mark.parametrize(
    ("check", "typed", "kept"),
    [
        (values.login, " Dr.Martin ", "dr.martin"),
        (values.mobile, "06 99 00 00 11", "+33699000011"),
        (values.mobile, "0033 6 99 00 00 11", "+33699000011"),
        (values.mobile, "+33 (0)7.99.00.00.11", "+33799000011"),
        (values.mobile, "+32 470 12 34 56", "+32470123456"),
        (values.mobile, "", ""),
        (values.finess, "14 000 000 1", "140000001"),
        (values.finess, "2a0000014", "2A0000014"),
        (values.email, " z.etoile@ehpad.example ", "z.etoile@ehpad.example"),
        (values.networks, "10.1.2.3/16, 2001:db8::/32\n10.1.0.0/16", "10.1.0.0/16 2001:db8::/32"),
        (values.networks, "192.0.2.7", "192.0.2.7/32"),
        (values.phone, "02 61 91  00 20", "02 61 91 00 20"),
        (lambda text: values.name(text, "Nom"), "  D'Étoile-du  Nord ", "D'Étoile-du Nord"),
        (lambda text: values.rpps(text, PRODUCTION), "997 0000 0013", "99700000013"),
    ],
)
def test_a_value_is_made_regular(check: Callable[[str], str], typed: str, kept: str) -> None:
    assert check(typed) == kept


@pytest.mark.parametrize(
    ("check", "typed", "words"),
    [
        (values.login, "", "manquant"),
        (values.login, "é.toile", "Identifiant incorrect"),
        (values.login, "a b", "Identifiant incorrect"),
        (values.login, "<img>", "Identifiant incorrect"),
        (values.login, "a" * 51, "Identifiant incorrect"),
        (values.mobile, "02 61 91 00 20", "Mobile incorrect"),
        (values.mobile, "06 99 00 00 1", "Mobile incorrect"),
        (values.mobile, "+33 1 61 91 00 20", "Mobile incorrect"),
        (values.mobile, "+0699000011", "Mobile incorrect"),
        (values.mobile, "٠٦٩٩٠٠٠٠١١", "Mobile incorrect"),
        (values.finess, "610000001", "FINESS incorrect \\(clé\\)"),
        (values.finess, "1400000", "FINESS incorrect \\(9 chiffres"),
        (values.email, "z.etoile", "Courriel incorrect"),
        (values.email, "a@b", "Courriel incorrect"),
        (values.email, "a@b.fr\nBcc: c@d.fr", "Courriel incorrect"),
        (values.networks, "10.1.2.3/33", "Réseau incorrect"),
        (values.networks, "partout", "Réseau incorrect"),
        (values.phone, "appelez-moi", "Téléphone incorrect"),
        (lambda text: values.name(text, "Nom"), "   ", "Nom manquant"),
        (lambda text: values.name(text, "Nom"), "12", "Nom incorrect"),
        (lambda text: values.name(text, "Nom"), "<b>Un</b>", "Nom incorrect"),
        (lambda text: values.name(text, "Nom"), "Un\u202edeux", "Nom incorrect"),
        (lambda text: values.name(text, "Nom"), "a" * 81, "trop long"),
        (lambda text: values.words(text, "Qualité"), "a\x07b", "ne peut pas s'afficher"),
        (lambda text: values.rpps(text, PRODUCTION), "9970000001", "11 chiffres"),
        (lambda text: values.rpps(text, PRODUCTION), "99700000012", "clé"),
        (lambda text: values.rpps(text, PRODUCTION), "٩٩٧٠٠٠٠٠٠١٣", "11 chiffres"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words(check: Callable[[str], str], typed: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check(typed)


@pytest.mark.parametrize(
    "typed", ["+32 (0)470 12 34 56", "(06) 99 00 00 11", "06/99/00/00/11", "+1٢٣٤٥٦٧٨٩", "+33 0 6 99 00 00 11"]
)
def test_a_mobile_is_right_for_an_administrator_where_it_is_for_the_person(typed: str) -> None:
    def kept(check: Callable[[str], str]) -> str:
        try:
            return check(typed)
        except InvalidInput:
            return "refused"

    assert kept(values.mobile) == kept(contacts.mobile)


def test_the_fictional_numbers_of_the_demo_are_good_in_the_demo_only() -> None:
    assert values.rpps("99700000011", DEMO) == "99700000011"
    with pytest.raises(InvalidInput):
        values.rpps("99700000012", DEMO)
    with pytest.raises(InvalidInput):
        values.rpps("99700000011", PRODUCTION)


@pytest.mark.parametrize(("digits", "rest"), [("79927398713", 0), ("99700427885", 0), ("99700427886", 1)])
def test_luhn_is_that_of_the_standard(digits: str, rest: int) -> None:
    assert values.luhn(digits) == rest


def test_one_way_to_log_in_stays_open() -> None:
    offered = [Way.CARD, Way.PASSWORD]
    assert values.open_ways(["password"], offered) == "password"
    assert values.open_ways(["password", "card"], offered) == ""
    for chosen in ([], ["psc"], ["nonsense"]):
        with pytest.raises(InvalidInput, match="au moins un moyen"):
            values.open_ways(chosen, offered)
