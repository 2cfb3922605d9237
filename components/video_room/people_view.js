/** Who is in the room, since when, and how good their line is. */
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { initials } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {{id: string, name: string, detail: string, role: string, microphone: boolean, since: string}} Shown */
/** @typedef {{element: HTMLElement, name: HTMLElement, detail: HTMLElement, quality: HTMLElement, bars: SVGElement, word: HTMLElement, time: HTMLElement, muted: SVGElement, open: SVGElement, microphone: HTMLElement}} Row */

export class PeopleView {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   */
  constructor(words, call, devices) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, number>} */
    this.levels = new Map();
    this.list = h("ul", { class: "td-people" });
    this.element = h("div", { class: "td-people-box" }, this.list);
    this.stops = [call.on("people self hello", () => this.draw()), devices.on("tracks", () => this.draw())];
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
  }

  /**
   * @param {string} id `""` is ourselves
   * @param {number} level
   */
  setLevel(id, level) {
    if (this.levels.get(id) === level) return;
    this.levels.set(id, level);
    this.draw();
  }

  draw() {
    const me = this.call.me;
    /** @type {Shown} */
    const own = {
      id: "", name: this.words.say("people.me", { name: me?.name ?? "" }), detail: this.ownDetail(), role: me?.role ?? "",
      microphone: this.devices.sends("audio"), since: this.call.since,
    };
    const others = [...this.call.people.values()].map((person) => ({ ...person, detail: this.detail(person.detail, person.role) }));
    const all = [...others, own];
    for (const [id, { element }] of this.rows) {
      if (all.some((each) => each.id === id)) continue;
      element.remove();
      this.rows.delete(id);
    }
    all.forEach((each, at) => {
      const row = this.rows.get(each.id) ?? this.newRow(each);
      if (this.list.children[at] !== row.element) this.list.insertBefore(row.element, this.list.children[at] ?? null);
      this.fill(row, each);
    });
  }

  ownDetail() {
    return this.detail(this.call.me?.detail, this.call.me?.role ?? "");
  }

  /**
   * @param {string | undefined} detail
   * @param {string} role
   */
  detail(detail, role) {
    return detail || (role ? this.words.role(role) : "");
  }

  /**
   * @param {Row} row
   * @param {Shown} person
   */
  fill(row, person) {
    write(row.name, person.name);
    write(row.detail, person.detail);
    const alone = person.id === "" && this.call.people.size === 0;
    const level = this.levels.get(person.id);
    row.quality.hidden = level === undefined || alone;
    if (level !== undefined) {
      setBars(row.bars, level, this.words.say(`quality.${level}.long`));
      write(row.word, this.words.say(`quality.${level}`));
      row.quality.classList.toggle("td-weak", level < 2);
    }
    write(row.time, person.since ? this.words.lasting(person.since) : "");
    set(row.microphone, "aria-label", this.words.say(person.microphone ? "people.mic.on" : "people.mic.off"));
    set(row.open, "hidden", !person.microphone);
    set(row.muted, "hidden", person.microphone);
  }

  /** @param {Shown} person */
  newRow(person) {
    const guest = person.role === "patient" || person.role === "caregiver";
    const face = h("span", { class: guest ? "td-avatar td-avatar-grey" : "td-avatar", "aria-hidden": "true" }, initials(person.id ? person.name : this.call.me?.name ?? ""));
    const [name, detail, word, time] = [h("b"), h("small"), h("span"), h("span", { class: "td-people-time" })];
    const signal = bars();
    const quality = h("span", { class: "td-quality" }, signal, word);
    const [open, muted] = [icon("mic"), icon("mic-off")];
    const microphone = h("span", { class: "td-people-mic", role: "img" }, open, muted);
    const element = h("li", {}, face, h("span", { class: "td-people-who" }, name, detail), quality, time, microphone);
    const row = { element, name, detail, quality, bars: signal, word, time, muted, open, microphone };
    this.rows.set(person.id, row);
    return row;
  }
}
