/**
 * The bar of the call. Buttons carry the full names of the contract; the word below may be shorter. Microphone, camera
 * and leaving are always there; between and below them stand the tools that there are (`tools.js`).
 */
import { deviceMenu } from "./device_select.js";
import { h, icon, roam, set, write } from "./dom.js";
import { menuButton } from "./menu.js";

/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {import("./tools.js").Context} Context */
/** @typedef {import("./tools.js").Tool} Tool */
/** @typedef {{element: HTMLButtonElement, count: HTMLElement, word: HTMLElement}} Button */

export class Bar {
  /**
   * @param {Context} context
   * @param {readonly Tool[]} tools
   */
  constructor(context, tools) {
    const { words, call, devices } = context;
    this.context = context;
    this.words = words;
    this.call = call;
    this.devices = devices;
    /** @type {Map<string, Button>} */
    this.tools = new Map();
    this.toggles = { audio: this.toggle("audio", "mic"), video: this.toggle("video", "camera") };
    this.menus = [
      deviceMenu(words, devices, ["audio", "speaker"], words.say("bar.choose_audio")),
      deviceMenu(words, devices, ["video"], words.say("bar.choose_video")),
    ];
    this.quit = h(
      "button",
      {
        type: "button",
        class: "td-quit",
        "aria-label": words.say("bar.leave"),
        title: words.say("bar.leave"),
        onclick: () => call.leave(),
      },
      icon("hangup"),
      h("span", { "aria-hidden": "true" }, words.say("bar.leave.short")),
    );
    this.first = h(
      "div",
      { class: "td-bar-first" },
      h("span", { class: "td-split" }, this.toggles.audio, this.menus[0].element),
      h("span", { class: "td-split" }, this.toggles.video, this.menus[1].element),
      ...this.firstTools(tools),
      h("span", { class: "td-grow" }),
      this.quit,
    );
    const second = tools.filter(({ place }) => place === "second").map((tool) => this.tool(tool, "td-tool"));
    this.second = h("div", { class: "td-bar-second" }, ...second);
    this.element = h(
      "div",
      { class: "td-bar", role: "toolbar", "aria-label": words.say("bar.label") },
      this.first,
      this.second,
    );
    this.element.addEventListener("keydown", (event) => {
      const inMenu = event
        .composedPath()
        .some((node) => node instanceof HTMLElement && node.getAttribute("role") === "menu");
      if (inMenu || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
      roam(this.element, ".td-bar-first button:not([role]), .td-bar-second button", event);
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
    return h(
      "button",
      {
        type: "button",
        class: "td-toggle",
        "aria-label": this.words.say(`device.${kind}`),
        "aria-pressed": "true",
        onclick: () =>
          kind === "audio" ? this.call.turnMicrophone() : void this.devices.turn(kind, !this.devices.sends(kind)),
      },
      icon(name),
      icon(`${name}-off`),
    );
  }

  /**
   * Those beside microphone and camera; the rarer ones stand in a menu of the last of them.
   * @param {readonly Tool[]} tools
   */
  firstTools(tools) {
    const shown = tools.filter(({ place }) => place === "first").map((tool) => this.tool(tool, "td-toggle"));
    const more = tools.filter(({ place }) => place === "more");
    const splits = shown.map((button) => h("span", { class: "td-split" }, button));
    if (!more.length) return splits;
    const menu = menuButton(this.words.say("bar.more"), shown.length ? "chevron" : "more", () =>
      more.map((tool) => this.item(tool, menu.close)),
    );
    const last = splits.pop() ?? h("span", { class: "td-split" });
    last.append(menu.element);
    return [...splits, last];
  }

  /**
   * @param {Tool} tool
   * @param {(back: boolean) => void} close its menu
   */
  item({ name, open }, close) {
    const act = () => {
      close(true);
      open(this.context);
    };
    return h(
      "button",
      { type: "button", role: "menuitem", tabindex: -1, onclick: act },
      icon(name, 18),
      h("span", {}, this.words.say(`bar.${name}`)),
    );
  }

  /**
   * @param {Tool} tool
   * @param {"td-tool" | "td-toggle"} style
   */
  tool({ name, place, open }, style) {
    const label = this.words.say(`bar.${name}`);
    const count = h("span", { class: "td-count-dot", "aria-hidden": "true", hidden: true });
    const word = h("span", { "aria-hidden": "true" }, place === "second" ? this.words.say(`bar.${name}.short`) : "");
    const act = () => open(this.context);
    const element = h(
      "button",
      { type: "button", class: style, "aria-label": label, title: label, "aria-pressed": "false", onclick: act },
      icon(name, 22),
      place === "second" ? word : null,
      count,
    );
    this.tools.set(name, { element, count, word });
    return element;
  }

  /**
   * A tool that now does something else: « Partager l'écran » becomes « Arrêter le partage ».
   * @param {string} name
   * @param {string} label
   * @param {string} [short] the word below
   */
  label(name, label, short) {
    const tool = this.tools.get(name);
    if (!tool) return;
    set(tool.element, "aria-label", label);
    set(tool.element, "title", label);
    if (short) write(tool.word, short);
  }

  /**
   * @param {string} name
   * @param {boolean} on
   */
  press(name, on) {
    const tool = this.tools.get(name);
    if (tool) set(tool.element, "aria-pressed", String(on));
  }

  /**
   * @param {string} name
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
