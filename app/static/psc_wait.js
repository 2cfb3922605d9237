// @ts-check
/**
 * Waits for the answer given on the telephone: asks the page's own address for JSON, and goes where it says.
 *
 * Without this script the page loads itself anew (`<noscript>`). Words for people come from the server.
 */

const SHORTEST = 1; // seconds
const LONGEST = 30;
const AFTER_A_FAILURE = 5;

const main = /** @type {HTMLElement} */ (document.querySelector("#contenu"));
const waiting = /** @type {HTMLElement} */ (document.querySelector("#attente"));
const refusal = /** @type {HTMLElement} */ (document.querySelector("#refus"));

/** @param {number} seconds */
function askIn(seconds) {
  setTimeout(ask, Math.min(Math.max(seconds, SHORTEST), LONGEST) * 1000);
}

async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.status >= 500) throw new Error(String(answer.status));
    const said = await answer.json();
    if (said.next) location.replace(said.next);
    else if (said.message) refuse(said.message);
    else askIn(said.again);
  } catch {
    askIn(AFTER_A_FAILURE); // a lost line or a restart: the request on the telephone is still good
  }
}

/** @param {string} message */
function refuse(message) {
  waiting.hidden = true;
  /** @type {HTMLElement} */ (refusal.querySelector("[role=alert] span")).textContent = message;
  refusal.hidden = false;
}

askIn(Number(main.dataset.again));
