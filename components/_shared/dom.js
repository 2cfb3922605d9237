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
 * Draw a list again. A child that looks as before keeps its element, and with it a press that has begun and the focus; the
 * focus on a child that changed passes to its successor of the same `data-key` (there, to the same `data-action`), or to
 * the first control left, or elsewhere. What a child does may depend on nothing but what it shows and its `data-key`.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} drawn
 * @param {HTMLElement} [elsewhere]
 */
export function renew(list, drawn, elsewhere) {
  const root = /** @type {ShadowRoot|Document} */ (list.getRootNode());
  const active = /** @type {HTMLElement|null} */ (root.activeElement);
  const key = active && list.contains(active) ? active.closest("[data-key]")?.getAttribute("data-key") : null;
  const action = active?.getAttribute("data-action");
  const before = [...list.children];
  const kept = drawn.map((node) => {
    const at = before.findIndex((one) => one.isEqualNode(node));
    return at < 0 ? node : /** @type {HTMLElement} */ (before.splice(at, 1)[0]);
  });
  for (const node of before) node.remove();
  kept.forEach((node, at) => {
    if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
  });
  if (!key || root.activeElement === active) return;
  const same = kept.find((one) => one.getAttribute("data-key") === key);
  const control = same?.matches("button, a") ? same : same?.querySelector(action ? `[data-action="${action}"]` : "button, a");
  const next = control ?? list.querySelector("button, a") ?? elsewhere;
  /** @type {HTMLElement|undefined} */ (next)?.focus();
}

/** A click comes after the release of a finger, not with it, in ms. */
const CLICK_BEHIND = 100;

/**
 * Draw a place again, but never under a press: rows that change places would take a click that was meant for another.
 * @param {HTMLElement} place
 * @param {() => void} draw
 * @returns {() => void} draws now, or when the press is over
 */
export function steady(place, draw) {
  let pressed = false;
  let due = false;
  let ending = 0;
  place.addEventListener("pointerdown", (event) => {
    if (event.button || event.ctrlKey) return; // what opens a menu may keep its release, as the list of a choice does
    if (/** @type {Element} */ (event.target).closest("select")) return;
    clearTimeout(ending); // the press before has just ended, and its click is not waited for any more
    pressed = true;
    const listening = new AbortController();
    const over = () => {
      listening.abort();
      ending = window.setTimeout(() => {
        pressed = false;
        if (due) draw();
        due = false;
      }, CLICK_BEHIND);
    };
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, over, { signal: listening.signal });
  });
  return () => {
    if (pressed) due = true;
    else draw();
  };
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
