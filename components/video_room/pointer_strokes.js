/**
 * What people draw on a shown thing: strokes by person, in parts (0..1) of its width and height. Pure values; what comes
 * from other pages was checked by `peer_words.js`, and is bounded here.
 */

/** @typedef {[number, number]} Point */
/** @typedef {{id: string, points: Point[]}} Stroke */

/** Of one person on one thing. */
const MOST_STROKES = 200;
const MOST_POINTS = 2000;
/** Of one word (docs/signalling.md). */
export const AT_ONCE = 40;

export class Strokes {
  constructor() {
    /** @type {Map<string, Stroke[]>} by participant, `""` is ourselves */
    this.byPerson = new Map();
  }

  /**
   * A stroke, or how it goes on. What is too much is left out.
   * @param {string} person
   * @param {string} id
   * @param {Point[]} points
   */
  add(person, id, points) {
    const theirs = this.byPerson.get(person) ?? [];
    this.byPerson.set(person, theirs);
    const known = theirs.find((stroke) => stroke.id === id);
    if (known) known.points.push(...points.slice(0, MOST_POINTS - known.points.length));
    else if (theirs.length < MOST_STROKES) theirs.push({ id, points: points.slice(0, MOST_POINTS) });
  }

  /** @param {string} person their last one away */
  undo(person) {
    return this.byPerson.get(person)?.pop() !== undefined;
  }

  /** @param {string} person all of theirs away */
  clear(person) {
    this.byPerson.delete(person);
  }

  /** @param {string} person */
  of(person) {
    return this.byPerson.get(person) ?? [];
  }

  get isEmpty() {
    return [...this.byPerson.values()].every((strokes) => strokes.length === 0);
  }
}

/**
 * Four digits are a tenth of a point on the widest screen, and keep the words short.
 * @param {number} x
 * @param {number} y
 * @returns {Point}
 */
export function part(x, y) {
  const within = (/** @type {number} */ value) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
  return [within(x), within(y)];
}

/**
 * @param {CanvasRenderingContext2D} brush
 * @param {number} width of what is drawn on, in its own points
 * @param {number} height
 * @param {Strokes} strokes
 * @param {(person: string) => string} colour
 */
export function paint(brush, width, height, strokes, colour) {
  const line = Math.max(2, Math.min(width, height) / 160);
  brush.lineCap = brush.lineJoin = "round";
  for (const [person, theirs] of strokes.byPerson) {
    for (const { points } of theirs) {
      // A pale edge: a colour alone is lost on a skin, on a scan, on an X-ray.
      for (const [style, thick] of /** @type {[string, number][]} */ ([["white", line * 2], [colour(person), line]])) {
        brush.strokeStyle = style;
        brush.lineWidth = thick;
        brush.beginPath();
        brush.moveTo(points[0][0] * width, points[0][1] * height);
        for (const [x, y] of points.length > 1 ? points.slice(1) : points) brush.lineTo(x * width, y * height);
        brush.stroke();
      }
    }
  }
}
