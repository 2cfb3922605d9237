"""The routes of the demo, as `panel serve --plugins app.demo.plugin` wants them: a list `ROUTES`."""

from __future__ import annotations

from app.demo.card import CardPage
from app.demo.figures import Figures
from app.demo.inbox import Inbox
from app.demo.loop_watch import Loop
from app.demo.psc.routes import ROUTES as PSC

ROUTES = [
    (r"/demo/boite/?", Inbox),
    (r"/demo/carte/?", CardPage),
    (r"/demo/mesures", Figures),
    (r"/demo/boucle", Loop),
    *PSC,
]
