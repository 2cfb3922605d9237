/**
 * The bar of the call. Buttons carry the full names of the contract; the word below may be shorter. `TOOLS` is the
 * order in which they stand: a tool comes into the bar when somebody gives it something to do.
 */
import { deviceMenu } from "./device_select.js";
import { h, icon, roam, set, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {"transfer" | "invite" | "chat" | "capture" | "detach" | "people" | "layout"} Tool */

/** @type {readonly Tool[]} */
const TOOLS = ["transfer", "invite", "chat", "capture", "detach", "people", "layout"];

export class Bar {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {Partial<Record<Tool, () => void>>} acts
   */
  constructor(words, call, devices, acts) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    /** @type {Map<Tool, {element: HTMLButtonElement, count: HTMLElement}>} */
    this.tools = new Map();
    this.toggles = { audio: this.toggle("audio", "mic"), video: this.toggle("video", "camera") };
    this.menus = [
      deviceMenu(words, devices, ["audio", "speaker"], words.say("bar.choose_audio")),
      deviceMenu(words, devices, ["video"], words.say("bar.choose_video")),
    ];
    this.quit = h("button", { type: "button", class: "td-quit", "aria-label": words.say("bar.leave"), title: words.say("bar.leave"), onclick: () => call.leave() },
      icon("hangup"), h("span", { "aria-hidden": "true" }, words.say("bar.leave.short")));
    this.first = h("div", { class: "td-bar-first" },
      h("span", { class: "td-split" }, this.toggles.audio, this.menus[0].element),
      h("span", { class: "td-split" }, this.toggles.video, this.menus[1].element),
      h("span", { class: "td-grow" }), this.quit);
    this.second = h("div", { class: "td-bar-second" });
    for (const name of TOOLS) {
      const act = acts[name];
      if (act) this.second.append(this.tool(name, act));
    }
    this.element = h("div", { class: "td-bar", role: "toolbar", "aria-label": words.say("bar.label") }, this.first, this.second);
    this.element.addEventListener("keydown", (event) => {
      const inMenu = event.composedPath().some((node) => node instanceof HTMLElement && node.getAttribute("role") === "menu");
      if (!inMenu && (event.key === "ArrowLeft" || event.key === "ArrowRight")) roam(this.element, ".td-bar-first button:not([role]), .td-bar-second button", event);
    });
    const stops = [devices.on("tracks", () => this.draw()), call.on("silenced", () => this.draw())];
    this.stop = () => stops.forEach((stop) => stop());
    this.draw();
  }

  end() {
    this.stop();
    for (const { stop } of this.menus) stop();
  }

  draw() {
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const on = this.devices.sends(kind);
      set(this.toggles[kind], "aria-pressed", String(on));
      this.toggles[kind].classList.toggle("td-off", !on);
      set(this.toggles[kind], "title", this.words.say(`bar.${kind}.${on ? "on" : "off"}`));
    }
    if (this.call.silenced) set(this.toggles.audio, "title", this.words.say("tile.silenced"));
    set(this.toggles.audio, "aria-description", this.call.silenced ? this.words.say("tile.silenced") : null);
  }

  /**
   * @param {Kind} kind
   * @param {string} name
   */
  toggle(kind, name) {
    return h("button", { type: "button", class: "td-toggle", "aria-label": this.words.say(`device.${kind}`), "aria-pressed": "true", onclick: () => (kind === "audio" ? this.call.turnMicrophone() : void this.devices.turn(kind, !this.devices.sends(kind))) },
      icon(name), icon(`${name}-off`));
  }

  /**
   * @param {Tool} name
   * @param {() => void} act
   */
  tool(name, act) {
    const label = this.words.say(`bar.${name}`);
    const count = h("span", { class: "td-count-dot", "aria-hidden": "true", hidden: true });
    const element = h("button", { type: "button", class: "td-tool", "aria-label": label, title: label, "aria-pressed": "false", onclick: act },
      icon(name, 22), h("span", { "aria-hidden": "true" }, this.words.say(`bar.${name}.short`)), count);
    this.tools.set(name, { element, count });
    return element;
  }

  /**
   * @param {Tool} name
   * @param {boolean} on
   */
  press(name, on) {
    const tool = this.tools.get(name);
    if (tool) set(tool.element, "aria-pressed", String(on));
  }

  /**
   * @param {Tool} name
   * @param {number} count
   * @param {string} spoken
   */
  count(name, count, spoken) {
    const tool = this.tools.get(name);
    if (!tool) return;
    tool.count.hidden = count === 0;
    write(tool.count, count > 99 ? "99" : String(count));
    set(tool.element, "aria-description", count ? spoken : null);
  }
}
