// @ts-check
/**
 * Passkeys in plain pages: log in with one, add one. A module of `/connexion` and `/parametres`.
 *
 * A form marked `data-passkey` says where the ceremony starts and ends, and holds every text for people. Its button is
 * disabled until this script runs: without it, it could do nothing.
 */

/** A refusal of the server, in words for the person. */
class Refused extends Error {}

/** @param {string} address @param {object} body @returns {Promise<any>} */
async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Refused(said.message);
  return said;
}

/** Ask the device. @param {string} kind @param {any} options @returns {Promise<any>} */
async function ask(kind, options) {
  const credential =
    kind === "login"
      ? await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
      : await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  return /** @type {PublicKeyCredential} */ (credential).toJSON();
}

/** Why it failed, in the form's own words. @param {HTMLFormElement} form @param {Error} error */
function reason(form, error) {
  if (error instanceof Refused) return error.message;
  const names = { InvalidStateError: "known", SecurityError: "host", TypeError: "offline", SyntaxError: "offline" };
  const name = /** @type {Record<string, string>} */ (names)[error.name] ?? "cancelled";
  return form.dataset[name] ?? form.dataset.cancelled ?? "";
}

/** @param {HTMLFormElement} form @param {string} text */
function say(form, text) {
  const place = /** @type {HTMLElement} */ (form.querySelector("[data-said]"));
  const words = place.querySelector("span");
  if (words) words.textContent = text;
  place.hidden = text === "";
}

/** @param {HTMLFormElement} form */
async function run(form) {
  const { passkey = "", start = "", finish = "" } = form.dataset;
  const typed = Object.fromEntries(new FormData(form));
  const credential = await ask(passkey, await post(start, { password: typed.confirmation ?? "" }));
  const { next } = await post(finish, { name: typed.nom ?? "", credential });
  const to = new URL(next, location.href);
  if (to.pathname === location.pathname) {
    history.replaceState(null, "", to); // `assign` would load nothing when only what is behind « # » differs
    location.reload();
  } else {
    location.assign(to);
  }
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"))) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  if (!("PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential)) {
    say(form, form.dataset.unsupported ?? "");
    continue;
  }
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(form, "");
    button.disabled = true;
    try {
      await run(form);
    } catch (error) {
      say(form, reason(form, error));
      button.disabled = false;
      button.focus();
    }
  });
}
