"""The link with which somebody sets their password, and the letter that carries it.

The link is a pending login of purpose « reset »: single-use, seven days, only its SHA-256 is kept.
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from app import french
from app.db import key
from app.identity import pending
from app.identity.models import Professional
from app.identity.notices import tell_change
from app.identity.password_change import PURPOSE
from app.messaging import service as outbox
from app.platform import Platform

VALID_FOR = timedelta(days=7)
TOPIC = "account"  # of outbox rows
SUBJECT = "Votre compte Télédossier"

MOVED = {
    ("mobile",): "le numéro de mobile",
    ("email",): "l'adresse de courriel",
    ("mobile", "email"): "le numéro de mobile et l'adresse de courriel",
}

_TEXT = """\
Bonjour {name},

Un compte vous a été ouvert sur Télédossier, la plateforme de télémédecine.

Votre identifiant : {login}

Pour choisir votre mot de passe, ouvrez ce lien :

{link}

Ce lien est personnel et ne sert qu'une fois. Il est valable jusqu'au {until} (heure de Paris).
Ensuite, demandez-en un autre à votre administrateur.

Une difficulté ? Appelez l'assistance au {phone}.

Si ce message ne vous est pas destiné, ne faites rien et prévenez l'assistance.
Ce message est envoyé automatiquement : les réponses ne sont pas lues.
"""


def password_link(session: Session, platform: Platform, person: Professional) -> str:
    """A new link to set a password, in the caller's transaction."""
    secret = pending.begin(session, platform, PURPOSE, {}, VALID_FOR, professional_id=key(person))
    return platform.settings.url(f"/connexion/nouveau-mot-de-passe/{secret}")


def tell_moved(session: Session, platform: Platform, person: Professional, to: str, changed: list[str]) -> None:
    """Tell the address known until now that codes go elsewhere from here on; nothing where they do not."""
    moved = tuple(name for name in ("mobile", "email") if name in changed)
    if moved:
        what = f"Un administrateur a changé {MOVED[moved]} de votre compte."
        tell_change(session, platform.now(), person, what, outbox.queue_mail, to=to)


def invite(session: Session, platform: Platform, person: Professional) -> None:
    """Queue the letter that invites somebody to set their password; void former links first. Call `outbox.announce` after the commit."""
    moment = french.local(platform.now() + VALID_FOR)
    text = _TEXT.format(
        name=person.full_name,
        login=person.login,
        link=password_link(session, platform, person),
        until=f"{french.long_date(moment.date())} à {french.spoken_hour(moment)}",
        phone=platform.settings.assistance_phone,
    )
    outbox.queue_mail(session, platform.now(), person.email, SUBJECT, text, TOPIC, key(person))
