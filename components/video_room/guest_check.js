/** « On vous voit », « On vous entend »: each with the way to change it, and what to do when it fails. */
import { options } from "./device_select.js";
import { h, icon, set, write } from "./dom.js";
import { sheet } from "./guest_sheet.js";
import { Level, meter } from "./level.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./sources.js").Kind} Kind */

const BARS = 12;

export class CheckList {
  /**
   * @param {Words} words
   * @param {Devices} devices
   */
  constructor(words, devices) {
    this.words = words;
    this.devices = devices;
    const shown = meter(BARS, words.say("lobby.level"));
    this.bars = shown.element;
    /** @type {(level: number) => void} */
    this.heard = () => undefined;
    this.level = new Level((level) => {
      shown.show(devices.sends("audio") ? level : 0);
      this.heard(level);
    });
    this.listening = false;
    this.rows = { video: this.row("video"), audio: this.row("audio") };
    this.element = h("ul", { class: "tg-checks" }, this.rows.video.element, this.rows.audio.element);
    devices.on("tracks list", () => this.draw());
    this.draw();
  }

  /** @param {boolean} on */
  listen(on) {
    this.listening = on;
    this.level.listen(on ? this.devices.tracks.audio : null);
  }

  draw() {
    this.listen(this.listening);
    for (const kind of /** @type {Kind[]} */ (["video", "audio"])) {
      const { element, title, help, change, retry } = this.rows[kind];
      const good = this.devices.sends(kind);
      const problem = this.devices.wanted[kind] ? this.devices.problems[kind] : null;
      element.classList.toggle("td-good", good);
      element.classList.toggle("td-bad", problem !== null);
      write(
        title,
        this.words.say(
          good
            ? `check.${kind}`
            : problem
              ? `problem.${kind}.${problem}`
              : this.devices.wanted[kind]
                ? `check.${kind}.asking`
                : `check.${kind}.off`,
        ),
      );
      write(help, problem ? this.words.say(`problem.${kind}.${problem}.guest`) : "");
      help.hidden = !problem;
      retry.hidden = problem === null;
      change.hidden = problem !== null;
      set(change, "disabled", this.devices.wanted[kind] && !good);
    }
    this.bars.hidden = !this.devices.sends("audio");
  }

  /** @param {Kind} kind */
  row(kind) {
    const { words } = this;
    const [title, help] = [h("b"), h("small")];
    const change = h(
      "button",
      {
        type: "button",
        class: "tg-link",
        "aria-label": words.say(`check.${kind}.change`),
        onclick: () => this.choose(kind),
      },
      words.say("check.change"),
    );
    const retry = h(
      "button",
      {
        type: "button",
        class: "tg-link",
        "aria-label": words.say(`check.${kind}.retry`),
        onclick: () => void this.devices.retry([kind]),
      },
      words.say("problem.retry"),
    );
    const element = h(
      "li",
      {},
      h("span", { class: "tg-mark" }, icon("check", 24), icon("alert", 24)),
      h("span", { class: "tg-check-text" }, title, help, kind === "audio" ? this.bars : null),
      change,
      retry,
    );
    return { element, title, help, change, retry };
  }

  /** @param {Kind} kind */
  choose(kind) {
    const list = options(this.words, this.devices, kind, true);
    const box = h(
      "div",
      { class: "tg-choices" },
      ...list.map(({ id, name, on }) =>
        h(
          "button",
          {
            type: "button",
            class: "tg-choice",
            "aria-pressed": String(on),
            onclick: () => {
              void this.devices.choose(kind, id);
              dialog.close();
            },
          },
          h("span", {}, name),
          icon("check", 24),
        ),
      ),
    );
    const dialog = sheet(this.words, this.words.say(`check.${kind}.change`), box, "");
    dialog.addEventListener("close", () => dialog.remove());
    this.element.closest(".tg")?.append(dialog);
    dialog.showModal();
  }
}
