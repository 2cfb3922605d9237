"""What our server asks of the demo's provider: discovery, keys, tokens, userinfo, and logins by telephone (CIBA)."""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from app.demo.psc import desk as desks
from app.demo.psc import identities, minting
from app.demo.psc.desk import Desk, Refused
from app.web.base import Handler

BASE = "/demo/psc"
CIBA_GRANT = "urn:openid:params:grant-type:ciba"

_desks: dict[str, Desk] = {}


class ProviderHandler(Handler):
    """A page or an endpoint of the provider; nothing of it exists outside the demo."""

    public = True

    def prepare(self) -> Any:
        if not self.platform.settings.demo:
            raise HTTPError(404)
        return super().prepare()

    @property
    def issuer(self) -> str:
        return self.platform.settings.psc_issuer

    @property
    def desk(self) -> Desk:
        return _desks.setdefault(self.issuer, Desk(self.platform.now))

    @property
    def key_file(self) -> Path:
        return self.platform.settings.var / "psc-demo.pem"


class Endpoint(ProviderHandler):
    """Asked by a server: there is no page whose Origin could be checked, and no cookie counts."""

    def prepare(self) -> Any:
        if not self.platform.settings.demo:
            raise HTTPError(404)

    def check_client(self) -> None:
        """HTTP Basic (RFC 6749 2.3.1). Raises: Refused (invalid_client)."""
        settings = self.platform.settings
        expected = f"{settings.psc_client_id}:{settings.psc_client_secret.get_secret_value()}"
        given = self.request.headers.get("Authorization", "")
        basic = "Basic " + base64.b64encode(expected.encode()).decode()
        if not hmac.compare_digest(given.encode(), basic.encode()):
            raise Refused("invalid_client")

    def error(self, refused: Refused) -> None:
        self.set_status(401 if refused.error in ("invalid_client", "invalid_token") else 400)
        self.send_json({"error": refused.error, "error_description": refused.description})


class Discovery(Endpoint):
    def get(self) -> None:
        issuer = self.issuer
        self.send_json(
            {
                "issuer": issuer,
                "authorization_endpoint": issuer + "/auth",
                "token_endpoint": issuer + "/token",
                "userinfo_endpoint": issuer + "/userinfo",
                "jwks_uri": issuer + "/certs",
                "end_session_endpoint": issuer + "/logout",
                "backchannel_authentication_endpoint": issuer + "/ciba",
                "backchannel_token_delivery_modes_supported": ["poll"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "grant_types_supported": ["authorization_code", CIBA_GRANT],
                "scopes_supported": ["openid", "scope_all"],
                "acr_values_supported": ["eidas1"],
                "code_challenge_methods_supported": ["S256"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        )


class Keys(Endpoint):
    async def get(self) -> None:
        self.send_json(await asyncio.to_thread(minting.public_keys, self.key_file))


class Token(Endpoint):
    async def post(self) -> None:
        try:
            self.check_client()
            match self.get_body_argument("grant_type", ""):
                case "authorization_code":
                    grant = self.desk.redeem(
                        self.get_body_argument("code", ""),
                        self.get_body_argument("redirect_uri", ""),
                        self.get_body_argument("code_verifier", ""),
                    )
                    answer = await self.granted(grant.rpps, {"nonce": grant.parameters["nonce"]})
                case grant_type if grant_type == CIBA_GRANT:
                    request = self.desk.poll(self.get_body_argument("auth_req_id", ""))
                    answer = await self.granted(request.rpps, {})
                case _:
                    raise Refused("unsupported_grant_type")
        except Refused as refused:
            self.error(refused)
            return
        self.send_json(answer)

    async def granted(self, rpps: str, more: dict[str, Any]) -> dict[str, Any]:
        holder = identities.holders(self.platform)[rpps]
        now = int(self.platform.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": holder.subject,
            "aud": self.platform.settings.psc_client_id,
            "azp": self.platform.settings.psc_client_id,
            "iat": now,
            "exp": now + desks.TOKEN_SECONDS,
            "auth_time": now,
            "acr": "eidas1",
            "typ": "ID",
            "preferred_username": "8" + rpps,
        }
        return {
            "access_token": self.desk.access_token(rpps),
            "token_type": "Bearer",
            "expires_in": desks.TOKEN_SECONDS,
            "id_token": await asyncio.to_thread(minting.id_token, self.key_file, claims | more),
        }


class UserInfo(Endpoint):
    def get(self) -> None:
        try:
            rpps = self.desk.holder_of(self.request.headers.get("Authorization", "").removeprefix("Bearer "))
        except Refused as refused:
            self.error(refused)
            return
        self.send_json(identities.traits(identities.holders(self.platform)[rpps]))


class Backchannel(Endpoint):
    """A login by telephone (CIBA 7). The number shown is the client's: `binding_message`."""

    def post(self) -> None:
        try:
            self.check_client()
            if "openid" not in self.get_body_argument("scope", "").split():
                raise Refused("invalid_scope")
            rpps = self.get_body_argument("login_hint", "").removeprefix("8")
            if rpps not in identities.holders(self.platform):
                raise Refused("unknown_user_id")
            number = self.get_body_argument("binding_message", "")
            if not re.fullmatch(r"[0-9]{2}", number):
                raise Refused("invalid_binding_message", "two digits")
            request = self.desk.ask(rpps, number)
        except Refused as refused:
            self.error(refused)
            return
        lifetime = int(desks.REQUEST_LIFETIME.total_seconds())
        self.send_json({"auth_req_id": request.id, "expires_in": lifetime, "interval": request.interval})
