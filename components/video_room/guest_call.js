/** The call of an invited person: four large buttons, a fifth when there is more to do, and the sheets they open. */
import { ChatView } from "./chat_view.js";
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { ask, sheet } from "./guest_sheet.js";
import { GUEST_TOOLS } from "./guest_tools.js";
import { Quality } from "./quality.js";
import { Unread } from "./unread.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./notes.js").Notes} Notes */
/** @typedef {import("./tiles.js").Tiles} Tiles */
/** @typedef {{element: HTMLElement, text: HTMLElement}} Toggle */

export class GuestCall {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {Tiles} tiles
   * @param {Notes} notes
   * @param {HTMLElement} root where its sheets stand
   */
  constructor(words, call, devices, tiles, notes, root) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.tiles = tiles;
    this.root = root;
    this.unread = new Unread(call, () => this.drawUnread());
    /** @type {Quality | null} while the call is shown */
    this.quality = null;
    this.chat = new ChatView(words, call);
    this.chatSheet = sheet(words, words.say("chat.title"), this.chat.element, "tg-sheet-chat");
    this.chatSheet.addEventListener("close", () => this.unread.watch(false));
    const question = { title: "leave.title", text: "leave.text", stay: "leave.stay", go: "leave.go" };
    this.leaveSheet = ask(words, question, () => call.leave());
    root.append(this.chatSheet, this.leaveSheet);
    this.bars = bars();
    this.status = h("span");
    this.counts = h("span", { class: "td-count-dot", hidden: true });
    this.alone = h("p", { class: "tg-alone" });
    /** @type {Record<"audio" | "video", Toggle>} */
    this.toggles = { audio: this.toggle("audio", "mic"), video: this.toggle("video", "camera") };
    this.writing = this.button("tg-act", "chat", words.say("call.write"), () => this.openChat());
    this.writing.append(this.counts);
    this.leave = this.button("tg-act tg-act-leave", "hangup", words.say("bar.leave.short"), () =>
      this.leaveSheet.showModal(),
    );
    set(this.leave, "aria-label", words.say("bar.leave"));
    /** @type {import("./guest_tools.js").GuestContext} */
    this.context = { words, call, devices, tiles, aux: call.aux, view: this, notes };
    call.on("silenced", () => this.drawButtons());
    devices.on("tracks", () => this.drawButtons());
    for (const { start } of GUEST_TOOLS) start?.(this.context);
  }

  /**
   * @param {"audio" | "video"} kind
   * @param {string} name
   * @returns {Toggle}
   */
  toggle(kind, name) {
    const { words, devices } = this;
    const label = words.say(`device.${kind}`);
    const text = h("span", { class: "tg-act-state" }, label);
    const act = () => (kind === "audio" ? this.call.turnMicrophone() : void devices.turn(kind, !devices.sends(kind)));
    const attributes = { type: "button", class: "tg-act", "aria-label": label, onclick: act };
    return { element: h("button", attributes, icon(name, 28), icon(`${name}-off`, 28), text), text };
  }

  /**
   * @param {string} style
   * @param {string} mark name of its icon
   * @param {string} text
   * @param {() => void} act
   */
  button(style, mark, text, act) {
    return h("button", { type: "button", class: style, onclick: act }, icon(mark, 28), h("span", {}, text));
  }

  /** The call begins to be shown. */
  parts() {
    /** @type {ConstructorParameters<typeof Quality>[1]} */
    const listener = {
      level: (id, level) => (id ? this.tiles.setLevel(id, level) : this.drawQuality(level)),
      voice: (id, speaks) => this.tiles.setVoice(id, speaks),
    };
    this.quality = new Quality(this.call, listener, this.context);
    this.drawButtons();
    this.drawQuality(3);
    const { audio, video } = this.toggles;
    const tools = GUEST_TOOLS.filter(({ open, isPossible }) => open && (isPossible?.() ?? true));
    const more =
      tools.length && this.button("tg-act", "more", this.words.say("call.more"), () => void this.more(tools));
    const buttons = [audio.element, video.element, this.writing, ...(more ? [more] : []), this.leave];
    const label = this.words.say("bar.label");
    return {
      body: [this.alone],
      foot: [
        h("p", { class: "tg-status", role: "status" }, this.bars, this.status),
        h("div", { class: "tg-bar", role: "toolbar", "aria-label": label, "data-count": buttons.length }, ...buttons),
      ],
    };
  }

  /** It is not shown any more. */
  end() {
    this.quality?.stop();
    this.quality = null;
    for (const dialog of this.root.querySelectorAll("dialog")) if (dialog.open) dialog.close();
  }

  draw() {
    write(this.alone, this.words.say("guest.alone"));
    this.alone.hidden = this.call.people.size > 0;
  }

  drawButtons() {
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      const on = this.devices.sends(kind);
      const { element, text } = this.toggles[kind];
      set(element, "aria-pressed", String(on));
      element.classList.toggle("td-off", !on);
      // The state stands in an attribute: the name stays « Micro », pressed or not.
      set(text, "data-state", this.words.say(`call.${kind}.${on ? "on" : "off"}`));
    }
    const { silenced } = this.call;
    const { element, text } = this.toggles.audio;
    if (silenced) set(text, "data-state", this.words.say("call.silenced"));
    element.classList.toggle("tg-silenced", silenced);
    set(element, "aria-description", silenced ? this.words.say("tile.silenced") : null);
  }

  /** @param {number} level */
  drawQuality(level) {
    setBars(this.bars, level, "");
    set(this.bars, "aria-hidden", "true");
    const key = !this.call.line.isOpen ? "line.lost" : this.call.waitsForUnit ? "unit.lost" : `call.quality.${level}`;
    write(this.status, this.words.say(key));
  }

  openChat() {
    this.chatSheet.showModal();
    this.unread.watch(true);
    this.chat.shown();
  }

  drawUnread() {
    const { count } = this.unread;
    this.counts.hidden = count === 0;
    write(this.counts, String(count));
    set(this.writing, "aria-description", count ? this.words.count("chat.unread", count) : null);
  }

  /** @param {import("./guest_tools.js").GuestTool[]} tools */
  async more(tools) {
    const { moreList } = await import("./guest_more.js");
    if (this.call.state !== "inside" || this.root.querySelector("dialog[open]")) return; // over, or pressed twice meanwhile
    /** @type {HTMLDialogElement} */
    const dialog = this.show(
      this.words.say("call.more"),
      moreList(this.context, tools, () => dialog.close()),
    );
  }

  /**
   * A sheet from the bottom of the page; gone when it is closed.
   * @param {string} title
   * @param {HTMLElement} content
   */
  show(title, content) {
    const dialog = sheet(this.words, title, content, "");
    dialog.addEventListener("close", () => dialog.remove());
    this.root.append(dialog);
    dialog.showModal();
    return dialog;
  }
}
