/**
 * The check of the network as people read it: one line, what to do when it is not good, and a report to hand on to whoever
 * helps. It warns and never keeps anybody from « Rejoindre ». Fetched a moment after the lobby is shown.
 */
import { check, verdict } from "./check.js";
import { h, icon, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./check.js").Found} Found */

const GOOD = ["good", "plain"];
/** Words of an IT department are of use when something is closed. */
const FOR_HELPERS = ["relay", "closed"];

export class CheckView {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {string} [style] of its buttons
   */
  constructor(words, call, style = "td-btn") {
    this.words = words;
    this.call = call;
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {Found | null} */
    this.found = null;
    this.text = h("span");
    this.line = h("p", { class: "td-net-line", role: "status" }, icon("check", 18), icon("info", 18), this.text);
    this.advice = h("p", { class: "td-net-advice" });
    this.report = h("pre", { class: "td-net-report" });
    this.again = button(words.say("net.again"), style, () => void this.start());
    this.copy = button(words.say("net.copy"), style, () => void this.copied());
    this.details = h(
      "details",
      { class: "td-net-details" },
      h("summary", {}, words.say("net.details")),
      this.report,
      h("div", { class: "td-row" }, this.copy, this.again),
    );
    this.element = h("div", { class: "td-net" }, this.line, this.advice, this.details);
    this.draw();
  }

  async start() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    this.found = null;
    this.draw();
    const found = await check(this.call, this.call.iceServers, running.signal);
    if (running.signal.aborted) return;
    this.running = null;
    this.found = found;
    this.call.line.send({ t: "check", ...found });
    this.draw();
  }

  /** Under way, or done. */
  get isBegun() {
    return this.running !== null || this.found !== null;
  }

  /** Somebody enters: whatever is not answered yet stays unknown. */
  stop() {
    this.running?.abort();
    this.running = null;
  }

  draw() {
    const { words, found } = this;
    this.details.hidden = !found;
    this.advice.hidden = true;
    if (!found) return write(this.text, words.say("net.checking"));
    const result = verdict(found);
    this.line.classList.toggle("td-good", GOOD.includes(result));
    write(this.text, words.say(`net.${result}`));
    const bad = GOOD.includes(result) ? null : result;
    if (bad) write(this.advice, `${words.say(`net.${bad}.text`)} ${words.say("net.anyway")}`);
    this.advice.hidden = bad === null;
    write(this.report, this.lines(FOR_HELPERS.includes(result)).join("\n"));
  }

  /** @param {boolean} closed something is: say what to open */
  lines(closed) {
    const { words, found } = this;
    if (!found) return [];
    const three = (/** @type {boolean | null} */ value) =>
      words.say(value === null ? "net.unknown" : value ? "net.yes" : "net.no");
    const hosts = this.call.iceServers.flatMap(({ urls }) => urls).join(", ");
    const rows = [
      words.say("net.report", { at: words.appointment(new Date().toISOString()) }),
      words.say("net.report.browser", { name: found.browser }),
      words.say("net.report.server", { host: location.host, ms: found.delay ?? "?" }),
      words.say("net.report.udp", { value: three(found.udp) }),
      words.say("net.report.relay_udp", { value: three(found.relay_udp) }),
      words.say("net.report.relay_tls", { value: three(found.relay_tls) }),
      words.say("net.report.rate", { value: found.rate === null ? words.say("net.unknown") : mega(words, found.rate) }),
    ];
    if (found.missing.length) rows.push(words.say("net.report.missing", { names: found.missing.join(", ") }));
    if (closed) rows.push(words.say("net.report.open", { host: location.host, hosts: hosts || "?" }));
    return rows;
  }

  async copied() {
    try {
      await navigator.clipboard.writeText(this.report.textContent ?? "");
      write(this.copy, this.words.say("net.copied"));
    } catch {
      getSelection()?.selectAllChildren(this.report); // not allowed here: it can be copied by hand
    }
  }
}

/**
 * @param {string} label
 * @param {string} style
 * @param {() => void} act
 */
function button(label, style, act) {
  return h("button", { type: "button", class: style, onclick: act }, label);
}

/**
 * @param {Words} words
 * @param {number} rate kbit/s
 */
function mega(words, rate) {
  return words.say("net.report.mega", { value: (rate / 1000).toLocaleString(words.locale, { maximumFractionDigits: 1 }) });
}
