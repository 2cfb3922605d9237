/**
 * Where tiles stand, as parts (0..1) of their place: all of one size with the last row centred, or some of them large and the
 * others in a strip beside or below.
 */

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/** Pictures are 4:3; a cell is as good as the picture that fits into it. */
const PICTURE = { width: 4, height: 3 };
/** Part of the width, or of the height, that a strip takes. */
const STRIP = { width: 0.24, height: 0.27 };

/**
 * @param {number} width
 * @param {number} height
 */
const fit = (width, height) => Math.min(width / PICTURE.width, height / PICTURE.height);

/**
 * @param {number} count of tiles
 * @param {number} width of the place
 * @param {number} height
 * @returns {{columns: number, rows: number}}
 */
export function bestGrid(count, width, height) {
  let best = { columns: 1, rows: Math.max(1, count), size: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = fit(width / columns, height / rows);
    if (size > best.size * 1.01) best = { columns, rows, size };
  }
  return { columns: best.columns, rows: best.rows };
}

/**
 * All of one size, as large as the place lets them be.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {Box[]}
 */
export function gridBoxes(count, width, height) {
  const { columns, rows } = bestGrid(count, width, height);
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor(at / columns);
    const empty = columns - Math.min(columns, count - row * columns);
    const left = (empty / 2 + (at % columns)) / columns;
    return { left, top: row / rows, width: 1 / columns, height: 1 / rows };
  });
}

/**
 * `large` of them first, the others in a strip where it costs the large ones less.
 * @param {number} large
 * @param {number} small
 * @param {number} width
 * @param {number} height
 * @returns {Box[]}
 */
export function featureBoxes(large, small, width, height) {
  if (!small) return gridBoxes(large, width, height);
  const beside = fit(width * (1 - STRIP.width), height) > fit(width, height * (1 - STRIP.height));
  const [main, strip] = beside
    ? [
        { left: 0, top: 0, width: 1 - STRIP.width, height: 1 },
        { left: 1 - STRIP.width, top: 0, width: STRIP.width, height: 1 },
      ]
    : [
        { left: 0, top: 0, width: 1, height: 1 - STRIP.height },
        { left: 0, top: 1 - STRIP.height, width: 1, height: STRIP.height },
      ];
  return [...within(main, large, width, height), ...within(strip, small, width, height)];
}

/**
 * @param {Box} frame
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {Box[]}
 */
function within(frame, count, width, height) {
  return gridBoxes(count, width * frame.width, height * frame.height).map((box) => ({
    left: frame.left + box.left * frame.width,
    top: frame.top + box.top * frame.height,
    width: box.width * frame.width,
    height: box.height * frame.height,
  }));
}
