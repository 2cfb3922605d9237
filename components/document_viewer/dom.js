// @ts-check
/** Small hands: elements, drawings, words with values in them. */

/** @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null)} children @returns {HTMLElement} */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== "") node.append(child);
  return node;
}

const DRAWINGS = /** @type {Record<string, string>} */ ({
  previous: "m15 6-6 6 6 6",
  next: "m9 6 6 6-6 6",
  zoom_out: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M8.500 11h5",
  zoom_in: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M11 8.500v5M8.500 11h5",
  find: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4",
  download: "M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14",
});

/** @param {string} name */
export function icon(name) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "ic", "aria-hidden": "true" })) node.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", DRAWINGS[name]);
  node.append(path);
  return node;
}

/** « Page {page} sur {pages} » with its values. @param {string} text @param {Record<string, any>} values */
export function said(text, values) {
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}
