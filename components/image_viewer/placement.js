// @ts-check
/** Where the picture lies on the screen: zoom, shift, quarters of a turn, mirrored or not. */

/** @typedef {{x: number, y: number}} Point */

const LARGEST_ZOOM = 32;
const SMALLEST_ZOOM = 0.1;
const MARGIN = 0.97;
const QUARTERS = [[1, 0], [0, 1], [-1, 0], [0, -1]];

export class Placement {
  /** @param {any} info @param {HTMLCanvasElement} canvas */
  constructor(info, canvas) {
    this.info = info;
    this.canvas = canvas;
    this.stretch = info.row_mm && info.column_mm ? info.row_mm / info.column_mm : 1;
    this.zoom = 1; // 1: the whole picture, as large as the scene allows
    this.x = 0;
    this.y = 0;
    this.turn = 0;
    this.flipped = false;
  }

  reset() {
    Object.assign(this, { zoom: 1, x: 0, y: 0, turn: 0, flipped: false });
  }

  /** Screen points for a point of the picture as wide as a column, when the whole is seen. */
  fitting() {
    const { columns, rows } = this.info, across = this.turn % 2 ? rows * this.stretch : columns;
    const down = this.turn % 2 ? columns : rows * this.stretch;
    return Math.min(this.canvas.clientWidth / across, this.canvas.clientHeight / down) * MARGIN;
  }

  scale() {
    return this.fitting() * this.zoom;
  }

  /** @param {Point} p @returns {Point} */
  toScreen(p) {
    const s = this.scale(), [cos, sin] = QUARTERS[this.turn], side = this.flipped ? -1 : 1;
    const x = (p.x - this.info.columns / 2) * s * side, y = (p.y - this.info.rows / 2) * this.stretch * s;
    return {
      x: this.canvas.clientWidth / 2 + this.x + x * cos - y * sin,
      y: this.canvas.clientHeight / 2 + this.y + x * sin + y * cos,
    };
  }

  /** @param {Point} p @returns {Point} */
  toPicture(p) {
    const s = this.scale(), [cos, sin] = QUARTERS[this.turn], side = this.flipped ? -1 : 1;
    const x = p.x - this.canvas.clientWidth / 2 - this.x, y = p.y - this.canvas.clientHeight / 2 - this.y;
    return {
      x: ((x * cos + y * sin) / s) * side + this.info.columns / 2,
      y: (y * cos - x * sin) / s / this.stretch + this.info.rows / 2,
    };
  }

  /** Inside of the picture. @param {Point} p @returns {Point} */
  clamped(p) {
    return { x: Math.min(this.info.columns, Math.max(0, p.x)), y: Math.min(this.info.rows, Math.max(0, p.y)) };
  }

  /** For `setTransform`; the picture is then drawn around 0, 0. @param {number} dots device pixels a point */
  matrix(dots) {
    const s = this.scale() * dots, [cos, sin] = QUARTERS[this.turn], side = this.flipped ? -1 : 1;
    const middle = { x: this.canvas.clientWidth / 2 + this.x, y: this.canvas.clientHeight / 2 + this.y };
    return new DOMMatrix([
      cos * s * side, sin * s * side, -sin * s * this.stretch, cos * s * this.stretch, middle.x * dots, middle.y * dots,
    ]);
  }

  /** Zoom so that what is under `about` stays there. @param {number} zoom @param {Point} [about] */
  zoomTo(zoom, about = { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 }) {
    const under = this.toPicture(about);
    this.zoom = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, zoom));
    const now = this.toScreen(under);
    this.x += about.x - now.x;
    this.y += about.y - now.y;
  }

  /** @param {number} dx @param {number} dy */
  shift(dx, dy) {
    this.x += dx;
    this.y += dy;
  }

  fit() {
    Object.assign(this, { zoom: 1, x: 0, y: 0 });
  }

  /** One point of the picture is one pixel of the screen. */
  actual() {
    this.zoomTo(1 / (window.devicePixelRatio || 1) / this.fitting());
  }

  quarter() {
    this.turn = (this.turn + 1) % 4;
  }

  /** Mirror what is seen, left to right: of a turned picture the turn goes the other way then. */
  mirror() {
    this.flipped = !this.flipped;
    this.turn = (4 - this.turn) % 4;
    this.x = -this.x;
  }

  /** What lies left, right, above and below now. @returns {string[]} */
  sides() {
    const [left = "", right = "", top = "", bottom = ""] = this.info.sides || [];
    // Turned by a quarter clockwise, what lay left is above: left, top, right, bottom move on by one.
    const around = this.flipped ? [right, top, left, bottom] : [left, top, right, bottom];
    return [0, 2, 1, 3].map((place) => around[(place - this.turn + 4) % 4]);
  }
}
