// @ts-check
/** Elements, icons and words. No words of its own: labels come from Python. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `on…` are listeners
 * @param {...(Node|string|null)} children
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(.../** @type {(Node|string)[]} */ (children.filter((child) => child !== null && child !== "")));
  return node;
}

const DRAWINGS = /** @type {Record<string, string>} */ ({
  windowing: "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16ZM12 4v16M12.500 7h5M12.500 10h7M12.500 13h7M12.500 16h6",
  pan: "M12 3v18M3 12h18M9.500 5.500 12 3l2.500 2.500M9.500 18.500 12 21l2.500-2.500M5.500 9.500 3 12l2.500 2.500M18.500 9.500 21 12l-2.500 2.500",
  zoom: "M11 4.500a6.500 6.500 0 1 1 0 13a6.500 6.500 0 1 1 0-13ZM16 16l4 4M11 8.500v5M8.500 11h5",
  measure: "m4 16 12-12 4 4L8 20ZM8 12l2 2M11 9l2 2M14 6l2 2",
  angle: "M5 19 17 5M5 19h15M11.500 19a7 7 0 0 0-1.900-5.300",
  turn: "M19.500 12A7.500 7.500 0 1 1 17 6.400L19.500 9M19.500 4.500V9H15",
  flip: "M12 3v18M9 7v10H3.500ZM15 7v10h5.500Z",
  invert: "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16ZM12 4v16M12 7a5 5 0 0 1 0 10",
  actual: "M6 8.500 8.500 7v10M15.500 8.500 18 7v10M12 10v.2M12 14v.2",
  fit: "M4 9V5.500A1.500 1.500 0 0 1 5.500 4H9M15 4h3.500A1.500 1.500 0 0 1 20 5.500V9M20 15v3.500a1.500 1.500 0 0 1-1.500 1.500H15M9 20H5.500A1.500 1.500 0 0 1 4 18.500V15M9 9h6v6H9Z",
  reset: "M4.500 12A7.500 7.500 0 1 0 7 6.400L4.500 9M4.500 4.500V9H9",
  facts: "M12 3.500a8.500 8.500 0 1 1 0 17a8.500 8.500 0 1 1 0-17ZM12 11v5M12 8v.2",
  fullscreen: "M4 9V5.500A1.500 1.500 0 0 1 5.500 4H9M15 4h3.500A1.500 1.500 0 0 1 20 5.500V9M20 15v3.500a1.500 1.500 0 0 1-1.500 1.500H15M9 20H5.500A1.500 1.500 0 0 1 4 18.500V15",
  download: "M12 4v11m-4-4 4 4 4-4M5 19.500h14",
  warning: "M12 4 21 19.500H3ZM12 10v4.500M12 17v.2",
  play: "M8 5.500v13l10.500-6.500Z",
  stop: "M7 6.500h10v11H7Z",
});

/** @param {string} name */
export function icon(name) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "ic", "aria-hidden": "true" })) {
    node.setAttribute(key, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", DRAWINGS[name]);
  node.append(path);
  return node;
}

/**
 * Words by their key, with values in place of `{name}`.
 * @param {Record<string, string>} labels
 * @returns {(key: string, values?: Record<string, any>) => string}
 */
export function speaker(labels) {
  return (key, values = {}) => labels[key].replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}
