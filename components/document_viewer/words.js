// @ts-check
/** The transparent words over a page, to be selected, copied and read aloud, and the marks of what was found. */

import { h } from "./dom.js";

const FONT_SHARE = 0.8; // of a word's box, that a font of that size fills

/**
 * Everything is in parts of the page's width, so that it follows the zoom by itself.
 * @param {import("./sources.js").Words} found
 */
export function textLayer(found) {
  const layer = h("div", { class: "text" });
  const pencil = document.createElement("canvas").getContext("2d");
  if (pencil) pencil.font = "100px sans-serif";
  let line = NaN;
  for (const [left, top, right, bottom, word] of found.words) {
    if (Math.abs(top - line) > (bottom - top) / 2) layer.append("\n");
    line = top;
    const size = (bottom - top) * FONT_SHARE;
    const natural = ((pencil ? pencil.measureText(word).width : 50 * word.length) * size) / 100;
    const node = h("span", {}, word + " ");
    node.style.left = share(left, found.width);
    node.style.top = share(top + (bottom - top - size) / 2, found.width);
    node.style.fontSize = share(size, found.width);
    node.style.transform = `scaleX(${natural ? (right - left) / natural : 1})`;
    layer.append(node);
  }
  return layer;
}

/** @param {number[][]} boxes @param {number} width the page's, in the boxes' units @param {boolean} current */
export function marks(boxes, width, current) {
  return boxes.map(([left, top, right, bottom]) => {
    const node = h("mark", { "aria-hidden": "true", class: current ? "now" : null });
    node.style.left = share(left, width);
    node.style.top = share(top, width);
    node.style.width = share(right - left, width);
    node.style.height = share(bottom - top, width);
    return node;
  });
}

/** @param {number} length @param {number} width */
function share(length, width) {
  return `${((100 * length) / width).toFixed(3)}cqw`;
}
