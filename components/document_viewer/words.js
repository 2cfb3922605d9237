// @ts-check
/** The transparent words over a page, to be selected, copied and read aloud, and the marks of what was found. */

import { h } from "../_shared/dom.js";

const FONT_SHARE = 0.8; // of a word's box, that a font of that size fills
const LINE_SHARE = 0.5; // of a word's height: what starts lower or higher than that is another line

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
    const isNext = Math.abs(top - line) > (bottom - top) * LINE_SHARE;
    if (isNext) layer.append("\n");
    line = top;
    const size = (bottom - top) * FONT_SHARE;
    const natural = ((pencil ? pencil.measureText(word).width : 50 * word.length) * size) / 100;
    const node = h("span", { "data-line": isNext ? "" : null }, word + " ");
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

/**
 * The selected words as they are read: spaces between words, a line for a line, an empty one between pages. Browsers
 * disagree on what text that stands freely over a picture reads like, so it is put together here.
 * @param {HTMLElement} pane
 */
export function selectedText(pane) {
  const range = selectedRange(pane);
  if (!range || range.collapsed) return "";
  let text = "";
  for (const layer of pane.querySelectorAll(".text")) {
    if (!range.intersectsNode(layer)) continue;
    if (text) text += "\n\n";
    for (const word of layer.querySelectorAll("span")) text = withWord(text, range, word);
  }
  return text.normalize("NFKC").trim(); // « ﬁ » is two letters wherever it is pasted
}

/** @param {string} text so far @param {Range} range @param {HTMLElement} word */
function withWord(text, range, word) {
  const letters = /** @type {Text} */ (word.firstChild);
  if (!range.intersectsNode(letters)) return text;
  const start = range.startContainer === letters ? range.startOffset : 0;
  const stop = range.endContainer === letters ? range.endOffset : letters.length;
  const part = letters.data.slice(start, stop).trimEnd();
  if (!part) return text;
  if (!text || text.endsWith("\n")) return text + part;
  return text + (word.dataset.line === undefined ? " " : "\n") + part;
}

/** @param {any} selection @param {any} root @returns {any[]} */
function composed(selection, root) {
  try {
    return selection.getComposedRanges({ shadowRoots: [root] });
  } catch {
    return selection.getComposedRanges(root); // as Safari 17 has it
  }
}

/** The selection within a shadow root; each browser has its own way to it. @param {HTMLElement} pane @returns {Range | null} */
export function selectedRange(pane) {
  const root = /** @type {any} */ (pane.getRootNode());
  const selection = /** @type {any} */ (root.getSelection ? root.getSelection() : document.getSelection());
  if (!selection) return null;
  if (selection.getComposedRanges && !root.getSelection) {
    const [found] = composed(selection, root);
    if (!found) return null;
    const range = document.createRange();
    range.setStart(found.startContainer, found.startOffset);
    range.setEnd(found.endContainer, found.endOffset);
    return range;
  }
  return selection.rangeCount ? selection.getRangeAt(0) : null;
}
