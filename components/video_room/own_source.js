/**
 * One more source of ours beside face and voice: which device, show it or take it away. What is pulled out is told, and comes
 * back by itself when it is plugged in again.
 */
import { problemOf } from "./devices.js";
import { choice } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** What `aux` calls it; its words begin with that, and its message is named so. @typedef {"camera" | "auscultation"} Name */
/** @typedef {{id: string, name: string}} Device */

const FAILED = 10_000;

export class OwnSource {
  /**
   * @param {Context} context
   * @param {Name} name
   * @param {import("./sources.js").Kind} kind
   */
  constructor(context, name, kind) {
    const { words, aux, devices, call } = context;
    this.context = context;
    this.words = words;
    this.name = name;
    this.kind = kind;
    this.asking = false;
    /** Pulled out, and waited for. */
    this.lost = "";
    this.which = choice(words.say(`${name}.which`), () => this.on && void this.begin());
    this.stops = [
      aux.on("changed", () => this.draw()),
      aux.on("ended", ({ content }) => content === name && this.ended()),
      devices.on("list tracks", () => this.listed()),
      call.on("state", () => {
        this.lost = "";
      }),
    ];
  }

  stop() {
    for (const stop of this.stops) stop();
  }

  /** @returns {boolean} it is shown, or heard, now */
  get on() {
    const { aux } = this.context;
    return this.name === "camera" ? aux.picture === "camera" : aux.auscultates;
  }

  /** @returns {Device[]} of its kind, each with a name */
  get devices() {
    return this.context.devices
      .list(this.kind)
      .map(({ id, name }, at) => ({ id, name: name || this.words.say(`device.${this.kind}_n`, { n: at + 1 }) }));
  }

  /** @returns {string} the device that our face or voice comes from */
  get taken() {
    const { devices } = this.context;
    return devices.tracks[this.kind] ? devices.current(this.kind) : "";
  }

  /** @returns {Device[]} those one may choose */
  get choices() {
    return this.devices;
  }

  /** @returns {MediaTrackConstraints} */
  wish() {
    return {};
  }

  draw() {}

  turn() {
    this.lost = "";
    if (this.on) this.context.aux.stop(this.name);
    else void this.begin();
  }

  /** @param {string} [id] */
  async begin(id = this.which.list.value) {
    const { aux, call, notes, words } = this.context;
    if (!id || this.asking) return;
    this.asking = true;
    this.draw();
    try {
      const wish = { ...this.wish(), deviceId: { exact: id } };
      const stream = await navigator.mediaDevices.getUserMedia({ [this.kind]: wish });
      if (call.state === "inside") aux.start(this.name, stream.getTracks());
      else for (const track of stream.getTracks()) track.stop();
      this.lost = "";
      notes.hide(this.name);
    } catch (error) {
      const title = words.say(`${this.name}.${problemOf(error)}`);
      notes.show(this.name, { title, text: words.say(`${this.name}.kept`), icon: "alert", warm: true }, FAILED);
    } finally {
      this.asking = false;
      this.draw();
    }
  }

  ended() {
    const { notes, words } = this.context;
    this.lost = this.which.list.value;
    const act = () => void this.begin(this.lost || this.which.list.value);
    notes.show(this.name, {
      title: words.say(`${this.name}.lost`),
      text: words.say(`${this.name}.lost.text`),
      icon: "alert",
      warm: true,
      acts: [{ label: words.say("interrupted.resume"), primary: true, act }],
    });
  }

  listed() {
    this.draw();
    if (this.lost && this.choices.some(({ id }) => id === this.lost)) void this.begin(this.lost);
  }
}
