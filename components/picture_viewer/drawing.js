// @ts-check
/** Hands on a picture: dragged, brought nearer by wheel or two fingers; lines drawn, outlines followed, points moved. */

import { distance, simplified } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */

const CLICK = 6; // px: what moves less was not dragged
const CLOSE = 14; // px from its first point an outline is closed
const BY_HAND = 40; // px of a path that was drawn, not clicked
const TOLERANCE = 1.5; // px that an outline drawn by hand may be simplified by
const WHEEL = 400; // px of a wheel for a factor of e

export class Drawing {
  /** @param {import("./pane.js").Pane} pane */
  constructor(pane) {
    this.pane = pane;
    /** @type {Map<number, Point>} */
    this.fingers = new Map();
    /** @type {Point[]} */
    this.points = []; // of the measure being drawn, in the picture
    /** @type {Point[]} */
    this.path = []; // of this press
    /** @type {Point | null} */
    this.aim = null;
    /** @type {{item: number, index: number, moved: boolean} | null} */
    this.held = null;
    this.mode = "";
    this.byKey = false;
  }

  get tool() {
    return this.pane.told.tool();
  }

  /** What is being drawn, with the place aimed at. */
  get draft() {
    if (!this.points.length) return null;
    const byHand = this.mode === "draw" && this.tool === "area" && this.path.length > 2;
    const points = byHand ? this.path : this.aim ? [...this.points, this.aim] : this.points;
    return { points, closed: this.tool === "area" };
  }

  get shownAim() {
    return this.byKey || this.points.length ? this.aim : null;
  }

  listen() {
    const { stage } = this.pane;
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    stage.addEventListener("pointerup", (event) => this.up(event));
    stage.addEventListener("pointercancel", (event) => this.up(event));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("dblclick", () => this.twice());
    stage.addEventListener("contextmenu", (event) => this.mode && event.preventDefault());
  }

  /** @param {MouseEvent} event */
  place(event) {
    const box = this.pane.stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {MouseEvent} event */
  inPicture(event) {
    return this.pane.camera.within(this.pane.camera.toPicture(this.place(event)));
  }

  /** A point of a measure is taken. @param {PointerEvent} event @param {number} item @param {number} index */
  hold(event, item, index) {
    if (this.points.length || event.button) return; // it is being drawn over another one
    this.held = { item, index, moved: false };
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.target instanceof Element && event.target.closest("button")) return;
    this.pane.stage.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.place(event));
    this.byKey = false;
    if (this.fingers.size === 2) {
      if (this.mode === "draw" && this.path.length) this.points.pop(); // the first of two fingers drew nothing
      this.mode = "pinch";
    } else if (this.held) this.mode = "hold";
    else if (this.tool === "move" || event.button) this.mode = "pan";
    else this.press(this.inPicture(event));
  }

  /** @param {Point} at */
  press(at) {
    this.mode = "draw";
    this.path = [at];
    this.aim = at;
    if (!this.points.length) this.points = [at];
    this.pane.refresh();
  }

  /** @param {PointerEvent} event */
  move(event) {
    const now = this.place(event);
    const before = this.fingers.get(event.pointerId);
    if (this.tool !== "move") this.aim = this.inPicture(event);
    if (!before) {
      if (this.points.length) this.pane.refresh();
      return;
    }
    this.fingers.set(event.pointerId, now);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (this.mode === "pinch") this.pinch(event.pointerId, before, now);
    else if (this.mode === "pan") this.pane.told.gesture(this.pane, (camera) => camera.pan(dx, dy));
    else if (this.mode === "hold") this.drag(event);
    else if (this.mode === "draw") {
      this.path.push(this.inPicture(event));
      this.pane.refresh();
    }
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.held) return;
    const { item, index, moved } = this.held;
    if (!moved) this.pane.measures.remember();
    this.held.moved = true;
    this.pane.measures.move(item, index, this.inPicture(event));
    this.pane.measured();
  }

  /** @param {number} finger @param {Point} before @param {Point} now */
  pinch(finger, before, now) {
    const other = [...this.fingers].find(([id]) => id !== finger)?.[1];
    if (!other) return;
    const factor = distance(now, other) / (distance(before, other) || 1);
    const { across, down } = this.pane.camera;
    const [x, y] = [(now.x + other.x) / 2 - across / 2, (now.y + other.y) / 2 - down / 2];
    this.pane.told.gesture(this.pane, (camera) => {
      camera.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
      camera.zoom(factor, { x: camera.across / 2 + x, y: camera.down / 2 + y });
    });
  }

  /** @param {PointerEvent} event */
  up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    const { mode } = this;
    if (mode === "hold") this.held = null;
    if (mode === "draw" && event.type !== "pointercancel") this.release(this.inPicture(event));
    if (!this.fingers.size) this.mode = "";
    this.path = [];
  }

  /** @param {Point} at */
  release(at) {
    const { scale } = this.pane.camera;
    const far = distance(this.path[0], at) * scale;
    if (this.tool !== "area") {
      const isSecond = this.points.length && distance(this.points[0], this.path[0]) * scale > CLICK;
      if (isSecond || far > CLICK) this.finish([this.points[0], at]);
      return;
    }
    const drawn = this.path.reduce((sum, point, index) => sum + (index ? distance(point, this.path[index - 1]) : 0), 0) * scale;
    if (this.points.length === 1 && drawn > BY_HAND && this.path.length > 4) this.outline(scale);
    else this.corner(at);
  }

  /** An outline followed by hand, in one stroke. @param {number} scale */
  outline(scale) {
    const { length } = this.path;
    const half = Math.floor(length / 2); // a closed path has no ends: simplified in two halves
    const first = simplified(this.path.slice(0, half + 1), TOLERANCE / scale);
    const second = simplified(this.path.slice(half), TOLERANCE / scale);
    const points = [...first.slice(0, -1), ...second];
    if (points.length > 3 && distance(points[0], points[points.length - 1]) * scale < CLOSE) points.pop();
    if (points.length > 2) this.finish(points);
    else this.drop();
  }

  /** One more corner of an outline; on the first one it is closed. @param {Point} at */
  corner(at) {
    const { scale } = this.pane.camera;
    const isFirst = this.points.length === 1 && distance(this.points[0], at) * scale <= CLICK;
    if (isFirst) return this.pane.refresh();
    if (this.points.length > 2 && distance(this.points[0], at) * scale <= CLOSE) this.finish(this.points);
    else if (distance(this.points[this.points.length - 1], at) * scale > 1) this.points.push(at);
    this.pane.refresh();
  }

  /** Two clicks in one place: an outline ends; a picture is seen whole. */
  twice() {
    if (this.tool === "area" && this.points.length > 2) this.finish(this.points);
    else if (this.tool === "move") this.pane.told.gesture(this.pane, (camera) => camera.fit());
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const { camera } = this.pane;
    const at = this.place(event);
    const [x, y] = [at.x - camera.across / 2, at.y - camera.down / 2];
    const turned = event.deltaMode ? event.deltaY * 40 : event.deltaY;
    this.pane.told.gesture(this.pane, (each) => each.zoom(Math.exp(-turned / WHEEL), { x: each.across / 2 + x, y: each.down / 2 + y }));
  }

  /** @param {Point[]} points */
  finish(points) {
    const { tool } = this;
    this.points = [];
    this.path = [];
    this.pane.measures.add(tool, points);
    this.pane.measured();
    this.pane.told.finished(this.pane, tool);
  }

  drop() {
    this.points = [];
    this.path = [];
    this.pane.refresh();
  }

  // ---- by keyboard

  /** @param {number[]} arrow @param {number} far px */
  aimBy(arrow, far) {
    const { camera } = this.pane;
    const at = camera.toScreen(this.aim ?? { x: camera.x, y: camera.y });
    this.byKey = true;
    this.aim = camera.within(camera.toPicture({ x: at.x + arrow[0] * far, y: at.y + arrow[1] * far }));
    this.pane.refresh();
  }

  /** Set a point where one aims; an outline ends on its last or its first one. */
  enter() {
    const { camera } = this.pane;
    const at = this.aim ?? { x: camera.x, y: camera.y };
    this.byKey = true;
    this.aim = at;
    if (!this.points.length) this.points = [at];
    else if (this.tool !== "area") this.finish([this.points[0], at]);
    else if (this.points.length > 2 && this.isOn(at)) this.finish(this.points);
    else if (!this.isOn(at)) this.points.push(at);
    this.pane.refresh();
  }

  /** @param {Point} at */
  isOn(at) {
    const ends = [this.points[0], this.points[this.points.length - 1]];
    return ends.some((point) => distance(point, at) * this.pane.camera.scale < 2);
  }

  /** The last point of what is being drawn, else the last measure. */
  back() {
    if (this.points.length) {
      this.points.pop();
      this.pane.refresh();
    } else this.pane.undo();
  }
}
