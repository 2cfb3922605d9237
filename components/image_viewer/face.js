// @ts-check
/** What the viewer looks like: the scene with its corners, tools above, sliders beside, and what is written there. */

import { clock, factsOf, noticesOf, presetChips, slider, toolBar } from "./controls.js";
import { h, icon, speaker } from "./dom.js";

/** @typedef {import("./plate.js").Plate} Plate */
/** @typedef {{level?: number, window?: number, inverted?: boolean}} Change */
/**
 * What the face asks of the viewer.
 * @typedef {object} Does
 * @property {string[]} lasting tools that stay in hand
 * @property {(tool: string) => void} choose
 * @property {[string, () => void][]} acts tools that act at once
 * @property {(change: Change) => void} see
 * @property {(frame: number) => void} turnTo
 * @property {() => void} toggle
 * @property {(pace: number) => void} faster
 * @property {() => void} clear
 * @property {() => void} again
 */
/**
 * What is to be written.
 * @typedef {object} State
 * @property {{level: number, window: number, inverted: boolean}} look
 * @property {number} shown
 * @property {number} wanted
 * @property {number} zoom
 * @property {boolean} measured
 * @property {string[]} sides
 * @property {{value?: number, colour?: {red: number, green: number, blue: number}} | null} under
 */

export class Face {
  /**
   * @param {any} info
   * @param {Record<string, string>} labels
   * @param {Plate} plate
   * @param {Does} does
   * @param {number} pace frames a second
   */
  constructor(info, labels, plate, does, pace) {
    this.info = info;
    this.labels = labels;
    this.plate = plate;
    this.does = does;
    this.words = speaker(labels);
    this.fine = Math.abs(plate.breadth(info.highest - info.lowest)) < 20;
    this.step = this.fine ? 0.01 : 1;
    this.canvas = /** @type {HTMLCanvasElement} */ (
      h("canvas", { tabindex: 0, role: "img", "aria-describedby": "help" })
    );
    const corner = (/** @type {string} */ place, text = "") => h("p", { class: `ov ov--${place}` }, text);
    this.below = corner("bl");
    this.numbers = corner("br");
    this.letters = ["left", "right", "top", "bottom"].map((side) => h("b", { class: `or or--${side}` }));
    this.says = h("div", { class: "says", hidden: true });
    this.spoken = h("p", { class: "vh", role: "status" });
    this.clearing = h("button", { type: "button", class: "clear", hidden: true, onclick: does.clear }, labels.clear);
    this.facts = factsOf(labels, info, () => this.showFacts(false));
    const help = h("p", { class: "vh", id: "help" }, labels.help);
    this.scene = h("div", { class: "scene" }, this.canvas, ...this.letters, corner("tl", info.identity),
      corner("tr", info.detail), this.below, this.numbers, this.clearing, this.says, this.facts, this.spoken, help);
    this.bar = toolBar(labels, does.lasting, does.choose, does.acts);
    this.chips = presetChips(labels, this.presets(), does.see);
    this.clock = clock(labels, pace, does.toggle, does.faster);
    const numeric = (/** @type {string} */ name, /** @type {[number, number]} */ [min, max]) =>
      slider(labels, { name, min, max, step: this.step, unit: info.unit, field: true },
        (now) => does.see({ [name]: now }), (now) => this.withUnit(now));
    this.windowSlider = numeric("window", this.windowEnds());
    this.levelSlider = numeric("level", this.levelEnds());
    this.frameSlider = slider(labels, { name: "frame", min: 1, max: info.frames, step: 1, unit: "", field: false },
      (now) => does.turnTo(now - 1), (now) => this.words("frame_of", { frame: now, frames: info.frames }));
    this.whole = this.assembled();
    this.clock.set(false);
  }

  assembled() {
    const { labels, info } = this, turning = info.frames > 1 ? [this.frameSlider.element, this.clock.element] : [];
    const square = (/** @type {string} */ name, /** @type {() => void} */ act) =>
      h(
        "button",
        { type: "button", class: "sq", "aria-label": labels[name], title: labels[name], onclick: act },
        icon(name),
      );
    const facts = square("facts", () => this.showFacts(Boolean(this.facts.hidden)));
    const full = square("fullscreen", () => this.fullscreen());
    const known = info.facts && info.facts.length ? facts : null;
    const named = { class: "sq", href: info.download, download: true, "aria-label": labels.download, title: labels.download };
    const take = info.download ? h("a", named, icon("download")) : null;
    const bar = h("div", { class: "bar" }, this.bar.element, this.chips.element, known, take, full);
    const sliders = h("div", { class: "sliders" }, this.windowSlider.element, this.levelSlider.element, ...turning);
    const note = h("p", { class: "note" }, icon("facts"), labels.not_diagnostic);
    return h("div", { class: "viewer" }, bar, noticesOf(info), this.scene, h("div", { class: "side" }, sliders, note));
  }

  /**
   * Name, level, window in values; the study's own first, unless it is one of the named.
   * @returns {[string, number, number][]}
   */
  presets() {
    const { info, plate } = this, named = /** @type {[string, number, number][]} */ (info.presets || []);
    const isNamed = named.some(([, level, window]) => level === info.level && window === info.window);
    const own = /** @type {[string, number, number]} */ ([this.labels.default, info.level, info.window]);
    const every = isNamed ? named : [own, ...named];
    return every.map(([name, level, window]) => [name, plate.value(level), plate.breadth(window)]);
  }

  /** @returns {[number, number]} */
  windowEnds() {
    const whole = this.plate.breadth(this.info.highest - this.info.lowest);
    return [this.step, Math.ceil(Math.max(whole, ...this.presets().map((preset) => preset[2] * 1.25)))];
  }

  /** @returns {[number, number]} */
  levelEnds() {
    const { info, plate } = this, levels = this.presets().map(([, level]) => level);
    const ends = levels.concat(plate.value(info.lowest), plate.value(info.highest));
    return [Math.floor(Math.min(...ends)), Math.ceil(Math.max(...ends))];
  }

  /** @param {string} tool */
  hold(tool) {
    this.scene.dataset.tool = tool;
    this.bar.set(tool);
  }

  /** @param {State} state */
  write(state) {
    const { words, info } = this, frame = state.shown + 1, { look, under } = state, lines = [];
    if (frame && info.frames > 1) lines.push(words("shown_frame", { frame, frames: info.frames }));
    lines.push(words("shown_zoom", { zoom: this.written(state.zoom, state.zoom < 1 ? 2 : 1) }));
    if (under?.colour) lines.push(words("pointed_colour", under.colour));
    else if (under) lines.push(words("pointed", { value: this.withUnit(under.value ?? 0) }));
    this.below.textContent = lines.join("\n");
    const short = words("short", { window: this.written(look.window), level: this.written(look.level) });
    this.numbers.textContent = [short, info.unit, look.inverted ? this.labels.inverted : ""].filter(Boolean).join(" ");
    this.clearing.hidden = !state.measured;
    this.canvas.setAttribute("aria-label", words("image", { frame, frames: info.frames }));
    state.sides.forEach((letter, i) => { this.letters[i].textContent = letter; });
    this.chips.set(look.level, look.window);
    this.windowSlider.set(look.window);
    this.levelSlider.set(look.level);
    this.frameSlider.set(state.wanted + 1);
  }

  /** @param {number} number */
  written(number, digits = this.fine ? 2 : 0) {
    return number.toLocaleString(this.labels.locale, { maximumFractionDigits: digits, useGrouping: false });
  }

  /** @param {number} number */
  withUnit(number) {
    return this.info.unit ? `${this.written(number)} ${this.info.unit}` : this.written(number);
  }

  say(text = "", retry = false) {
    const again = () => h("button", { type: "button", class: "chip", onclick: this.does.again }, this.labels.retry);
    this.says.hidden = !text;
    this.says.replaceChildren(text, ...(retry ? [h("br"), again()] : []));
    this.spoken.textContent = text;
  }

  /** @param {boolean} open */
  showFacts(open) {
    this.facts.hidden = !open;
    if (open) this.facts.querySelector("button")?.focus();
    else this.canvas.focus();
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.whole.requestFullscreen?.();
  }
}
