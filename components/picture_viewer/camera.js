// @ts-check
/** From a picture's points to the screen's and back: where one looks, how near, and how it is turned. Pure. */

/** @typedef {import("./geometry.js").Point} Point */

const NEAREST = 16; // dots of the screen for a point of the picture
const FARTHEST = 0.5; // of the size at which all of it is seen

export class Camera {
  /** @param {number} width @param {number} height the picture's, in its points */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.across = 1; // the room it is shown in, in CSS px
    this.down = 1;
    this.dots = 1; // of the screen in a CSS px
    this.turn = 0; // quarters, clockwise
    this.scale = 1; // CSS px for a point of the picture
    this.x = width / 2; // what is in the middle of the room
    this.y = height / 2;
    this.fitted = true;
  }

  /** The scale at which all of the picture is seen. */
  get whole() {
    const lies = this.turn % 2 === 1;
    return Math.min(this.across / (lies ? this.height : this.width), this.down / (lies ? this.width : this.height));
  }

  /** Dots of the screen for a point of the picture: 1 shows each point as it is. */
  get magnification() {
    return this.scale * this.dots;
  }

  /** @param {number} across @param {number} down @param {number} dots */
  setRoom(across, down, dots) {
    const share = this.scale / this.whole;
    Object.assign(this, { across: Math.max(1, across), down: Math.max(1, down), dots });
    if (this.fitted) this.fit();
    else this.setScale(share * this.whole);
  }

  fit() {
    Object.assign(this, { scale: this.whole, x: this.width / 2, y: this.height / 2, fitted: true });
  }

  /** @param {number} scale */
  setScale(scale) {
    const nearest = Math.max(NEAREST / this.dots, this.whole);
    this.scale = Math.min(nearest, Math.max(FARTHEST * this.whole, scale));
    this.fitted = false;
    this.keepInView();
  }

  /** Nearer or farther; what is under `at` stays there. @param {number} factor @param {Point} [at] in the room */
  zoom(factor, at = { x: this.across / 2, y: this.down / 2 }) {
    const under = this.toPicture(at);
    this.setScale(this.scale * factor);
    const now = this.toScreen(under);
    this.pan(at.x - now.x, at.y - now.y);
  }

  /** Draw the picture along. @param {number} dx @param {number} dy in CSS px */
  pan(dx, dy) {
    const [x, y] = quarter(dx, dy, -this.turn);
    this.x -= x / this.scale;
    this.y -= y / this.scale;
    this.fitted = this.fitted && !dx && !dy;
    this.keepInView();
  }

  /** @param {number} quarters clockwise */
  turnBy(quarters) {
    this.turn = (((this.turn + quarters) % 4) + 4) % 4;
    if (this.fitted) this.fit();
  }

  keepInView() {
    this.x = Math.min(this.width, Math.max(0, this.x));
    this.y = Math.min(this.height, Math.max(0, this.y));
  }

  /** @param {Point} point of the picture @returns {Point} in the room */
  toScreen(point) {
    const [x, y] = quarter((point.x - this.x) * this.scale, (point.y - this.y) * this.scale, this.turn);
    return { x: x + this.across / 2, y: y + this.down / 2 };
  }

  /** @param {Point} at in the room @returns {Point} of the picture, maybe outside of it */
  toPicture(at) {
    const [x, y] = quarter(at.x - this.across / 2, at.y - this.down / 2, -this.turn);
    return { x: x / this.scale + this.x, y: y / this.scale + this.y };
  }

  /** The nearest place within the picture. @param {Point} point @returns {Point} */
  within(point) {
    return { x: Math.min(this.width, Math.max(0, point.x)), y: Math.min(this.height, Math.max(0, point.y)) };
  }

  /** What of the picture can be seen: left, top, right, bottom. @returns {[number, number, number, number]} */
  get seen() {
    const a = this.within(this.toPicture({ x: 0, y: 0 }));
    const b = this.within(this.toPicture({ x: this.across, y: this.down }));
    return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x), Math.max(a.y, b.y)];
  }

  /** What to remember. */
  get kept() {
    return { turn: this.turn, zoom: this.scale / this.whole, x: this.x, y: this.y, fitted: this.fitted };
  }

  /** @param {any} kept */
  restore(kept) {
    if (!kept) return;
    this.turn = kept.turn;
    if (kept.fitted) return this.fit();
    this.setScale(kept.zoom * this.whole);
    Object.assign(this, { x: kept.x, y: kept.y });
  }
}

/** A step turned by quarters, clockwise on a screen. @param {number} x @param {number} y @param {number} turn @returns {[number, number]} */
function quarter(x, y, turn) {
  switch (((turn % 4) + 4) % 4) {
    case 1:
      return [-y, x];
    case 2:
      return [-x, -y];
    case 3:
      return [y, -x];
    default:
      return [x, y];
  }
}
