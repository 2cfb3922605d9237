"""The routes of « Paramètres » and of the login by passkey."""

from __future__ import annotations

from app.web.account import (
    Account,
    Contact,
    PasskeyBegin,
    PasskeyNew,
    PasskeyRemove,
    PasskeyRename,
    Password,
    SessionEnd,
    SessionsEnd,
)
from app.web.login_passkey import PasskeyLogin, PasskeyLoginBegin

NUMBER = r"(\d{1,12})"

ROUTES = [
    (r"/connexion/cle/debut", PasskeyLoginBegin),
    (r"/connexion/cle", PasskeyLogin),
    (r"/parametres/?", Account),
    (r"/parametres/coordonnees", Contact),
    (r"/parametres/mot-de-passe", Password),
    (r"/parametres/cles/debut", PasskeyBegin),
    (r"/parametres/cles", PasskeyNew),
    (rf"/parametres/cles/{NUMBER}/nom", PasskeyRename),
    (rf"/parametres/cles/{NUMBER}/retrait", PasskeyRemove),
    (rf"/parametres/sessions/{NUMBER}/fin", SessionEnd),
    (r"/parametres/sessions/fin", SessionsEnd),
]
