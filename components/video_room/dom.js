/**
 * Building elements. Text always becomes a text node: nothing that a person or the network wrote is
 * ever read as markup.
 */
import { ICONS } from "./icons.js";

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | EventListener>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `on…` attributes are listeners, `true` is a bare attribute, `null` and `false` are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  for (const child of children) if (child || child === "") element.append(child);
  return element;
}

/**
 * Write one attribute, or take it away with null, undefined or false.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function set(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value === true ? "" : value)) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * Replace the text of an element only when it changes, so that a screen reader is not disturbed.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * @param {string} name one of `ICONS`
 * @param {number} [size] in px
 */
export function icon(name, size = 20) {
  const element = svg("svg", {
    class: "td-ic",
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    "aria-hidden": "true",
  });
  for (const path of ICONS[name] ?? []) {
    element.append(
      path[0] === "!" ? svg("path", { d: path.slice(1), fill: "currentColor" }) : svg("path", { d: path }),
    );
  }
  return element;
}

/** Three bars of a line: `level` 0 (cut) to 3 (good); without it they are all pale. */
export function bars() {
  const element = svg("svg", { class: "td-q", viewBox: "0 0 14 14", width: 18, height: 14, role: "img" });
  for (const [x, y] of [
    [0, 10],
    [5, 5.5],
    [10, 1],
  ]) {
    element.append(svg("rect", { x, y, width: 3.5, height: 14 - y, rx: 1 }));
  }
  return element;
}

/**
 * @param {Element} element what `bars()` gave
 * @param {number} level 0..3
 * @param {string} label
 */
export function setBars(element, level, label) {
  set(element, "aria-label", label);
  Array.from(element.children).forEach((bar, at) => set(bar, "class", at < level ? "" : "td-q-off"));
}

/**
 * Move the focus with the arrow keys between the buttons of a group (menu, toolbar).
 * @param {HTMLElement} group
 * @param {string} selector
 * @param {KeyboardEvent} event
 */
export function roam(group, selector, event) {
  const keys = ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End"];
  if (!keys.includes(event.key)) return;
  const stops = /** @type {HTMLElement[]} */ (
    Array.from(group.querySelectorAll(selector)).filter((stop) => !stop.hasAttribute("disabled"))
  );
  if (!stops.length) return;
  const root = /** @type {Document | ShadowRoot} */ (group.getRootNode());
  const at = stops.indexOf(/** @type {HTMLElement} */ (root.activeElement));
  const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1;
  const next =
    event.key === "Home" ? 0 : event.key === "End" ? stops.length - 1 : (at + step + stops.length) % stops.length;
  event.preventDefault();
  stops[next].focus();
}
