// @ts-check
/** The drawings of this component. */

import { svg } from "../_shared/dom.js";

const DRAWINGS = /** @type {Record<string, string>} */ ({
  pdf: "M7 3h7l4.5 4.5V21H7a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 7 3ZM13.5 3v5h5M9 12.5h6M9 16h6",
  picture:
    "M3.5 6.5a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2Z" +
    "M3.5 16l4.5-4.5 4 4 3-3 5.5 5M15 9.5h.2",
  imaging:
    "M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M20 16v2.5a1.5 1.5 0 0 1-1.5 1.5H16" +
    "M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16M12 8.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7Z",
  laboratory:
    "M9.5 3.5h5M10.5 3.5v6L5 18.5A1.5 1.5 0 0 0 6.3 20.500h11.4a1.5 1.5 0 0 0 1.3-2L13.5 9.5v-6M8 15h8",
  download: "M12 4v11m-4-4 4 4 4-4M5 19.5h14",
  seen: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9a3 3 0 1 1 0 6a3 3 0 1 1 0-6Z",
  sending: "M12 20V9m-4 4 4-4 4 4M5 4.5h14",
  examining: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17ZM12 7.500v5l3.5 2",
  refused: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17ZM12 7.500v6M12 16.200v.3",
});

/** @param {string} name @param {number} [size] in pixels */
export function icon(name, size = 20) {
  const path = svg("path", { d: DRAWINGS[name] || DRAWINGS.pdf });
  return svg("svg", { viewBox: "0 0 24 24", class: "ic", width: size, height: size, "aria-hidden": "true" }, path);
}
