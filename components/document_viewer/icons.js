// @ts-check
/** The drawings of the document viewer's buttons. */

import { pictogram } from "../_shared/dom.js";

const DRAWINGS = /** @type {Record<string, string>} */ ({
  previous: "m15 6-6 6 6 6",
  next: "m9 6 6 6-6 6",
  zoom_out: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M8.500 11h5",
  zoom_in: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M11 8.500v5M8.500 11h5",
  fit_width: "M3.500 5v14M20.500 5v14M7 12h10M9.500 9.500 7 12l2.500 2.500M14.500 9.500 17 12l-2.500 2.500",
  fit_page: "M6 3.500h12v17H6ZM9.500 8 12 5.800 14.500 8M9.500 16l2.500 2.200 2.500-2.200M12 6.500v11",
  turn: "M19.500 12A7.500 7.500 0 1 1 17 6.400L19.500 9M19.500 4.500V9H15",
  thumbnails: "M4 4.500h6v7H4ZM4 14.500h6v5H4ZM13 5.500h7M13 9h7M13 15.500h7M13 19h7",
  find: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4",
  find_previous: "m6 15 6-6 6 6",
  find_next: "m6 9 6 6 6-6",
  print: "M7 9V3.500h10V9M7 17H4.500V9h15v8H17M7 14h10v6.500H7Z",
  download: "M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14",
  help: "M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 1 0 0-17ZM9.500 9.500a2.500 2.500 0 1 1 3.600 2.200c-.800.400-1.100.900-1.100 1.800M12 16.500v.100",
});

/** @param {string} name */
export function icon(name) {
  return pictogram(DRAWINGS[name]);
}
