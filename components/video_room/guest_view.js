/**
 * The screens of an invited person: check, waiting room, call, end. One filled button each, and always a way out.
 * The faces are one element for all screens, so that no picture ever starts again.
 */
import { sayInterrupted, saySilent } from "./device_notes.js";
import { h, icon, set, write } from "./dom.js";
import { GuestCall } from "./guest_call.js";
import { CheckList } from "./guest_check.js";
import { waitingPicture } from "./guest_picture.js";
import { Notes } from "./notes.js";
import { Tiles } from "./tiles.js";
import { voiceNotes } from "./voice.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./measure.js").Measures} Measures */
/** @typedef {import("./guest.js").GuestFacts} GuestFacts */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {"check" | "waiting" | "joining" | "call" | "full" | "left" | "refused" | "removed" | "right"} Screen */

const SETTLED = 2500;

export class GuestView {
  /**
   * @param {HTMLElement} host
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {Measures} measures
   * @param {GuestFacts} facts
   */
  constructor(host, words, call, devices, measures, facts) {
    this.host = host;
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.facts = facts;
    /** @type {Screen | null} */
    this.screen = null;
    this.full = false;
    this.notes = new Notes();
    this.tiles = new Tiles(words, call, devices, measures, () => this.silent());
    this.check = new CheckList(words, devices);
    this.head = h(
      "header",
      { class: "tg-head" },
      h("span", { class: "tg-logo" }, icon("screen", 28)),
      h("span", {}, words.say("guest.service")),
    );
    this.intro = h("div", { class: "tg-intro" });
    this.body = h("div", { class: "tg-body" });
    this.foot = h("div", { class: "tg-foot" });
    this.live = h("p", { class: "td-vh", role: "status", "aria-live": "polite" });
    this.root = h(
      "div",
      { class: "tg" },
      this.head,
      this.intro,
      this.tiles.element,
      this.notes.element,
      this.body,
      this.foot,
      this.live,
    );
    host.replaceChildren(this.root);
    this.inside = new GuestCall(words, call, devices, this.tiles, this.notes, this.root);
    call.on("state line hello self people link", () => this.draw());
    call.on("problem", (problem) => this.problem(problem));
    call.on("notice", (notice) => this.announce(notice));
    voiceNotes(words, call, this.notes);
    devices.on("interrupted", (kind) => sayInterrupted(this, devices, kind));
    this.help = h("a", { class: "tg-help", hidden: true }, words.say("guest.help"));
    this.head.append(this.help);
  }

  get fact() {
    return /** @type {GuestFacts} */ ({ ...this.facts, ...(this.call.appointment ?? {}) });
  }

  get phone() {
    return (this.fact.phone ?? "").replace(/[^+\d]/g, "");
  }

  get doctor() {
    return this.call.doctor || this.fact.doctor || "";
  }

  /** @returns {Screen} */
  get due() {
    const { state, ending } = this.call;
    if (state === "over") return ending ?? "left";
    if (state === "inside") return "call";
    if (state === "joining") return this.full ? "full" : "joining";
    if (state === "waiting") return "waiting";
    return this.full ? "full" : "check";
  }

  draw() {
    const due = this.due;
    this.help.hidden = !this.phone;
    set(this.help, "href", `tel:${this.phone}`);
    if (due === "call") this.full = false;
    if (due !== this.screen) this.turn(due);
    if (due === "check") this.drawCheck();
    if (due === "waiting" || due === "joining") this.drawWaiting();
    if (due === "call") this.inside.draw();
    this.drawLine();
  }

  /** @param {Screen} due */
  turn(due) {
    const first = this.screen === null;
    this.screen = due;
    set(this.root, "data-screen", due === "joining" ? "waiting" : due);
    this.inside.end();
    this.check.listen(due === "check");
    const parts =
      due === "check"
        ? this.checkParts()
        : due === "waiting" || due === "joining"
          ? this.waitingParts()
          : due === "call"
            ? this.callParts()
            : this.endParts(due);
    this.intro.replaceChildren(...parts.intro);
    this.body.replaceChildren(...parts.body);
    this.foot.replaceChildren(...parts.foot);
    if (!first) this.intro.querySelector("h1")?.focus({ preventScroll: true });
  }

  /**
   * @param {string} text
   * @param {string} [style]
   */
  title(text, style = "tg-title") {
    return h("h1", { class: style, tabindex: -1 }, text);
  }

  // ---- check

  checkParts() {
    const { words } = this;
    setTimeout(() => void this.checkMore(), SETTLED);
    this.greeting = this.title("");
    return {
      intro: [this.greeting, h("p", {}, words.say("check.intro"))],
      body: [this.check.element],
      foot: [
        h("button", { type: "button", class: "tg-btn", onclick: () => this.call.wait() }, words.say("check.join")),
        h("p", { class: "tg-small" }, words.say("check.after")),
      ],
    };
  }

  /** What the first look at the page need not wait for. */
  async checkMore() {
    const { begin } = await import("./guest_network.js");
    if (this.screen === "check") begin(this.check, this.words, this.call);
  }

  drawCheck() {
    const name = this.fact.name ?? this.call.me?.name ?? "";
    if (this.greeting) write(this.greeting, this.fact.greeting || this.words.say("check.title", { name }));
    this.tiles.own.setName(this.words.say("you"), name);
  }

  // ---- waiting room

  waitingParts() {
    const { words } = this;
    this.known = h("b");
    this.details = h("dl", { class: "tg-facts" });
    return {
      intro: [
        waitingPicture(),
        this.title(words.say("wait.title")),
        h("p", {}, this.known, h("br"), words.say("wait.stay")),
      ],
      body: [this.details],
      foot: [
        this.callCareHome(),
        h("button", { type: "button", class: "tg-text", onclick: () => this.call.leave() }, words.say("wait.leave")),
      ].filter((part) => part !== null),
    };
  }

  drawWaiting() {
    const { words, fact } = this;
    const joining = this.call.state === "joining";
    if (this.known)
      write(
        this.known,
        joining
          ? words.say("wait.entering")
          : this.doctor
            ? words.say("wait.known", { doctor: this.doctor })
            : words.say("wait.known.team"),
      );
    /** @type {[string, string][]} */
    const rows = [];
    if (fact.at) rows.push([words.say("wait.appointment"), words.appointment(fact.at)]);
    if (fact.person) rows.push([words.say("wait.person"), fact.person]);
    if (this.details) {
      this.details.hidden = rows.length === 0;
      this.details.replaceChildren(...rows.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));
    }
  }

  callCareHome() {
    return this.phone
      ? h(
          "a",
          { class: "tg-btn tg-btn-line", href: `tel:${this.phone}` },
          icon("phone", 24),
          this.words.say("guest.phone"),
        )
      : null;
  }

  // ---- call

  callParts() {
    const { words, doctor } = this;
    const title = doctor ? words.say("call.title", { doctor }) : words.say("guest.service");
    return { intro: [this.title(title, "td-vh")], ...this.inside.parts() };
  }

  // ---- ends

  /** @param {Screen} due */
  endParts(due) {
    const { words, call } = this;
    const back = due === "left" || due === "full";
    const go = () => {
      if (due === "left") call.again();
      else call.join(call.room.id);
    };
    const text = due !== "left" && call.message ? call.message : words.say(`guest.${due}.text`);
    return {
      intro: [
        h("span", { class: "tg-end-mark" }, icon(due === "left" ? "check" : "info", 40)),
        this.title(words.say(`guest.${due}`)),
        h("p", {}, text),
      ],
      body: [],
      foot: [
        back ? h("button", { type: "button", class: "tg-btn", onclick: go }, words.say(`guest.${due}.back`)) : null,
        this.callCareHome(),
      ].filter((part) => part !== null),
    };
  }

  // ---- what happens

  drawLine() {
    const { words, call } = this;
    const shown = call.state === "waiting" || call.state === "out" || call.state === "joining";
    if (shown && call.wasOpen && !call.line.isOpen)
      this.notes.show("line", { title: words.say("line.lost"), text: words.say("guest.line.text"), icon: "retry" });
    else this.notes.hide("line");
  }

  /** @param {{about?: string, message: string}} problem */
  problem({ about, message }) {
    if (about === "full") {
      this.full = true;
      this.screen = null;
      this.draw();
    } else if (about !== "chat") this.notes.show("problem", { title: message, icon: "alert", warm: true }, 10000);
  }

  /** @param {{event: "entered" | "left" | "chat", name: string, text?: string}} notice */
  announce({ event, name, text }) {
    write(this.live, this.words.say(`event.${event}`, { name, text: text ?? "" }));
  }

  silent() {
    saySilent(this, this.tiles);
  }
}
