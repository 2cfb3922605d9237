// @ts-check
/** One picture in its frame: date and caption, the picture, what was measured over it, and hands and keys on it. */

import { Refusal } from "../_shared/asking.js";
import { h, remembered } from "../_shared/dom.js";
import { Camera } from "./camera.js";
import { Drawing } from "./drawing.js";
import { Measures } from "./measures.js";
import { Overlay } from "./overlay.js";
import { Tiles } from "./tiles.js";

/** @typedef {import("./geometry.js").Point} Point */
/**
 * @typedef {object} Told
 * @property {(pane: Pane, act: (camera: Camera) => void) => void} gesture for this pane, and those that move with it
 * @property {(pane: Pane) => void} active it has the focus now
 * @property {(pane: Pane) => void} changed measures or view
 * @property {(pane: Pane) => void} drawn it shows something else now
 * @property {(text: string) => void} say to somebody who does not see
 * @property {() => string} tool move, reference, length or area
 * @property {(tool: string) => void} choose
 * @property {(pane: Pane, tool: string) => void} finished a measure has been drawn
 */

const STEP = 60; // px for an arrow
const NEARER = 1.25;

export class Pane {
  /** @param {import("./sources.js").Picture} picture @param {import("./sources.js").Source} source @param {any} labels @param {Told} told */
  constructor(picture, source, labels, told) {
    this.picture = picture;
    this.labels = labels;
    this.told = told;
    this.kept = remembered("picture", picture.source || picture.id);
    this.camera = new Camera(picture.width, picture.height);
    this.measures = new Measures(this.kept.measures);
    this.light = this.kept.light ?? { brightness: 100, contrast: 100 };
    this.drawing = new Drawing(this);
    this.canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    this.overlay = new Overlay(labels, {
      hold: (event, item, index) => this.drawing.hold(event, item, index),
      key: (event, item, index) => this.pointKey(event, item, index),
    });
    this.problem = h("div", { class: "problem", role: "alert", hidden: true });
    const name = `${picture.title}, ${picture.date}`;
    this.stage = h("div", { class: "stage", tabindex: 0, role: "application", "aria-label": name, "aria-describedby": "keys" }, this.canvas, this.overlay.node, this.problem);
    const caption = h("figcaption", {}, h("b", { class: "date" }, picture.date), h("span", { class: "what" }, picture.title), h("small", {}, picture.caption));
    this.node = h("figure", { class: "pane" }, caption, this.stage);
    this.tiles = new Tiles(source, picture, { drawn: () => this.refresh(), failed: (error) => this.complain(error) });
    this.waiting = 0;
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.stage);
    this.drawing.listen();
    this.stage.addEventListener("focusin", () => told.active(this));
    this.stage.addEventListener("keydown", (event) => this.key(event));
  }

  resize() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    const dots = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(clientWidth * dots);
    this.canvas.height = Math.round(clientHeight * dots);
    this.camera.setRoom(clientWidth, clientHeight, dots);
    if (!this.opened) {
      this.opened = true;
      this.camera.restore(this.kept.camera);
      this.tiles.open(Math.ceil(this.picture.width * this.camera.whole * dots));
    }
    this.refresh();
  }

  /** Draw again, soon and once. */
  refresh() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      const pencil = this.canvas.getContext("2d");
      if (!pencil || !this.opened) return;
      this.tiles.draw(pencil, this.camera);
      this.canvas.style.filter = this.isPlain ? "" : `brightness(${this.light.brightness}%) contrast(${this.light.contrast}%)`;
      this.overlay.draw(this.measures, this.camera, this.drawing.draft, this.drawing.shownAim);
      this.stage.dataset.sharp = String(this.tiles.sharp);
      this.told.drawn(this);
      Object.assign(this.kept, { camera: this.camera.kept, measures: this.measures.kept, light: this.light });
    });
  }

  get isPlain() {
    return this.light.brightness === 100 && this.light.contrast === 100;
  }

  /** Something was measured, moved or taken away. */
  measured() {
    this.refresh();
    this.told.changed(this);
  }

  /** @param {any} error */
  complain(error) {
    const again = () => {
      this.problem.hidden = true;
      this.tiles.open(this.canvas.width);
    };
    const why = error instanceof Refusal ? error.message : this.labels.failed;
    this.problem.replaceChildren(h("p", {}, why), h("button", { type: "button", class: "btn btn--line", onclick: again }, this.labels.retry));
    this.problem.hidden = false;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target !== this.stage || event.altKey) return;
    const arrow = arrowOf(event);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo();
    else if (event.ctrlKey || event.metaKey) return;
    else if (arrow && this.told.tool() !== "move") this.drawing.aimBy(arrow, event.shiftKey ? 20 : 4);
    else if (arrow) this.told.gesture(this, (camera) => camera.pan(-arrow[0] * STEP, -arrow[1] * STEP));
    else if (event.key === "Enter" && this.told.tool() !== "move") this.drawing.enter();
    else if (event.key === "Escape" && this.told.tool() !== "move") this.drawing.draft ? this.drawing.drop() : this.told.choose("move");
    else if (event.key === "Backspace") this.drawing.back();
    else if (!this.viewKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} key */
  viewKey(key) {
    const acts = /** @type {Record<string, (camera: Camera) => void>} */ ({
      "+": (camera) => camera.zoom(NEARER),
      "=": (camera) => camera.zoom(NEARER),
      "-": (camera) => camera.zoom(1 / NEARER),
      0: (camera) => camera.fit(),
      1: (camera) => camera.setScale(1 / camera.dots),
    });
    if (key.toLowerCase() === "r") this.turn(key === "R" ? -1 : 1);
    else if (acts[key]) this.told.gesture(this, acts[key]);
    else return false;
    return true;
  }

  /** @param {number} quarters */
  turn(quarters) {
    this.camera.turnBy(quarters);
    this.measured();
  }

  undo() {
    if (!this.measures.undo()) return;
    this.told.say(this.labels.undone);
    this.measured();
  }

  /** A point that has the focus: moved by arrows, its measure taken away. @param {KeyboardEvent} event @param {number} item @param {number} index */
  pointKey(event, item, index) {
    const arrow = arrowOf(event);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo();
    else if (arrow) this.nudge(item, index, arrow, event.shiftKey ? 10 : 1);
    else if (event.key === "Delete" || event.key === "Backspace") {
      this.measures.remove(item);
      this.stage.focus();
      this.measured();
    } else if (event.key === "Escape") this.stage.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} item @param {number} index @param {number[]} arrow @param {number} far px */
  nudge(item, index, arrow, far) {
    const at = this.camera.toScreen(this.measures.points(item)[index]);
    const to = this.camera.toPicture({ x: at.x + arrow[0] * far, y: at.y + arrow[1] * far });
    this.measures.remember();
    this.measures.move(item, index, this.camera.within(to));
    this.measured();
  }

  close() {
    this.sized.disconnect();
    cancelAnimationFrame(this.waiting);
    this.tiles.close();
    this.node.remove();
  }
}

/** @param {KeyboardEvent} event @returns {[number, number] | undefined} */
function arrowOf(event) {
  const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] });
  return arrows[event.key];
}
