// @ts-check
/**
 * Images made of numbers, on a canvas. What is written beside a picture always belongs to the picture that is shown,
 * even while the next one is on its way. No words of its own.
 */

import { h, speaker } from "./dom.js";
import { Face } from "./face.js";
import { Cine, Frames } from "./frames.js";
import { listen } from "./gestures.js";
import { Measures } from "./measures.js";
import { Placement } from "./placement.js";
import { Plate } from "./plate.js";

const LASTING = ["windowing", "pan", "zoom", "measure", "angle"];
const DRAWN = ["measure", "angle"];
const SLICES = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -1, PageDown: 1 });
const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
});
const USUAL_PACE = 10; // frames a second
const SHORTEST_MEASURE = 6; // points of the screen: less was a click

class Viewer {
  /** @param {any} model @param {HTMLElement} el */
  constructor(model, el) {
    const { info, labels } = model, words = speaker(labels);
    this.model = model;
    this.info = info;
    this.tool = LASTING[0];
    this.plate = new Plate(info);
    this.own = { level: this.plate.value(info.level), window: this.plate.breadth(info.window), inverted: false };
    this.look = { ...this.own, level: model.level ?? this.own.level, window: model.window ?? this.own.window };
    this.measures = new Measures(info, labels);
    this.frames = new Frames(model, model.frame ?? Math.floor(info.frames / 2), {
      shown: () => this.arrived(),
      late: (frame) => this.face.say(words("loading", { frame: frame + 1 })),
      failed: (frame) => {
        this.cine.stop();
        this.face.say(words("failed", { frame: frame + 1 }), true);
      },
    });
    this.cine = new Cine(this.frames, info.pace || USUAL_PACE, () => this.clocked());
    this.face = new Face(info, labels, this.plate, this.does(), this.cine.pace);
    this.paper = /** @type {CanvasRenderingContext2D} */ (this.face.canvas.getContext("2d", { alpha: false }));
    this.place = new Placement(info, this.face.canvas);
    /** @type {{x: number, y: number} | null} the point of the picture under the pointer */
    this.pointed = null;
    this.waiting = this.remembering = 0;
    this.developing = false;
    this.resized = new ResizeObserver(() => this.refresh());
    el.replaceChildren(h("div", { class: "room" }, this.face.whole));
    this.face.hold(this.tool);
    this.listen();
    this.follow();
    this.write();
    this.frames.show(this.frames.wanted);
  }

  /** @returns {import("./face.js").Does} */
  does() {
    const placed = (/** @type {() => void} */ act) => () => {
      act();
      this.refresh();
    };
    return {
      lasting: LASTING,
      choose: (tool) => this.choose(tool),
      acts: [
        ["turn", placed(() => this.place.quarter())],
        ["flip", placed(() => this.place.mirror())],
        ["invert", () => this.see({ inverted: !this.look.inverted })],
        ["fit", placed(() => this.place.fit())],
        ["actual", placed(() => this.place.actual())],
        ["reset", () => this.reset()],
      ],
      see: (change) => this.see(change),
      turnTo: (frame) => this.turnTo(frame),
      toggle: () => this.cine.toggle(),
      faster: (pace) => (this.cine.pace = pace),
      clear: () => this.clear(),
      again: () => this.frames.show(this.frames.wanted),
    };
  }

  // ---- drawing and writing

  refresh(develop = false) {
    this.developing ||= develop;
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      const numbers = this.frames.numbers();
      if (this.developing && numbers) this.plate.develop(numbers, this.look);
      this.developing = false;
      this.draw();
      this.write();
    });
  }

  draw() {
    const { paper, place } = this, { canvas } = this.face, dots = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * dots), height = Math.round(canvas.clientHeight * dots);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    paper.setTransform(1, 0, 0, 1, 0, 0);
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, width, height);
    if (this.frames.shown < 0) return;
    paper.setTransform(place.matrix(dots));
    paper.imageSmoothingEnabled = place.scale() < 6;
    paper.imageSmoothingQuality = "high";
    paper.drawImage(this.plate.canvas, -this.info.columns / 2, -this.info.rows / 2);
    paper.setTransform(dots, 0, 0, dots, 0, 0);
    this.measures.draw(paper, place, this.frames.shown, this.isDrawing());
  }

  write() {
    const { shown, wanted } = this.frames;
    this.face.write({
      look: this.look,
      shown,
      wanted,
      zoom: this.place.zoom,
      measured: this.measures.any(shown),
      sides: this.place.sides(),
      under: this.plate.under(this.frames.numbers(), this.pointed),
    });
  }

  // ---- acts

  isDrawing() {
    return DRAWN.includes(this.tool);
  }

  /** @param {string} tool */
  choose(tool) {
    this.tool = tool;
    this.measures.giveUp();
    this.face.hold(tool);
    this.refresh();
  }

  /**
   * Change window, level or sense; what a number field did not understand is ignored.
   * @param {import("./face.js").Change} change
   */
  see(change) {
    const next = { ...this.look, ...change };
    if (Number.isFinite(next.level) && Number.isFinite(next.window)) {
      this.look = { ...next, window: Math.max(this.face.step, next.window) };
    }
    this.refresh(true);
    this.remember();
  }

  reset() {
    this.place.reset();
    this.measures.kept.clear();
    this.measures.giveUp();
    this.see(this.own);
  }

  clear() {
    this.measures.clear(this.frames.shown);
    this.refresh();
    this.face.canvas.focus();
  }

  /** By hand: the clock stops. @param {number} frame */
  turnTo(frame) {
    this.cine.stop();
    this.frames.show(frame);
    this.face.frameSlider.set(this.frames.wanted + 1);
  }

  /** The clock runs, or has stopped: then nothing is loading for it. */
  clocked() {
    const { running } = this.cine;
    this.face.clock.set(running);
    if (running) return;
    if (this.frames.shown === this.frames.wanted) this.face.say(); // else something did not come, and that stays said
    this.refresh();
    this.remember();
  }

  arrived() {
    this.measures.giveUp();
    this.face.say();
    this.refresh(true);
    this.remember();
  }

  /** An end of a measure. @param {{x: number, y: number}} at a point of the picture */
  put(at) {
    if (this.frames.shown < 0) return;
    const said = this.measures.put(this.tool, this.frames.shown, at);
    if (said) this.face.spoken.textContent = said;
    this.refresh();
  }

  /** Tell the server, now and then, so that a page built anew shows the same. */
  remember() {
    this.remembering ||= window.setTimeout(() => {
      this.remembering = 0;
      const now = { frame: this.frames.wanted, level: this.look.level, window: this.look.window };
      for (const [name, value] of Object.entries(now)) if (this.model[name] !== value) this.model[name] = value;
    }, 300);
  }

  // ---- mouse, fingers, keyboard, server

  listen() {
    const { place, measures, frames } = this;
    listen(this.face.canvas, {
      tool: () => this.tool,
      press: (at) => this.isDrawing() && this.put(place.clamped(place.toPicture(at))),
      hover: (at) => {
        this.pointed = place.toPicture(at);
        if (this.isDrawing()) measures.aim = place.clamped(this.pointed);
        this.refresh();
      },
      release: (at) => this.release(at),
      drag: (dx, dy, tool) => this.drag(dx, dy, tool),
      pinch: (by, about) => {
        place.zoomTo(place.zoom * by, about);
        this.refresh();
      },
      shift: (dx, dy) => {
        measures.begun = [];
        place.shift(dx, dy);
        this.refresh();
      },
      leave: () => {
        this.pointed = null;
        if (!measures.begun.length) measures.aim = null;
        this.refresh();
      },
      twice: () => {
        if (!this.isDrawing()) place.fit();
        this.refresh();
      },
      single: () => frames.last === 0,
      canTurn: (direction) => (direction > 0 ? frames.wanted < frames.last : frames.wanted > 0),
      turn: (step) => this.turnTo(frames.wanted + step),
      key: (key, shift) => this.key(key, shift),
    });
  }

  /** What the server says and does. */
  follow() {
    const { model, frames } = this;
    this.resized.observe(this.face.canvas);
    model.on("frame", () => {
      if (Number.isInteger(model.frame) && model.frame !== frames.wanted) this.turnTo(model.frame);
    });
    for (const name of /** @type {("level" | "window")[]} */ (["level", "window"])) {
      model.on(name, () => {
        if (typeof model[name] === "number" && model[name] !== this.look[name]) this.see({ [name]: model[name] });
      });
    }
    model.on("remove", () => {
      this.cine.stop();
      frames.stop();
      this.resized.disconnect();
      cancelAnimationFrame(this.waiting);
      clearTimeout(this.remembering);
    });
  }

  /**
   * A measure drawn by pressing and dragging ends where the finger leaves.
   * @param {{x: number, y: number} | null} at
   */
  release(at) {
    const { measures, place } = this, from = measures.begun[measures.begun.length - 1];
    if (!at || !from || !this.isDrawing()) return;
    const start = place.toScreen(from), end = place.clamped(place.toPicture(at)), there = place.toScreen(end);
    if (Math.hypot(start.x - there.x, start.y - there.y) > SHORTEST_MEASURE) this.put(end);
  }

  /** @param {number} dx @param {number} dy @param {string} tool */
  drag(dx, dy, tool) {
    const { place, look } = this, { step } = this.face;
    if (tool === "pan") place.shift(dx, dy);
    else if (tool === "zoom") place.zoomTo(place.zoom * Math.exp(-dy / 150));
    else if (tool === "windowing") {
      const speed = Math.max(look.window, 20 * step) / 250;
      const round = (/** @type {number} */ value) => Math.round(value / step) * step;
      this.see({ window: Math.max(step, round(look.window + dx * speed)), level: round(look.level - dy * speed) });
    }
    this.refresh();
  }

  /** @param {string} key @param {boolean} shift @returns {boolean} whether it meant something */
  key(key, shift) {
    const { place, measures, frames } = this;
    const aim = measures.aim || { x: this.info.columns / 2, y: this.info.rows / 2 };
    if (this.isDrawing() && ARROWS[key]) {
      const at = place.toScreen(aim), far = shift ? 20 : 2, [dx, dy] = ARROWS[key];
      measures.aim = place.clamped(place.toPicture({ x: at.x + dx * far, y: at.y + dy * far }));
    } else if (this.isDrawing() && key === "Enter") this.put(aim);
    else if (SLICES[key]) this.turnTo(frames.wanted + SLICES[key]);
    else if (key === "Escape" && measures.begun.length) measures.begun = [];
    else if (!this.simpleKey(key)) return false;
    this.refresh();
    return true;
  }

  /** @param {string} key */
  simpleKey(key) {
    const { place, measures, frames } = this;
    const acts = /** @type {Record<string, () => void>} */ ({
      Home: () => this.turnTo(0),
      End: () => this.turnTo(frames.last),
      "+": () => place.zoomTo(place.zoom * 1.25),
      "=": () => place.zoomTo(place.zoom * 1.25),
      "-": () => place.zoomTo(place.zoom / 1.25),
      0: () => place.fit(),
      1: () => place.actual(),
      i: () => this.see({ inverted: !this.look.inverted }),
      Delete: () => measures.undo(frames.shown),
      Backspace: () => measures.undo(frames.shown),
      " ": () => frames.last && this.cine.toggle(),
    });
    if (!Object.hasOwn(acts, key)) return false;
    acts[key]();
    return true;
  }
}

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  new Viewer(model, el);
}
