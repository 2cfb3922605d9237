// @ts-check
/**
 * Logging in with a card: finds the reader agent of this machine, waits for the card, takes the code to it, and takes
 * what the card signed to the server. The code goes to the agent on loopback, and nowhere else.
 *
 * Texts for people are in the page (`templates/ways/card.html`), one section for each state.
 */

const WAIT = { card: 1_000, ready: 2_000, agent: 3_000, longest: 10_000 }; // ms between two looks
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const INSIDE = ["ready", "signing", "blocked", "expired", "revoked", "refused", "offline"]; // the card is in the reader
const NO_READER = ["searching", "permission", "denied", "no-agent", "foreign", "no-module", "no-reader"];

/** @template {HTMLElement} T @param {string} id @returns {T} */
const the = (id) => /** @type {T} */ (document.getElementById(id));

const root = the("card-login");
const form = /** @type {HTMLFormElement} */ (the("card-form"));
const code = /** @type {HTMLInputElement} */ (the("card-code"));
const help = the("card-help");
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
const agent = String(root.dataset.agent);

let now = "searching";
/** @type {any} what the agent said last */
let about = {};
let busy = false; // a code is on its way
let held = false; // a refusal stays until the card changes or the person begins again
let looking = false;
let misses = 0;
/** @type {number | undefined} */
let timer;

// ---- what is shown

/** @param {string} state @param {string} [title] what follows the section's own title @param {string} [said] */
function show(state, title, said) {
  now = state;
  root.dataset.now = state;
  root.dataset.card = INSIDE.includes(state) ? "in" : "out";
  for (const section of root.querySelectorAll("[data-state]")) {
    const shown = section instanceof HTMLElement && section.dataset.state === state;
    if (shown) fill(section, title, said);
    if (section instanceof HTMLElement && section.hidden === shown) section.hidden = !shown;
  }
  steps(NO_READER.includes(state) ? 0 : state === "no-card" ? 1 : 2);
  const open = state === "ready" && !busy;
  button.disabled = !open;
  if (code.disabled === open) {
    code.disabled = !open;
    if (open) code.focus();
  }
}

/** @param {HTMLElement} section @param {string} [title] @param {string} [said] */
function fill(section, title, said) {
  const heading = /** @type {HTMLElement} */ (section.querySelector("h3"));
  heading.dataset.own ??= heading.textContent ?? "";
  const text = heading.dataset.own + (title ?? "");
  if (heading.textContent !== text) heading.textContent = text; // only a change is read aloud
  const place = section.querySelector("[data-said]");
  if (place && said !== undefined) place.textContent = said;
}

/** @param {number} current */
function steps(current) {
  root.querySelectorAll(".steps li").forEach((step, index) => {
    step.classList.toggle("ok", index < current);
    step.classList.toggle("cur", index === current);
    if (index === current) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

/** @param {string} name one of the texts of the field's help @param {boolean} wrong */
function hint(name, wrong) {
  const text = help.dataset[name] ?? help.dataset.plain ?? "";
  if (help.textContent !== text) help.textContent = text;
  code.closest(".field")?.classList.toggle("field--err", wrong);
  code.setAttribute("aria-invalid", String(wrong));
}

// ---- the browser's permission to reach this machine (Chromium; others do not ask)

/** @returns {Promise<PermissionStatus | null>} null where no permission is needed, or the browser knows none */
async function permission() {
  if (LOOPBACK.includes(location.hostname) && !root.dataset.asks) return null; // from loopback to loopback
  for (const name of ["loopback-network", "local-network-access"]) {
    try {
      return await navigator.permissions.query({ name: /** @type {any} */ (name) });
    } catch {
      // an older name, or none
    }
  }
  return null;
}

async function begin() {
  const status = await permission();
  if (status) status.onchange = () => void begin();
  if (status?.state === "denied") show("denied");
  else if (status?.state === "prompt") show("permission");
  else search();
}

// ---- looking for the card

function search() {
  clearTimeout(timer);
  misses = 0;
  held = false;
  if (NO_READER.includes(now)) show("searching");
  void look();
}

async function look() {
  clearTimeout(timer);
  if (looking || document.hidden) return; // looked again when the page is seen
  looking = true;
  if (!busy) await lookOnce();
  looking = false;
  const without = ["no-agent", "foreign", "denied"].includes(now);
  const wait = without ? Math.min(WAIT.agent * (1 + misses), WAIT.longest) : now === "ready" ? WAIT.ready : WAIT.card;
  if (now !== "denied") timer = setTimeout(() => void look(), wait);
}

async function lookOnce() {
  let answer;
  try {
    answer = await fetch(`${agent}/info`, { cache: "no-store" });
  } catch {
    misses += 1;
    const status = await permission();
    if (!busy) show(status?.state === "denied" ? "denied" : "no-agent");
    return;
  }
  misses = 0;
  if (busy || answer.status === 429) return;
  if (answer.ok) heard(await answer.json());
  else show(answer.status === 403 ? "foreign" : "no-agent");
}

/** @param {any} said what the agent answered */
function heard(said) {
  if (busy) return;
  const changed = said.card !== about.card;
  about = said;
  if (changed) {
    held = false;
    code.value = "";
    hint("plain", false);
  }
  if (held) return;
  if (said.state !== "ready") show(said.state);
  else if (said.expired) show("expired", said.expires.split("-").reverse().join("/"));
  else {
    if (said.left < said.tries && !code.closest(".field--err")) hint(`left${said.left}`, false);
    show("ready", said.holder);
  }
}

// ---- the code, the card's signature, the server's word

/** @param {string} url @param {any} [body] */
function post(url, body) {
  const headers = { "Content-Type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body ?? {}), cache: "no-store" });
}

async function submit() {
  if (busy || now !== "ready") return;
  const typed = code.value;
  if (!/^\d{4,12}$/.test(typed)) {
    hint("format", true);
    code.focus();
    return;
  }
  busy = true;
  code.value = ""; // it stays nowhere once it is on its way
  show("signing");
  try {
    await logIn(typed);
  } finally {
    busy = false;
    const state = root.dataset.now;
    if (state === "signing") heard(about);
    else show(now, state === "ready" ? about.holder : undefined);
  }
}

/** @param {string} typed */
async function logIn(typed) {
  let challenge;
  try {
    challenge = await post("/connexion/carte/defi");
  } catch {
    hold("offline");
    return;
  }
  if (!challenge.ok) {
    hold("refused", (await challenge.json()).message);
    return;
  }
  const { nonce } = await challenge.json();
  const signed = await askCard(typed, nonce);
  if (!signed) return;
  try {
    const answer = await post(`/connexion/carte?next=${encodeURIComponent(String(root.dataset.next))}`, signed);
    const said = await answer.json();
    if (answer.ok) {
      location.assign(said.next);
      await new Promise(() => {}); // until the next page is there
    } else hold(said.reason === "revoked" ? "revoked" : "refused", said.message);
  } catch {
    hold("offline");
  }
}

/** @param {string} typed @param {string} nonce @returns {Promise<any>} what the card signed, or null when it is said why not */
async function askCard(typed, nonce) {
  let answer;
  try {
    answer = await post(`${agent}/sign`, { nonce, code: typed });
  } catch {
    show("no-agent");
    return null;
  }
  const said = await answer.json();
  if (answer.ok) return said;
  if (said.error === "wrong-code" || said.error === "blocked") {
    void post("/connexion/carte", { refused: said.error }).catch(() => {}); // for the journal; the code stays here
  }
  if (said.error === "wrong-code") {
    about.left = said.left;
    hint(`wrong${said.left}`, true);
    show("ready", about.holder);
  } else if (said.error === "code-format" || said.error === "too-often") {
    hint(said.error === "too-often" ? "often" : "format", true);
    show("ready", about.holder);
  } else if (root.querySelector(`[data-state="${said.error}"]`)) {
    hint("plain", false);
    show(said.error);
  } else show("no-agent");
  return null;
}

/** @param {string} state @param {string} [said] */
function hold(state, said) {
  held = true;
  show(state, undefined, said);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void submit();
});
root.addEventListener("click", (event) => {
  const asked = event.target instanceof Element ? event.target.closest("[data-do]") : null;
  if (asked) search();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && now !== "permission" && now !== "denied") void look();
});
void begin();
