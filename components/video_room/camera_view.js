/**
 * The panel « Ajouter une caméra »: which one, how fine, show it or take it away; what the camera itself can do (zoom, light).
 * A camera that is pulled out comes back by itself when it is plugged in again.
 */
import { problemOf } from "./devices.js";
import { h, write } from "./dom.js";
import { Fineness, STEPS } from "./fineness.js";
import { choice, slider, tick } from "./source_panel.js";

/** @typedef {import("./tools.js").Context} Context */
/** What a camera may offer beyond the standard library of types. @typedef {{zoom?: {min: number, max: number, step: number}, torch?: boolean}} Abilities */

/** The choice « as fine as the line carries ». */
const FINEST = "finest";
const NOTE = "camera";
const LOOK = 2000;
const PACE = 30;

export class CameraView {
  /** @param {Context} context */
  constructor(context) {
    const { words, aux, devices, call } = context;
    this.context = context;
    this.words = words;
    this.asking = false;
    /** Pulled out, and waited for. */
    this.lost = "";
    /** @type {Fineness | null} while « as fine as the line carries » */
    this.fineness = null;
    this.which = choice(words.say("camera.which"), () => this.on && void this.begin());
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
    this.stops = [
      aux.on("changed", () => this.draw()),
      aux.on("ended", ({ content }) => content === "camera" && this.ended()),
      devices.on("list tracks", () => this.listed()),
      call.on("state", () => {
        this.lost = "";
      }),
    ];
    this.clock = setInterval(() => void this.look(), LOOK);
    this.draw();
  }

  stop() {
    clearInterval(this.clock);
    for (const stop of this.stops) stop();
  }

  shown() {
    void this.context.devices.refresh();
    this.which.list.focus();
  }

  get on() {
    return this.context.aux.picture === "camera";
  }

  get track() {
    return this.on ? this.context.aux.tracks["aux-video"] : null;
  }

  /** Those that do not show the face already. */
  get others() {
    const { devices } = this.context;
    const face = devices.tracks.video ? devices.current("video") : "";
    const named = devices
      .list("video")
      .map(({ id, name }, at) => ({ id, name: name || this.words.say("device.video_n", { n: at + 1 }) }));
    return named.filter(({ id }) => id !== face);
  }

  turn() {
    this.lost = "";
    if (this.on) this.context.aux.stop("camera");
    else void this.begin();
  }

  /** @param {string} [id] */
  async begin(id = this.which.list.value) {
    const { aux, call, notes, words } = this.context;
    if (!id || this.asking) return;
    this.asking = true;
    this.draw();
    try {
      this.fineness = this.size.list.value === FINEST ? new Fineness(performance.now()) : null;
      const video = { deviceId: { exact: id }, ...this.wish() };
      const stream = await navigator.mediaDevices.getUserMedia({ video });
      if (call.state === "inside") aux.start("camera", stream.getTracks());
      else for (const track of stream.getTracks()) track.stop();
      this.lost = "";
      notes.hide(NOTE);
    } catch (error) {
      const problem = problemOf(error);
      const note = { title: words.say(`camera.${problem}`), text: words.say("camera.kept"), icon: "alert", warm: true };
      notes.show(NOTE, note, 10_000);
    } finally {
      this.asking = false;
      this.draw();
    }
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

  ended() {
    const { notes, words } = this.context;
    this.lost = this.which.list.value;
    const act = () => void this.begin(this.lost || this.which.list.value);
    notes.show(NOTE, {
      title: words.say("camera.lost"),
      text: words.say("camera.lost.text"),
      icon: "alert",
      warm: true,
      acts: [{ label: words.say("interrupted.resume"), primary: true, act }],
    });
  }

  listed() {
    this.draw();
    if (this.lost && this.others.some(({ id }) => id === this.lost)) void this.begin(this.lost);
  }

  draw() {
    const { track, words, others } = this;
    this.which.fill(others);
    this.none.hidden = others.length > 0 || this.on;
    this.hint.hidden = this.on || others.length === 0;
    this.button.disabled = this.asking || (!this.on && others.length === 0);
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
