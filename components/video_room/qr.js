/** A QR code that the server computed, drawn: one dark square for each « 1 », with the quiet zone it needs (ISO/IEC 18004, 9.1). */
const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;

/**
 * @param {string[]} rows of « 0 » and « 1 »
 * @param {string} label what it is, for who does not see it
 */
export function drawQr(rows, label) {
  const size = rows.length + 2 * QUIET;
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("class", "td-qr");
  element.setAttribute("viewBox", `0 0 ${size} ${size}`);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  element.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", squares(rows));
  element.append(path);
  return element;
}

/**
 * One rectangle for each run of dark squares.
 * @param {string[]} rows
 */
export function squares(rows) {
  return rows
    .flatMap((row, y) =>
      [...row.matchAll(/1+/g)].map(({ 0: run, index }) => {
        return `M${(index ?? 0) + QUIET} ${y + QUIET}h${run.length}v1h-${run.length}z`;
      }),
    )
    .join("");
}
