"""The routes of the room and of invited persons."""

from __future__ import annotations

from app.web.direct import DirectSocket
from app.web.guest import SOCKET, GuestPage
from app.web.room_files import ROUTES as FILES
from app.web.signalling import GuestSocket, ProfessionalSocket

ROUTES = [
    (r"/api/salle", ProfessionalSocket),
    (r"/api/messages", DirectSocket),
    (SOCKET, GuestSocket),
    # Any other shape is an altered link, and is told so in plain words.
    (r"/invitation/([^/]{1,200})", GuestPage),
    (r"/invitation/?", GuestPage),
    *FILES,
]
