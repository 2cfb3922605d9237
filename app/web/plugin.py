"""Every route of ours, as `panel serve --plugins` wants them: a list `ROUTES`."""

from app.web.login import Login, Logout, Root
from app.web.login_card import ROUTES as CARD
from app.web.login_password import Forgotten, NewPassword
from app.web.login_psc import ROUTES as PSC
from app.web.login_strong import AskCode, Code, ResendCode
from app.web.portal import Portal
from app.web.routes_account import ROUTES as ACCOUNT
from app.web.routes_administration import ROUTES as ADMINISTRATION
from app.web.routes_documents import ROUTES as DOCUMENTS
from app.web.routes_teleconsultation import ROUTES as TELECONSULTATION

ROUTES = [
    (r"/", Root),
    (r"/connexion/?", Login),
    (r"/connexion/forte", AskCode),
    (r"/connexion/code", Code),
    (r"/connexion/code/renvoi", ResendCode),
    (r"/connexion/oubli", Forgotten),
    (r"/connexion/nouveau-mot-de-passe/([\w-]{1,100})", NewPassword),
    (r"/deconnexion/?", Logout),
    (r"/portail/?", Portal),
    *ADMINISTRATION,
    *ACCOUNT,
    *PSC,
    *CARD,
    *DOCUMENTS,
    *TELECONSULTATION,
]
