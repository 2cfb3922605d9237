// A provider that is not ours, for our client: npm's `oidc-provider`, dressed as Pro Santé Connect.
//
//     node psc_provider.mjs PORT CLIENT_ID SECRET REDIRECT_URI AFTER_LOGOUT_URI
//
// Code flow with PKCE demanded, no consent page, CIBA by polling. Beside it a telephone without a screen:
// GET /telephone lists what rings, POST /telephone answers. Says "ready" once it listens.
import crypto from "node:crypto";
import http from "node:http";
import { Provider, errors } from "oidc-provider";

const [port, clientId, secret, redirectUri, afterLogout] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const CIBA = "urn:openid:params:grant-type:ciba";
const CIBA_SECONDS = Number(process.env.CIBA_SECONDS || 120);

const traits = (rpps, family, given, profession) => ({
  SubjectNameID: `8${rpps}`,
  preferred_username: `8${rpps}`,
  family_name: family,
  given_name: given,
  SubjectRole: [`${profession}^1.2.250.1.213.1.1.5.5`],
  otherIDs: [{ identifiant: `8${rpps}`, origine: "RPPS", qualite: 1 }],
});
const people = new Map([
  ["99700000011", traits("99700000011", "MARTIN", "Claire", "10")],
  ["99700000060", traits("99700000060", "ROUX", "Anne", "10")],
]);
const accountOf = (rpps) => `f:realm:8${rpps}`;
const rppsOf = (account) => account.slice(-11);

/** What rings: { id, rpps, number, choices, answer, login? , ciba? } */
const ringing = new Map();
const draw = () => String(crypto.randomInt(10, 100));
function ring(rpps, number, more) {
  const choices = new Set([number]);
  while (choices.size < 3) choices.add(draw());
  const request = { id: crypto.randomUUID(), rpps, number, choices: [...choices].sort(), answer: null, ...more };
  ringing.set(request.id, request);
  return request;
}

async function granted(client, account, scope) {
  const grant = new provider.Grant({ clientId: client, accountId: account });
  grant.addOIDCScope(scope);
  await grant.save();
  return grant;
}

const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "peer" }] },
  cookies: { keys: [crypto.randomBytes(16).toString("hex")] },
  clients: [
    {
      client_id: clientId,
      client_secret: secret,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [afterLogout],
      grant_types: ["authorization_code", CIBA],
      response_types: ["code"],
      backchannel_token_delivery_mode: "poll",
      token_endpoint_auth_method: "client_secret_basic",
      id_token_signed_response_alg: "RS256",
    },
  ],
  scopes: ["openid", "scope_all"],
  acrValues: ["eidas1"],
  claims: { acr: null, auth_time: null, iss: null, openid: ["sub"], scope_all: Object.keys([...people.values()][0]) },
  pkce: { required: () => true },
  ttl: {
    AccessToken: 120,
    AuthorizationCode: 60,
    BackchannelAuthenticationRequest: CIBA_SECONDS,
    Grant: 600,
    IdToken: 120,
    Interaction: 600,
    Session: 600,
  },
  findAccount: (_context, account) => {
    const person = people.get(rppsOf(account));
    return person && { accountId: account, claims: async () => ({ sub: account, ...person }) };
  },
  interactions: { url: (_context, interaction) => `/personne/${interaction.uid}` },
  loadExistingGrant: ({ oidc }) => granted(oidc.client.clientId, oidc.session.accountId, "openid scope_all"),
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ["poll"],
      processLoginHint: async (_context, hint) => (people.has(hint.slice(1)) ? accountOf(hint.slice(1)) : undefined),
      validateBindingMessage: async (_context, message) => {
        if (!/^\d{2}$/.test(message ?? "")) throw new errors.InvalidBindingMessage("two digits");
      },
      validateRequestContext: async () => {},
      verifyUserCode: async () => {},
      triggerAuthenticationDevice: async (context, request, account) => {
        ring(rppsOf(account.accountId), context.oidc.params.binding_message, { ciba: request.jti });
      },
    },
  },
});

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

const page = (response, text, headers = {}) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers });
  response.end(text);
};

async function person(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  const asked = [...ringing.values()].find((each) => each.login === uid);
  if (request.method === "POST" && !asked) {
    ring((await body(request)).get("rpps"), draw(), { login: uid });
    response.writeHead(303, { location: `/personne/${uid}` });
    response.end();
  } else if (!asked) page(response, "<form method=post><input name=rpps></form>");
  else if (asked.answer === null) page(response, `<b id="numero">${asked.number}</b>`);
  else if (!asked.answer) await provider.interactionFinished(request, response, { error: "access_denied" });
  else {
    const login = { accountId: accountOf(asked.rpps), acr: "eidas1", remember: false };
    await provider.interactionFinished(request, response, { login });
  }
}

async function telephone(request, response) {
  if (request.method === "POST") {
    const form = await body(request);
    const asked = ringing.get(form.get("id"));
    asked.answer = form.get("number") === asked.number;
    if (asked.ciba && asked.answer) {
      const waiting = await provider.BackchannelAuthenticationRequest.find(asked.ciba);
      const grant = await granted(waiting.clientId, waiting.accountId, waiting.scope);
      await provider.backchannelResult(waiting, grant, { acr: "eidas1", authTime: Math.floor(Date.now() / 1000) });
    } else if (asked.ciba) await provider.backchannelResult(asked.ciba, new errors.AccessDenied());
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify([...ringing.values()].filter((each) => each.answer === null)));
}

const callback = provider.callback();
const server = http.createServer(async (request, response) => {
  try {
    request.url = request.url.replace("wallet-openid-configuration", "openid-configuration");
    if (request.url.startsWith("/personne/")) await person(request, response);
    else if (request.url === "/telephone") await telephone(request, response);
    else await callback(request, response);
  } catch (wrong) {
    response.writeHead(500, { "content-type": "text/plain" });
    response.end(String(wrong));
  }
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
