/**
 * « Détacher la vidéo »: a picture in a window of its own, for a second screen. Several at once; the first one stays above other
 * windows where the browser can (Document Picture-in-Picture, one for each page), the others are popups. The call stays
 * in this page, which decodes each picture once; the page shows it as before.
 */
import { h, icon, set, write } from "./dom.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {{key: string, label: string, tile: import("./tile.js").Tile}} Subject */
/** @typedef {{window: Window, name: HTMLElement, veil: HTMLElement, quiet: () => void}} Detached */

const SIZE = { width: 640, height: 480 };
/** The windows have no style sheet of ours: what they need stands here, in the words of CSS (no colour but black and white). */
const LOOK = {
  body: "margin:0;background:black;color:white;font:16px/1.4 system-ui,sans-serif;overflow:hidden",
  video: "position:fixed;inset:0;width:100%;height:100%;object-fit:contain;background:black",
  name: "position:fixed;left:12px;bottom:12px;margin:0;padding:4px 10px;border-radius:8px;background:black;opacity:.85",
  veil: "position:fixed;inset:0;display:grid;place-items:center;margin:0",
  back: "position:fixed;right:12px;bottom:12px;min-height:44px;padding:0 16px;border:1px solid white;border-radius:8px;background:black;color:white;font:inherit",
};

export class Detaching {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    /** @type {Map<string, Detached>} */
    this.windows = new Map();
    this.asking = false;
    this.list = h("div", { class: "td-subjects" });
    context.view.addPanel("detach", this.list, { shown: () => this.shown() });
    this.bye = () => this.closeAll();
    addEventListener("pagehide", this.bye);
    this.stops = [
      context.call.on("people link state said:joined", () => this.draw()),
      context.call.aux.on("changed", () => this.draw()),
    ];
    this.clock = setInterval(() => this.follow(), 500);
    this.draw();
  }

  stop() {
    clearInterval(this.clock);
    removeEventListener("pagehide", this.bye);
    for (const stop of this.stops) stop();
    this.closeAll();
  }

  /** The tool was pressed: one picture goes at once, several are chosen from. */
  press() {
    const all = this.all();
    const { view } = this.context;
    if (view.open === "detach" || all.length !== 1) view.turn("detach");
    else if (this.windows.has(all[0].key)) this.windows.get(all[0].key)?.window.close();
    else void this.detach(all[0]);
  }

  shown() {
    this.draw();
    this.list.querySelector("button")?.focus();
  }

  /** @returns {Subject[]} */
  all() {
    const { call, tiles, words } = this.context;
    return [...call.people.values()].flatMap(({ id, name, aux }) => {
      const [face, beside] = [tiles.byId.get(id), aux ? tiles.aux.byId.get(id) : undefined];
      const label = words.say(aux === "screen" ? "aux.screen" : "aux.camera", { name });
      return [
        ...(face ? [{ key: `${id} face`, label: name, tile: face }] : []),
        ...(beside ? [{ key: `${id} aux`, label, tile: beside }] : []),
      ];
    });
  }

  draw() {
    const { words, view } = this.context;
    const all = this.all();
    const buttons = all.map((subject) => {
      const on = this.windows.has(subject.key);
      return h(
        "button",
        {
          type: "button",
          class: "td-btn",
          "aria-pressed": String(on),
          onclick: () => (on ? this.windows.get(subject.key)?.window.close() : void this.detach(subject)),
        },
        icon("detach"),
        words.say("detach.one", { name: subject.label }),
      );
    });
    const had = this.list.querySelectorAll("button");
    const at = [...had].findIndex((button) => button === /** @type {any} */ (this.list.getRootNode()).activeElement);
    this.list.replaceChildren(
      ...(buttons.length ? buttons : [h("p", { class: "td-small" }, words.say("detach.none"))]),
    );
    if (at >= 0) buttons[Math.min(at, buttons.length - 1)]?.focus();
    view.bar?.press("detach", this.windows.size > 0 || view.open === "detach");
    this.follow();
  }

  /** Windows go with their pictures; what they show besides follows. */
  follow() {
    const all = new Map(this.all().map((subject) => [subject.key, subject]));
    for (const [key, { window: other, name, veil }] of this.windows) {
      const subject = all.get(key);
      if (!subject || this.context.call.state !== "inside") other.close();
      if (other.closed || !subject) {
        this.forget(key);
        continue;
      }
      write(name, subject.label);
      const blank = subject.tile.element.classList.contains("td-blank");
      veil.hidden = !blank;
      set(veil, "style", blank ? LOOK.veil : "display:none");
      write(veil, subject.tile.veilText.textContent ?? "");
    }
  }

  /** @param {Subject} subject */
  async detach(subject) {
    const { words, notes } = this.context;
    if (this.asking) return; // pressed twice
    this.asking = true;
    const other = (await this.above().finally(() => (this.asking = false))) ?? open("", "", `popup,width=${SIZE.width},height=${SIZE.height}`);
    if (!other) {
      notes.show(
        "detach",
        { title: words.say("detach.blocked"), text: words.say("detach.blocked.text"), icon: "alert", warm: true },
        15_000,
      );
      return;
    }
    notes.hide("detach");
    this.fill(other, subject);
    this.draw();
  }

  /** @returns {Promise<Window | null>} a window that stays above the others: one for each page, and not everywhere */
  async above() {
    const pip = /** @type {any} */ (globalThis).documentPictureInPicture;
    if (!pip || pip.window) return null;
    return pip.requestWindow(SIZE).catch(() => null);
  }

  /**
   * @param {Window} other
   * @param {Subject} subject
   */
  fill(other, subject) {
    const { words } = this.context;
    const page = other.document;
    page.documentElement.lang = document.documentElement.lang;
    page.title = subject.label;
    set(page.body, "style", LOOK.body);
    const video = page.createElement("video");
    Object.assign(video, { autoplay: true, playsInline: true, muted: true });
    set(video, "style", LOOK.video);
    set(video, "aria-label", subject.label);
    const name = page.createElement("p");
    set(name, "style", LOOK.name);
    const veil = page.createElement("p");
    const back = page.createElement("button");
    set(back, "style", LOOK.back);
    write(back, words.say("detach.back"));
    back.addEventListener("click", () => other.close());
    page.addEventListener("keydown", (event) => {
      if (event.key === "Escape") other.close();
      else if (event.key === "f" || event.key === "F") void this.whole(page);
    });
    video.addEventListener("dblclick", () => void this.whole(page));
    page.body.replaceChildren(video, veil, name, back);
    other.addEventListener("pagehide", () => setTimeout(() => this.forget(subject.key, other)));
    this.windows.set(subject.key, { window: other, name, veil, quiet: subject.tile.video.mirror(video) });
    back.focus();
  }

  /** @param {Document} page */
  async whole(page) {
    const leave = page.fullscreenElement !== null;
    await (leave ? page.exitFullscreen() : page.documentElement.requestFullscreen()).catch(() => undefined);
  }

  /**
   * @param {string} key
   * @param {Window} [other] only this one: another may have come after it
   */
  forget(key, other) {
    const known = this.windows.get(key);
    if (!known || (other && known.window !== other)) return;
    this.windows.delete(key);
    known.quiet();
    this.draw();
  }

  closeAll() {
    for (const { window: other, quiet } of this.windows.values()) {
      quiet();
      other.close();
    }
    this.windows.clear();
  }
}

/** Of the page's one call. @type {WeakMap<object, Detaching>} */
const ofView = new WeakMap();

/** @type {import("./tools.js").Tool} */
export const detach = {
  name: "detach", place: "second",
  open: ({ view }) => ofView.get(view)?.press(),
  start: (context) => {
    const detaching = new Detaching(context);
    ofView.set(context.view, detaching);
    return () => detaching.stop();
  },
};
