// @ts-check
/**
 * Lengths and angles drawn on frames. A length is in millimetres only where the file says how large a point is; of a
 * radiograph without calibration that is its size on the detector, and it is said so.
 */

import { speaker } from "./dom.js";

/** @typedef {{x: number, y: number}} Spot in points of the picture */
/** @typedef {{toScreen: (p: Spot) => Spot}} Places */

const ENDS = /** @type {Record<string, number>} */ ({ measure: 2, angle: 3 });
const MOST_A_FRAME = 20;
const INK = "#ffd666", SHADE = "rgba(0,0,0,.75)";

export class Measures {
  /** @param {any} info @param {Record<string, string>} labels */
  constructor(info, labels) {
    this.info = info;
    this.words = speaker(labels);
    this.locale = labels.locale;
    /** @type {Map<number, Spot[][]>} */
    this.kept = new Map();
    /** @type {Spot[]} the one under way */
    this.begun = [];
    /** @type {Spot | null} where its next end would be */
    this.aim = null;
  }

  /**
   * Put an end; the finished measure's words, or nothing.
   * @param {string} kind
   * @param {number} frame
   * @param {Spot} at
   */
  put(kind, frame, at) {
    this.aim = at;
    this.begun.push(at);
    if (this.begun.length < ENDS[kind]) return "";
    const done = this.begun;
    this.begun = [];
    this.kept.set(frame, [...(this.kept.get(frame) || []), done].slice(-MOST_A_FRAME));
    return this.text(done);
  }

  giveUp() {
    this.begun = [];
    this.aim = null;
  }

  /** @param {number} frame */
  clear(frame) {
    this.kept.delete(frame);
    this.giveUp();
  }

  /** @param {number} frame */
  any(frame) {
    return (this.kept.get(frame) || []).length > 0;
  }

  /** Take the last one away. @param {number} frame */
  undo(frame) {
    this.kept.get(frame)?.pop();
  }

  /** « 12,5 mm », « 34,5° ». @param {Spot[]} ends */
  text(ends) {
    return ends.length > 2 ? this.angle(ends) : this.length(ends[0], ends[1]);
  }

  /**
   * Size of a point at these ends: of the ultrasound region that holds them all, else the picture's.
   * @param {Spot[]} ends
   */
  millimetres(ends) {
    const { regions, row_mm, column_mm } = this.info;
    const inside = (/** @type {number[]} */ [left, top, right, bottom]) =>
      ends.every((p) => p.x >= left && p.x <= right + 1 && p.y >= top && p.y <= bottom + 1);
    const region = (regions || []).find(inside);
    return region ? { down: region[4], across: region[5] } : { down: row_mm || 0, across: column_mm || 0 };
  }

  /** @param {Spot} a @param {Spot} b */
  length(a, b) {
    const { down, across } = this.millimetres([a, b]);
    if (!down || !across) {
      const points = Math.hypot(a.x - b.x, a.y - b.y).toLocaleString(this.locale, { maximumFractionDigits: 0 });
      return this.words("measured_points", { points });
    }
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    const mm = Math.hypot((a.x - b.x) * across, (a.y - b.y) * down).toLocaleString(this.locale, digits);
    return this.words(this.info.at_detector ? "measured_detector" : "measured", { mm });
  }

  /** At the middle end; points that are not square count as they are. @param {Spot[]} ends */
  angle([a, corner, b]) {
    const { down, across } = this.millimetres([a, corner, b]), high = down && across ? down / across : 1;
    const [one, two] = [a, b].map((p) => Math.atan2((p.y - corner.y) * high, p.x - corner.x));
    const turned = Math.abs(one - two), degrees = (Math.min(turned, 2 * Math.PI - turned) * 180) / Math.PI;
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return this.words("measured_angle", { degrees: degrees.toLocaleString(this.locale, digits) });
  }

  /**
   * Everything on a frame, and the measure under way.
   * @param {CanvasRenderingContext2D} paper @param {Places} places @param {number} frame @param {boolean} aiming
   */
  draw(paper, places, frame, aiming) {
    for (const ends of this.kept.get(frame) || []) this.drawOne(paper, places, ends);
    if (this.begun.length && this.aim) this.drawOne(paper, places, [...this.begun, this.aim]);
    if (this.aim && aiming) drawAim(paper, places.toScreen(this.aim));
  }

  /** @param {CanvasRenderingContext2D} paper @param {Places} places @param {Spot[]} ends */
  drawOne(paper, places, ends) {
    const on = ends.map((end) => places.toScreen(end));
    for (const [colour, width] of /** @type {[string, number][]} */ ([[SHADE, 4], [INK, 1.75]])) {
      paper.strokeStyle = colour;
      paper.lineWidth = width;
      paper.beginPath();
      on.forEach((p, i) => (i ? paper.lineTo(p.x, p.y) : paper.moveTo(p.x, p.y)));
      for (const [end, other] of [[on[0], on[1]], [on[on.length - 1], on[on.length - 2]]]) drawTick(paper, end, other);
      paper.stroke();
    }
    drawText(paper, this.text(ends), on);
  }
}

/**
 * A short line across the end of another.
 * @param {CanvasRenderingContext2D} paper
 * @param {Spot} end
 * @param {Spot} other
 */
function drawTick(paper, end, other) {
  const long = Math.hypot(other.x - end.x, other.y - end.y) || 1;
  const nx = (-(other.y - end.y) / long) * 6, ny = ((other.x - end.x) / long) * 6;
  paper.moveTo(end.x - nx, end.y - ny);
  paper.lineTo(end.x + nx, end.y + ny);
}

/**
 * Beside the end furthest to the right, inside of the scene.
 * @param {CanvasRenderingContext2D} paper
 * @param {string} text
 * @param {Spot[]} on
 */
function drawText(paper, text, on) {
  paper.font = "600 13px system-ui, sans-serif";
  const beside = on.reduce((far, p) => (p.x > far.x ? p : far));
  const room = paper.canvas.clientWidth - paper.measureText(text).width - 8;
  const x = Math.min(room, Math.max(8, beside.x + 8)), y = Math.max(18, beside.y - 8);
  paper.lineWidth = 4;
  paper.strokeStyle = SHADE;
  paper.strokeText(text, x, y);
  paper.fillStyle = INK;
  paper.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} paper @param {Spot} p */
function drawAim(paper, p) {
  paper.strokeStyle = INK;
  paper.lineWidth = 1;
  paper.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    paper.moveTo(p.x + dx * 4, p.y + dy * 4);
    paper.lineTo(p.x + dx * 12, p.y + dy * 12);
  }
  paper.stroke();
}
