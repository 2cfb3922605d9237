/** Where the tiles of a room of many stand: all of one size, as large as the place lets them be, the last row centred. */

/** Pictures are 4:3; a cell is as good as the picture that fits into it. */
const PICTURE = { width: 4, height: 3 };

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
    const size = Math.min(width / columns / PICTURE.width, height / rows / PICTURE.height);
    if (size > best.size * 1.01) best = { columns, rows, size };
  }
  return { columns: best.columns, rows: best.rows };
}

/**
 * The `grid-area` of each tile on a grid with two lines for each column, so that a last row that is not full can
 * stand in the middle.
 * @param {number} count
 * @param {number} columns
 * @returns {string[]}
 */
export function areas(count, columns) {
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor(at / columns);
    const inRow = Math.min(columns, count - row * columns);
    const column = columns - inRow + 2 * (at - row * columns) + 1;
    return `${row + 1} / ${column} / auto / span 2`;
  });
}
