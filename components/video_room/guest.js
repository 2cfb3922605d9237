/**
 * The page of an invited person: no account, no server page behind it, as few words and buttons as possible.
 * Its configuration stands in <script type="application/json" id="td-config">.
 */
import { stayAwake } from "./awake.js";
import { Call } from "./call.js";
import { Devices } from "./devices.js";
import { GuestView } from "./guest_view.js";
import { Measures } from "./measure.js";
import { webSocket } from "./signalling.js";
import { Words } from "./words.js";

/**
 * @typedef {object} GuestConfig
 * @property {import("./words.js").Labels} labels
 * @property {RTCIceServer[]} [iceServers]
 * @property {string} url
 * @property {boolean} [exchange] this browser has no cookie yet: ask for it, at the page's own address
 * @property {GuestFacts} guest
 */
/**
 * What is known before the line is open; the `appointment` of `hello` has the same fields and wins.
 * @typedef {object} GuestFacts
 * @property {string} [name]
 * @property {string} [greeting] with the title: Bonjour Monsieur MERCIER
 * @property {string} [doctor] with the title: Le docteur Claire MARTIN
 * @property {string} [at] ISO 8601
 * @property {string} [person] whom the appointment is for
 * @property {string} [phone] of the care home
 */

const main = document.getElementById("guest");
const written = document.getElementById("td-config");
if (main && written) void painted().then(() => start(main, JSON.parse(written.textContent ?? "{}")));

/**
 * @param {HTMLElement} host
 * @param {GuestConfig} config
 */
function start(host, config) {
  const devices = new Devices();
  const call = new Call(webSocket(config.url), devices, config.iceServers ?? []);
  const measures = new Measures();
  measures.follow(call);
  const view = new GuestView(host, new Words(config.labels), call, devices, measures, config.guest ?? {});
  let sleep = () => {};
  call.on("state", (state) => {
    sleep();
    sleep = state === "waiting" || state === "inside" ? stayAwake() : () => {};
    if (state === "over") devices.close();
    if (state === "out" && devices.closed) void devices.open().then(() => call.prepare());
  });
  const shared = /** @type {any} */ (window);
  shared.__td = Object.assign(shared.__td ?? {}, { call: measures });
  view.draw();
  void admitted(config).then(() => call.line.open());
  void devices.open();
  void call.prepare();
}

/**
 * Exchange the link for this browser's cookie, without which there is no line. A link that opens nothing any more, or is
 * open elsewhere, is said by the page itself when it is loaded anew.
 * @param {GuestConfig} config
 */
async function admitted(config) {
  for (let tries = 0; config.exchange; tries++) {
    const answer = await fetch(location.href, { method: "POST" }).catch(() => null);
    if (answer?.ok) return;
    if (answer && answer.status < 500 && answer.status !== 429) {
      location.reload();
      return new Promise(() => undefined);
    }
    await new Promise((go) => setTimeout(go, Math.min(500 * 2 ** tries, 4000)));
  }
}

/**
 * After the greeting has been seen: drawing, opening a camera and preparing a call keep the browser busy, the person reads
 * meanwhile.
 * A page in the background is never painted.
 */
function painted() {
  return new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 300);
  });
}
