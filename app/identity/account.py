"""What people change about their own account in « Paramètres », and what follows."""

from __future__ import annotations

from app.audit import service as audit
from app.errors import InvalidInput
from app.identity import confirming, contacts, password_change
from app.identity.models import Professional
from app.identity.notices import Tell, tell_change
from app.platform import Platform

CHANGED = {
    ("mobile",): "Le numéro de mobile de votre compte a été changé.",
    ("email",): "L'adresse de courriel de votre compte a été changée.",
    ("mobile", "email"): "Le numéro de mobile et l'adresse de courriel de votre compte ont été changés.",
}


def change_contact(
    platform: Platform,
    actor: Professional,
    login_secret: str | None,
    *,
    mobile: str,
    email: str,
    password: str,
    tell: Tell,
) -> bool:
    """Change one's mobile number and e-mail address, where one-time codes go; answers whether anything was new.

    The address known until now hears of it, so that a thief cannot move the codes unseen. The journal keeps which of
    the two changed, not what they were. May check a password (confirming.check): call it in a thread.

    Raises: InvalidInput, ConfirmationNeeded, WrongCredentials, TooManyAttempts.
    """
    new = {"mobile": contacts.mobile(mobile), "email": contacts.email(email)}
    changed = [name for name, value in new.items() if getattr(actor, name) != value]
    if not changed:
        return False
    if not any(new.values()):
        raise InvalidInput("Gardez au moins un mobile ou un courriel : sans eux, aucun code ne peut vous parvenir.")
    confirming.check(platform, actor, login_secret, password)
    now = platform.now()
    with platform.transaction() as session:
        person = session.get_one(Professional, actor.id)
        before = person.email
        person.mobile, person.email = new["mobile"], new["email"]
        session.add(person)
        if "email" in changed:  # a link sent to the former address must not open this account
            password_change.void_links(session, platform, person)
        audit.record(session, now, person, "contact.changed", detail={"fields": changed})
        tell_change(session, now, person, CHANGED[tuple(changed)], tell, to=before)
    return True
