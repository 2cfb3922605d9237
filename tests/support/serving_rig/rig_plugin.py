"""Routes of the rig: logging out, as the product's web plugin will do it."""

from typing import Any

from tornado.web import RequestHandler

from app.identity import login_sessions
from app.server import plugin
from app.server.auth import login_secret
from app.server.context import platform


class Logout(RequestHandler):
    def post(self) -> None:
        login_sessions.end(platform(), login_secret(self))
        self.clear_cookie(platform().settings.session_cookie)
        self.redirect("/connexion")


class Login(RequestHandler):
    def get(self) -> None:
        self.finish("<!doctype html><title>Connexion</title><h1>Connexion</h1>")


ROUTES: list[Any] = [*plugin.ROUTES, (r"/deconnexion", Logout), (r"/connexion", Login)]
