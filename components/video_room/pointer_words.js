/**
 * What we say while we point and draw: at most seven words a second, so that those of others (`seen`) have their place among
 * the twelve that a page may say. Points wait for the next word, none is lost; a position that is old is.
 */
import { AT_ONCE } from "./pointer_strokes.js";

/** @typedef {import("./pointer_strokes.js").Point} Point */
/** @typedef {{t: string, [field: string]: any}} Word */

const BEAT = 145;

export class PointerWords {
  /** @param {(word: Word) => boolean} say */
  constructor(say) {
    this.say = say;
    /** @type {Word[]} in their order */
    this.waiting = [];
    /** @type {Word | null} the newest position */
    this.position = null;
    this.clock = setInterval(() => this.beat(), BEAT);
  }

  stop() {
    clearInterval(this.clock);
  }

  /**
   * @param {string} on
   * @param {Point} at
   */
  point(on, [x, y]) {
    this.position = { t: "point", on, x, y };
  }

  /**
   * @param {string} on
   * @param {string} id
   * @param {number} colour
   * @param {Point[]} points
   */
  stroke(on, id, colour, points) {
    for (const point of points) {
      const last = this.waiting.at(-1);
      if (last?.t === "stroke" && last.id === id && last.points.length < AT_ONCE) last.points.push(point);
      else this.waiting.push({ t: "stroke", on, id, colour, points: [point] });
    }
  }

  /** @param {"undo" | "clear"} t */
  take(t, /** @type {string} */ on) {
    if (t === "clear") this.waiting = [];
    this.waiting.push({ t, on });
  }

  /** Another thing is shown: what was not said yet is of no use. */
  forget() {
    this.waiting = [];
    this.position = null;
  }

  beat() {
    const word = this.waiting[0] ?? this.position;
    if (!word || !this.say(word)) return;
    if (word === this.position) this.position = null;
    else this.waiting.shift();
  }
}
