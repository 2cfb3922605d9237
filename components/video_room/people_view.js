/** Who is in the room, since when, how good their line is; a professional can cut a microphone or ask for it. */
import { confirm } from "./confirm.js";
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { isKnocking, setKnocking } from "./knock.js";
import { initials } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {{id: string, name: string, detail: string, role: string, microphone: boolean, silenced?: boolean, since: string}} Shown */
/**
 * @typedef {object} Row
 * @property {HTMLElement} element
 * @property {HTMLElement} name
 * @property {HTMLElement} detail
 * @property {HTMLElement} quality
 * @property {SVGElement} bars
 * @property {HTMLElement} word
 * @property {HTMLElement} time
 * @property {SVGElement} muted
 * @property {SVGElement} open
 * @property {HTMLElement} microphone
 * @property {HTMLButtonElement} more
 * @property {HTMLElement} acts
 * @property {HTMLButtonElement} act
 * @property {HTMLElement} done
 * @property {boolean} asked
 * @property {boolean} cuts what its button does now: cut the microphone, or else ask for it
 */

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
    const sound = h("input", { type: "checkbox", onchange: () => setKnocking(sound.checked) });
    sound.checked = isKnocking();
    const choice = h("label", { class: "td-choice" }, sound, words.say("knock.sound"));
    this.element = h("div", { class: "td-people-box" }, this.list, choice);
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
      id: "",
      name: this.words.say("people.me", { name: me?.name ?? "" }),
      detail: this.ownDetail(),
      role: me?.role ?? "",
      microphone: this.devices.sends("audio"),
      silenced: this.call.silenced,
      since: this.call.since,
    };
    const others = [...this.call.people.values()].map((person) => ({
      ...person,
      detail: this.detail(person.detail, person.role),
    }));
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
    const open = person.microphone && !person.silenced;
    set(
      row.microphone,
      "aria-label",
      this.words.say(open ? "people.mic.on" : person.silenced ? "people.mic.silenced" : "people.mic.off"),
    );
    set(row.open, "hidden", !open);
    set(row.muted, "hidden", open);
    row.more.hidden = person.id === "" || !this.call.me?.professional;
    set(row.more, "aria-label", this.words.say("people.more", { name: person.name }));
    this.fillActs(row, open);
  }

  /**
   * One thing can be done at a time: cut a microphone that is open, or ask for one that is closed.
   * @param {Row} row
   * @param {boolean} open
   */
  fillActs(row, open) {
    row.cuts = open;
    if (open) row.asked = false;
    write(row.act, this.words.say(open ? "people.mute" : "people.ask"));
    row.act.hidden = row.asked;
    write(row.done, row.asked ? this.words.say("people.asked", { name: row.name.textContent ?? "" }) : "");
    row.acts.hidden = row.more.hidden || row.more.getAttribute("aria-expanded") !== "true";
  }

  /**
   * Cut this person's microphone, or ask for it.
   * @param {string} id
   * @param {boolean} cuts what the button said when it was pressed: it may say the other thing since
   */
  act(id, cuts) {
    const row = this.rows.get(id);
    if (!row || !this.call.people.has(id)) return;
    if (cuts) this.call.mute(id, true);
    else {
      this.call.ask(id);
      row.asked = true;
      this.draw();
      row.more.focus();
    }
  }

  /** @param {string} id */
  askOut(id) {
    const person = this.call.people.get(id);
    if (!person) return;
    const { words } = this;
    const guest = person.role !== "professional";
    const question = {
      title: words.say("people.remove.title", { name: person.name }),
      text: words.say(guest ? "people.remove.guest" : "people.remove.professional"),
      stay: words.say("confirm.cancel"),
      go: words.say("people.remove"),
    };
    confirm(this.element, question, () => this.call.remove(id));
  }

  /** @param {Shown} person */
  newRow(person) {
    const guest = person.role === "patient" || person.role === "caregiver";
    const face = h(
      "span",
      { class: guest ? "td-avatar td-avatar-grey" : "td-avatar", "aria-hidden": "true" },
      initials(person.id ? person.name : (this.call.me?.name ?? "")),
    );
    const [name, detail, word, time] = [h("b"), h("small"), h("span"), h("span", { class: "td-people-time" })];
    const signal = bars();
    const quality = h("span", { class: "td-quality" }, signal, word);
    const [open, muted] = [icon("mic"), icon("mic-off")];
    const microphone = h("span", { class: "td-people-mic", role: "img" }, open, muted);
    const act = h("button", { type: "button", class: "td-btn" });
    /** @type {boolean | undefined} */
    let meant;
    act.addEventListener("pointerdown", () => (meant = row.cuts));
    act.addEventListener("click", ({ detail }) => {
      if (detail > 1) return; // of a double click: it would do the other thing
      this.act(person.id, (detail ? meant : undefined) ?? row.cuts);
      meant = undefined;
    });
    const done = h("span", { class: "td-small", role: "status" });
    const out = h(
      "button",
      { type: "button", class: "td-btn td-btn-warmline", onclick: () => this.askOut(person.id) },
      this.words.say("people.remove"),
    );
    const acts = h("div", { class: "td-people-acts", hidden: true }, act, done, out);
    const more = h(
      "button",
      {
        type: "button",
        class: "td-iconbtn",
        "aria-expanded": "false",
        hidden: true,
        onclick: () => {
          set(more, "aria-expanded", String(acts.hidden));
          this.draw();
        },
      },
      icon("more"),
    );
    const element = h(
      "li",
      {},
      face,
      h("span", { class: "td-people-who" }, name, detail),
      quality,
      time,
      microphone,
      more,
      acts,
    );
    const row = {
      element,
      name,
      detail,
      quality,
      bars: signal,
      word,
      time,
      muted,
      open,
      microphone,
      more,
      acts,
      act,
      done,
      asked: false,
      cuts: false,
    };
    this.rows.set(person.id, row);
    return row;
  }
}
