"""Every route of ours, as `panel serve --plugins` wants them: a list `ROUTES`."""

from app.web.login import Login, Logout, Root
from app.web.login_card import ROUTES as CARD
from app.web.portal import Portal
from app.web.routes_documents import ROUTES as DOCUMENTS
from app.web.routes_teleconsultation import ROUTES as TELECONSULTATION

ROUTES = [
    (r"/", Root),
    (r"/connexion/?", Login),
    (r"/deconnexion/?", Logout),
    (r"/portail/?", Portal),
    *CARD,
    *DOCUMENTS,
    *TELECONSULTATION,
]
