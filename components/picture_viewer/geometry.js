// @ts-check
/** Lengths and areas in a flat picture, in its own points. Pure: nothing here knows of a screen. */

/** @typedef {{x: number, y: number}} Point */

/** @param {Point} a @param {Point} b */
export function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The area within an outline, whichever way round it was drawn (the surveyor's formula). @param {Point[]} outline */
export function areaWithin(outline) {
  let twice = 0;
  outline.forEach((point, index) => {
    const next = outline[(index + 1) % outline.length];
    twice += point.x * next.y - next.x * point.y;
  });
  return Math.abs(twice) / 2;
}

/** Whether an outline crosses itself: what lies within is then no area. @param {Point[]} outline */
export function crossesItself(outline) {
  const count = outline.length;
  for (let one = 0; one < count; one++) {
    for (let other = one + 2; other < count; other++) {
      if (one === 0 && other === count - 1) continue; // neighbours around the end
      if (cross(outline[one], outline[one + 1], outline[other], outline[(other + 1) % count])) return true;
    }
  }
  return false;
}

/** Whether two segments cross. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
function cross(a, b, c, d) {
  const side = (/** @type {Point} */ p, /** @type {Point} */ q, /** @type {Point} */ r) =>
    Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/**
 * A path drawn by hand with few points, none of the others farther away than `tolerance` (Douglas and Peucker, 1973).
 * @param {Point[]} path @param {number} tolerance @returns {Point[]}
 */
export function simplified(path, tolerance) {
  if (path.length < 3) return path;
  const first = path[0];
  const last = path[path.length - 1];
  let farthest = 0;
  let at = 0;
  for (let index = 1; index < path.length - 1; index++) {
    const away = fromSegment(path[index], first, last);
    if (away > farthest) [farthest, at] = [away, index];
  }
  if (farthest <= tolerance) return [first, last];
  return [...simplified(path.slice(0, at + 1), tolerance).slice(0, -1), ...simplified(path.slice(at), tolerance)];
}

/** @param {Point} point @param {Point} a @param {Point} b */
function fromSegment(point, a, b) {
  const length = distance(a, b) ** 2;
  if (!length) return distance(point, a);
  const along = ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length;
  const share = Math.max(0, Math.min(1, along));
  return distance(point, { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) });
}

/** How much something has grown, in whole percent; null when it can't be said. @param {number} before @param {number} after */
export function grownBy(before, after) {
  return before > 0 && Number.isFinite(after) ? Math.round((100 * (after - before)) / before) : null;
}

/** @param {Point[]} points @returns {Point} */
export function middle(points) {
  const sum = points.reduce((all, each) => ({ x: all.x + each.x, y: all.y + each.y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
