"""The addresses of the demo's provider and of its telephone."""

from app.demo.psc.endpoints import BASE, Backchannel, Discovery, Keys, Token, UserInfo
from app.demo.psc.pages import Authorize, Cancel, Logout, Person
from app.demo.psc.telephone import ADDRESS, Telephone

ROUTES = [
    (BASE + r"/\.well-known/wallet-openid-configuration", Discovery),
    (BASE + r"/certs", Keys),
    (BASE + r"/token", Token),
    (BASE + r"/userinfo", UserInfo),
    (BASE + r"/ciba", Backchannel),
    (BASE + r"/auth", Authorize),
    (BASE + r"/auth/([\w-]+)", Person),
    (BASE + r"/auth/([\w-]+)/annuler", Cancel),
    (BASE + r"/logout", Logout),
    (ADDRESS + r"/?", Telephone),
]
