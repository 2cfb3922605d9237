/**
 * The panel « Ajouter une caméra »: which one, how fine, show it or take it away; what the camera itself can do (zoom, light).
 * A camera that is pulled out comes back by itself when it is plugged in again.
 */
import { h, write } from "./dom.js";
import { Fineness, STEPS } from "./fineness.js";
import { OwnSource } from "./own_source.js";
import { choice, slider, tick } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** What a camera may offer beyond the standard library of types. @typedef {{zoom?: {min: number, max: number, step: number}, torch?: boolean}} Abilities */

/** The choice « as fine as the line carries ». */
const FINEST = "finest";
const LOOK = 2000;
const PACE = 30;

export class CameraView extends OwnSource {
  /** @param {Context} context */
  constructor(context) {
    super(context, "camera", "video");
    const { words } = context;
    /** @type {Fineness | null} while « as fine as the line carries » */
    this.fineness = null;
    this.size = choice(words.say("camera.size"), () => this.on && void this.resize(true));
    this.size.fill([
      { id: FINEST, name: words.say("camera.finest") },
      ...STEPS.map((lines) => ({ id: String(lines), name: words.say("camera.lines", { lines }) })),
    ]);
    this.button = h("button", { type: "button", class: "td-btn td-btn-primary td-wide", onclick: () => this.turn() });
    this.sent = h("p", { class: "td-small", role: "status" });
    this.none = h("p", { class: "td-small" }, words.say("camera.none"));
    this.zoom = slider(words.say("camera.zoom"), { min: 1, max: 1, step: 0.1, value: 1 }, (zoom) => this.ask({ zoom }));
    this.light = tick(words.say("camera.light"), () => this.ask({ torch: this.light.box.checked }));
    this.hint = h("p", { class: "td-small" }, words.say("camera.hint"));
    this.element = h(
      "div",
      { class: "td-source" },
      ...[this.hint, this.none, this.which.element, this.size.element],
      ...[this.zoom.element, this.light.element, this.button, this.sent],
    );
    this.clock = setInterval(() => void this.look(), LOOK);
    this.draw();
  }

  stop() {
    clearInterval(this.clock);
    super.stop();
  }

  shown() {
    void this.context.devices.refresh();
    this.which.list.focus();
  }

  get track() {
    return this.on ? this.context.aux.tracks["aux-video"] : null;
  }

  /** Those that do not show the face already. */
  get choices() {
    const { taken } = this;
    return this.devices.filter(({ id }) => id !== taken);
  }

  /** @param {string} [id] */
  async begin(id) {
    this.fineness = this.size.list.value === FINEST ? new Fineness(performance.now()) : null;
    await super.begin(id);
  }

  wish() {
    const lines = this.fineness ? this.fineness.height : Number(this.size.list.value) || STEPS[0];
    const wide = Math.round((lines * 16) / 9);
    return { width: { ideal: wide }, height: { ideal: lines }, frameRate: { ideal: PACE } };
  }

  /** @param {boolean} anew the person chose another size */
  async resize(anew) {
    if (anew) this.fineness = this.size.list.value === FINEST ? new Fineness(performance.now()) : null;
    await this.track?.applyConstraints(this.wish()).catch(() => undefined);
    this.draw();
  }

  /** @param {Record<string, number | boolean>} wanted something only this camera can do */
  ask(wanted) {
    const advanced = /** @type {MediaTrackConstraintSet[]} */ ([wanted]);
    void this.track?.applyConstraints({ ...this.wish(), advanced }).catch(() => undefined);
    this.zoom.tell(this.words.say("camera.times", { times: this.zoom.input.value }));
  }

  /** What really leaves, and whether the line carries it. */
  async look() {
    const { track } = this;
    if (!track) return;
    const [sender] = this.context.call.topology.senders("aux-video");
    /** @type {any} */
    let sent = null;
    (await sender?.getStats())?.forEach((each) => {
      if (each.type === "outbound-rtp") sent = each;
    });
    if (track !== this.track || !sent) return;
    const pace = Math.round(sent.framesPerSecond ?? 0);
    const limited = ["bandwidth", "cpu"].includes(sent.qualityLimitationReason);
    if (sent.frameWidth) {
      write(this.sent, this.words.say("camera.sent", { width: sent.frameWidth, height: sent.frameHeight, pace }));
    }
    if (this.fineness?.look({ pace, limited }, performance.now())) await this.resize(false);
  }

  draw() {
    const { track, words, choices } = this;
    this.which.fill(choices);
    this.none.hidden = choices.length > 0 || this.on;
    this.hint.hidden = this.on || choices.length === 0;
    this.button.disabled = this.asking || (!this.on && choices.length === 0);
    this.button.classList.toggle("td-btn-primary", !this.on);
    write(this.button, words.say(this.on ? "camera.stop" : "camera.start"));
    if (!this.on) write(this.sent, "");
    const able = /** @type {Abilities} */ (track?.getCapabilities?.() ?? {});
    const { zoom } = able;
    this.zoom.element.hidden = !zoom || zoom.max <= zoom.min;
    if (zoom) Object.assign(this.zoom.input, { min: zoom.min, max: zoom.max, step: zoom.step || 0.1 });
    this.light.element.hidden = !able.torch;
  }
}
