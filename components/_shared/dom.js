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

/** @param {string} tag @param {Record<string, any>} [props] @param {...Node} children @returns {SVGElement} */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/** A drawing of 24 by 24 units, in the colour of the text beside it. @param {string} path */
export function pictogram(path) {
  return svg("svg", { viewBox: "0 0 24 24", class: "ic", "aria-hidden": "true" }, svg("path", { d: path }));
}

/** « Page {page} sur {pages} » with its values. @param {string} text @param {Record<string, any>} values */
export function said(text, values) {
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}

/**
 * What was seen of a thing, for as long as this page lives: coming back to it finds it as it was left.
 * @param {string} topic @param {string} name @returns {any} a plain object, empty at first
 */
export function remembered(topic, name) {
  const all = /** @type {any} */ (globalThis);
  const shelf = /** @type {Map<string, any>} */ ((all[Symbol.for(`teledossier.${topic}`)] ??= new Map()));
  const kept = name ? shelf.get(name) ?? {} : {};
  if (!name) return kept;
  shelf.delete(name);
  shelf.set(name, kept);
  if (shelf.size > 100) shelf.delete(/** @type {string} */ (shelf.keys().next().value));
  return kept;
}
