/**
 * Looking after the lines of a call that goes on: plain words when one is poor (whose, what happens, what to do), what is
 * given up so that the voices stay, new ways after a change of network, and the call's technical facts for the server.
 * Fetched when a call begins (`quality.js`); it hears the statistics that are read there once a second.
 */
import { factsOf, Outgoing } from "./line_facts.js";
import { apply, Sacrifice } from "./sacrifice.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./notes.js").Notes} Notes */
/** @typedef {"ours" | "theirs" | "between"} Whose */
/**
 * What was measured in one second.
 * @typedef {object} Look
 * @property {Map<RTCPeerConnection, RTCStatsReport>} stats
 * @property {Map<string, number>} levels how each person arrives here, by our own measure
 * @property {number} own how we arrive at the others
 */

/** Poor for so long before it is said, and good for so long before it is taken back, in ms. */
const SAID_AFTER = 4000;
const GONE_AFTER = 8000;
const FACTS_EVERY = 30_000;
const POOR = 1;

export class Care {
  /**
   * @param {Call} call
   * @param {Words} words
   * @param {Notes} notes
   */
  constructor(call, words, notes) {
    this.call = call;
    this.words = words;
    this.notes = notes;
    this.sacrifice = new Sacrifice();
    this.outgoing = new Outgoing();
    /** Since when a line is poor, or good again while it is still said. @type {Map<string, {since: number, good: number}>} */
    this.poor = new Map();
    /** @type {Set<string>} what is said now */
    this.shown = new Set();
    this.told = performance.now();
    this.network = () => call.renewWays();
    addEventListener("online", this.network);
  }

  stop() {
    removeEventListener("online", this.network);
    for (const name of this.shown) this.notes.hide(name);
    this.call.spare(false);
  }

  /**
   * @param {Look} look
   * @param {number} [now] ms
   */
  look(look, now = performance.now()) {
    const { people } = this.call;
    const whose = this.blame(look);
    for (const id of ["", ...people.keys()]) this.watch(id, whose.get(id) ?? null, now);
    for (const id of [...this.poor.keys()]) if (id && !people.has(id)) this.forget(id);
    for (const { id, name, away } of people.values()) {
      const note = `away-${id}`;
      if (away) this.show(note, this.words.say("away.title", { name }), this.words.say("away.text"));
      else this.hide(note);
    }
    for (const note of this.shown) if (note.startsWith("away-") && !people.has(note.slice(5))) this.hide(note);
    this.give(look, now);
    if (now - this.told >= FACTS_EVERY) this.tell(look, now);
  }

  /**
   * Whose line is poor. Through the unit each half is known; directly, only that something between two is.
   * @param {Look} look
   * @returns {Map<string, Whose>} `""`: ours
   */
  blame({ levels, own }) {
    const { call } = this;
    /** @type {Map<string, Whose>} */
    const found = new Map();
    if (call.topology.route !== "unit") {
      for (const [id, level] of levels) if (level === POOR || own === POOR) found.set(id, "between");
      return found;
    }
    for (const id of levels.keys()) if (call.lines.get(id) === POOR) found.set(id, "theirs");
    // Who is well received by the unit and badly by us: that is our half, and so is what the unit gets from us.
    const badly = [...levels].some(([id, level]) => level === POOR && !found.has(id));
    if (badly || own === POOR) found.set("", "ours");
    return found;
  }

  /**
   * @param {string} id
   * @param {Whose | null} whose null: good enough
   * @param {number} now
   */
  watch(id, whose, now) {
    const known = this.poor.get(id);
    if (!whose) {
      if (known && !this.shown.has(`poor-${id}`)) this.poor.delete(id);
      else if (known && now - (known.good ||= now) >= GONE_AFTER) this.forget(id);
      return;
    }
    const since = known?.since ?? now;
    this.poor.set(id, { since, good: 0 });
    if (now - since < SAID_AFTER || this.shown.has(`poor-${id}`)) return;
    const name = this.call.people.get(id)?.name ?? "";
    this.show(`poor-${id}`, this.words.say(`poor.${whose}`, { name }), this.words.say(`poor.${whose}.text`, { name }));
  }

  /** @param {string} id */
  forget(id) {
    this.poor.delete(id);
    this.hide(`poor-${id}`);
  }

  /**
   * Give up what must be given up: the screen, then the size of the face, then the face; never the voice.
   * @param {Look} look
   * @param {number} now
   */
  give({ stats }, now) {
    const { call } = this;
    const line = this.outgoing.read(stats);
    const before = this.sacrifice.step;
    const step = this.sacrifice.look(line, call.aux.picture === "screen", now);
    void apply(call.topology, step, call.aux.contents);
    if (step === before) return;
    call.spare(step === "voice");
    const noScreen = call.aux.picture === "screen" && step !== "all" && step !== "screen-small";
    const what = step === "voice" ? "camera" : noScreen ? "screen" : null;
    if (what) this.show("given", this.words.say(`given.${what}`), this.words.say(`given.${what}.text`));
    else this.hide("given");
  }

  /**
   * @param {Look} look
   * @param {number} now
   */
  tell({ stats }, now) {
    const facts = factsOf(stats, this.outgoing);
    if (facts && this.call.line.send({ t: "facts", ...facts })) this.told = now;
  }

  /**
   * @param {string} name
   * @param {string} title
   * @param {string} text
   */
  show(name, title, text) {
    this.shown.add(name);
    this.notes.show(name, { title, text, icon: "alert" });
  }

  /** @param {string} name */
  hide(name) {
    if (this.shown.delete(name)) this.notes.hide(name);
  }
}
