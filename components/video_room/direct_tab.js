/**
 * The panel « Discussion »: what is written to the room, and beside it « Direct », to one colleague. Direct messages belong
 * to the page, not to the call (`app/static/direct.js`, on `window.__td.direct`); where there is none, as in a notebook, only
 * the room's discussion is shown.
 */
import { h, roam, set, write } from "./dom.js";
import { Unread } from "./unread.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./chat_view.js").ChatView} ChatView */
/** @typedef {"room" | "direct"} Tab */

/** @type {readonly Tab[]} */
const TABS = ["room", "direct"];

export class Talk {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {ChatView} chat
   * @param {() => void} changed how much is unread
   */
  constructor(words, call, chat, changed) {
    this.words = words;
    this.chat = chat;
    this.changed = changed;
    /** @type {Tab} */
    this.tab = "room";
    this.isShown = false;
    this.room = new Unread(call, () => this.follow());
    this.direct = window.__td?.direct ?? null;
    this.place = h("div", { class: "td-direct", role: "tabpanel", hidden: true });
    this.marks = TABS.map(() => h("span", { class: "td-count-dot", "aria-hidden": "true", hidden: true }));
    this.tabs = TABS.map((tab, at) =>
      h("button", { type: "button", role: "tab", onclick: () => this.turn(tab) }, words.say(`talk.${tab}`), this.marks[at]),
    );
    const list = h("div", { class: "td-tabs", role: "tablist", "aria-label": words.say("talk.tabs") }, ...this.tabs);
    list.addEventListener("keydown", (event) => roam(list, "button", event));
    this.element = this.direct
      ? h("div", { class: "td-talk" }, list, chat.element, this.place)
      : h("div", { class: "td-talk" }, chat.element);
    /** Made when it is first turned to: who enters waits for a picture, not for colleagues. @type {any} */
    this.view = null;
    this.silence = this.direct?.on(() => this.follow());
    this.draw();
  }

  /** Lines and messages that nobody has read yet. */
  get unread() {
    return this.room.count + (this.direct?.unread ?? 0);
  }

  stop() {
    this.room.stop();
    this.silence?.();
    this.view?.stop();
  }

  follow() {
    this.draw();
    this.changed();
  }

  /** @param {boolean} isShown the panel is on the screen */
  show(isShown) {
    this.isShown = isShown;
    this.room.draw();
    this.draw();
    this.changed();
  }

  /** It was opened. */
  shown() {
    if (this.tab === "room") this.chat.shown();
    else this.view?.shown();
  }

  /** @param {Tab} tab */
  turn(tab) {
    this.tab = tab;
    this.draw();
    this.shown();
  }

  draw() {
    const counts = { room: this.room.count, direct: this.direct?.unread ?? 0 };
    TABS.forEach((tab, at) => {
      const [button, mark, count] = [this.tabs[at], this.marks[at], counts[tab]];
      set(button, "aria-selected", String(this.tab === tab));
      set(button, "tabindex", this.tab === tab ? 0 : -1);
      const label = this.words.say(`talk.${tab}`);
      set(button, "aria-label", count ? this.words.say("talk.unread", { tab: label, count }) : null);
      mark.hidden = count === 0;
      write(mark, count > 99 ? "99" : String(count));
    });
    this.chat.element.hidden = this.tab !== "room";
    this.place.hidden = this.tab !== "direct";
    if (this.tab === "direct") this.view ??= this.direct?.mount(this.place, () => window.__td?.room?.dossier ?? "");
    this.view?.watch(this.isShown && this.tab === "direct");
    const watched = this.isShown && this.tab === "room";
    if (watched !== this.room.watched) this.room.watch(watched);
  }
}
