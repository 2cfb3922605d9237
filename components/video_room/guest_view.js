/**
 * The screens of an invited person: check, waiting room, call, end. One filled button each, and always a way out.
 * The faces are one element for all screens, so that no picture ever starts again.
 */
import { ChatView } from "./chat_view.js";
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { CheckList } from "./guest_check.js";
import { ask, sheet } from "./guest_sheet.js";
import { waitingPicture } from "./guest_picture.js";
import { Notes } from "./notes.js";
import { Quality } from "./quality.js";
import { Tiles } from "./tiles.js";
import { voiceNotes } from "./voice.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./measure.js").Measures} Measures */
/** @typedef {import("./guest.js").GuestFacts} GuestFacts */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {"check" | "waiting" | "joining" | "call" | "full" | "left" | "refused" | "removed" | "right"} Screen */

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
    this.unread = 0;
    /** @type {Screen | null} */
    this.screen = null;
    /** @type {Quality | null} */
    this.quality = null;
    this.full = false;
    this.notes = new Notes();
    this.tiles = new Tiles(words, call, devices, measures, () => this.silent());
    this.check = new CheckList(words, devices);
    this.head = h("header", { class: "tg-head" }, h("span", { class: "tg-logo" }, icon("screen", 28)), h("span", {}, words.say("guest.service")));
    this.intro = h("div", { class: "tg-intro" });
    this.body = h("div", { class: "tg-body" });
    this.foot = h("div", { class: "tg-foot" });
    this.live = h("p", { class: "td-vh", role: "status", "aria-live": "polite" });
    this.root = h("div", { class: "tg" }, this.head, this.intro, this.tiles.element, this.notes.element, this.body, this.foot, this.live);
    host.replaceChildren(this.root);
    this.chat = new ChatView(words, call);
    this.chatSheet = sheet(words, words.say("chat.title"), this.chat.element, "tg-sheet-chat");
    this.leaveSheet = ask(words, { title: "leave.title", text: "leave.text", stay: "leave.stay", go: "leave.go" }, () => call.leave());
    this.root.append(this.chatSheet, this.leaveSheet);
    this.bars = bars();
    this.status = h("span");
    this.counts = h("span", { class: "td-count-dot", hidden: true });
    this.buttons = this.callButtons();
    call.on("state line hello self people link", () => this.draw());
    call.on("problem", (problem) => this.problem(problem));
    call.on("notice", (notice) => this.announce(notice));
    call.on("silenced", () => this.drawButtons());
    devices.on("tracks", () => this.drawButtons());
    voiceNotes(words, call, this.notes);
    devices.on("interrupted", (kind) => this.interrupted(kind));
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
    if (due === "call") this.drawCall();
    this.drawLine();
  }

  /** @param {Screen} due */
  turn(due) {
    const first = this.screen === null;
    this.screen = due;
    set(this.root, "data-screen", due === "joining" ? "waiting" : due);
    this.quality?.stop();
    this.quality = null;
    for (const dialog of [this.chatSheet, this.leaveSheet]) if (dialog.open) dialog.close();
    this.check.listen(due === "check");
    const parts = due === "check" ? this.checkParts() : due === "waiting" || due === "joining" ? this.waitingParts() : due === "call" ? this.callParts() : this.endParts(due);
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
    this.greeting = this.title("");
    return {
      intro: [this.greeting, h("p", {}, words.say("check.intro"))],
      body: [this.check.element],
      foot: [h("button", { type: "button", class: "tg-btn", onclick: () => this.call.wait() }, words.say("check.join")), h("p", { class: "tg-small" }, words.say("check.after"))],
    };
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
      intro: [waitingPicture(), this.title(words.say("wait.title")), h("p", {}, this.known, h("br"), words.say("wait.stay"))],
      body: [this.details],
      foot: [this.callCareHome(), h("button", { type: "button", class: "tg-text", onclick: () => this.call.leave() }, words.say("wait.leave"))].filter((part) => part !== null),
    };
  }

  drawWaiting() {
    const { words, fact } = this;
    const joining = this.call.state === "joining";
    if (this.known) write(this.known, joining ? words.say("wait.entering") : this.doctor ? words.say("wait.known", { doctor: this.doctor }) : words.say("wait.known.team"));
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
    return this.phone ? h("a", { class: "tg-btn tg-btn-line", href: `tel:${this.phone}` }, icon("phone", 24), this.words.say("guest.phone")) : null;
  }

  // ---- call

  callButtons() {
    const { words, devices } = this;
    /**
     * @param {"audio" | "video"} kind
     * @param {string} name
     */
    const toggle = (kind, name) => {
      const text = h("span", { class: "tg-act-state" }, words.say(`device.${kind}`));
      const element = h("button", { type: "button", class: "tg-act", "aria-label": words.say(`device.${kind}`), onclick: () => (kind === "audio" ? this.call.turnMicrophone() : void devices.turn(kind, !devices.sends(kind))) }, icon(name, 28), icon(`${name}-off`, 28), text);
      return { element, text };
    };
    const writing = h("button", { type: "button", class: "tg-act", onclick: () => this.openChat() }, icon("chat", 28), h("span", {}, words.say("call.write")), this.counts);
    const leave = h("button", { type: "button", class: "tg-act tg-act-leave", "aria-label": words.say("bar.leave"), onclick: () => this.leaveSheet.showModal() }, icon("hangup", 28), h("span", { "aria-hidden": "true" }, words.say("bar.leave.short")));
    return { audio: toggle("audio", "mic"), video: toggle("video", "camera"), write: writing, leave };
  }

  callParts() {
    const { words, buttons } = this;
    this.quality = new Quality(this.call, {
      level: (id, level) => (id ? this.tiles.setLevel(id, level) : this.drawQuality(level)),
      voice: (id, speaks) => this.tiles.setVoice(id, speaks),
    });
    this.drawButtons();
    this.drawQuality(3);
    this.alone = h("p", { class: "tg-alone" });
    return {
      intro: [this.title(this.doctor ? words.say("call.title", { doctor: this.doctor }) : words.say("guest.service"), "td-vh")],
      body: [this.alone],
      foot: [h("p", { class: "tg-status", role: "status" }, this.bars, this.status),
        h("div", { class: "tg-bar", role: "toolbar", "aria-label": words.say("bar.label") }, buttons.audio.element, buttons.video.element, buttons.write, buttons.leave)],
    };
  }

  drawCall() {
    if (!this.alone) return;
    write(this.alone, this.words.say("guest.alone"));
    this.alone.hidden = this.call.people.size > 0;
  }

  drawButtons() {
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      const on = this.devices.sends(kind);
      const { element, text } = this.buttons[kind];
      set(element, "aria-pressed", String(on));
      element.classList.toggle("td-off", !on);
      // The state stands in an attribute: the name stays « Micro », pressed or not.
      set(text, "data-state", this.words.say(`call.${kind}.${on ? "on" : "off"}`));
    }
    const { silenced } = this.call;
    if (silenced) set(this.buttons.audio.text, "data-state", this.words.say("call.silenced"));
    set(this.buttons.audio.element, "aria-description", silenced ? this.words.say("tile.silenced") : null);
  }

  /** @param {number} level */
  drawQuality(level) {
    setBars(this.bars, level, "");
    set(this.bars, "aria-hidden", "true");
    const key = !this.call.line.isOpen ? "line.lost" : this.call.waitsForUnit ? "unit.lost" : `call.quality.${level}`;
    write(this.status, this.words.say(key));
  }

  openChat() {
    this.unread = 0;
    this.drawUnread();
    this.chatSheet.showModal();
    this.chat.shown();
  }

  drawUnread() {
    this.counts.hidden = this.unread === 0;
    write(this.counts, String(this.unread));
    set(this.buttons.write, "aria-description", this.unread ? this.words.count("chat.unread", this.unread) : null);
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
      intro: [h("span", { class: "tg-end-mark" }, icon(due === "left" ? "check" : "info", 40)), this.title(words.say(`guest.${due}`)), h("p", {}, text)],
      body: [],
      foot: [back ? h("button", { type: "button", class: "tg-btn", onclick: go }, words.say(`guest.${due}.back`)) : null, this.callCareHome()].filter((part) => part !== null),
    };
  }

  // ---- what happens

  drawLine() {
    const { words, call } = this;
    const shown = call.state === "waiting" || call.state === "out" || call.state === "joining";
    if (shown && call.wasOpen && !call.line.isOpen) this.notes.show("line", { title: words.say("line.lost"), text: words.say("guest.line.text"), icon: "retry" });
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
    if (event !== "chat" || this.chatSheet.open) return;
    this.unread += 1;
    this.drawUnread();
  }

  /** @param {"audio" | "video"} kind */
  interrupted(kind) {
    this.notes.show(`resume-${kind}`, { title: this.words.say(`interrupted.${kind}`), icon: "alert", acts: [{ label: this.words.say("interrupted.resume"), primary: true, act: () => {
      this.notes.hide(`resume-${kind}`);
      void this.devices.retry([kind]);
    } }] });
  }

  silent() {
    this.notes.show("sound", { title: this.words.say("sound.blocked"), icon: "speaker", acts: [{ label: this.words.say("sound.play"), primary: true, act: () => {
      this.notes.hide("sound");
      this.tiles.unmute();
    } }] });
  }
}
