/**
 * The tools of the bar, in the order in which they stand. One line each here; a tool of its own module (`tool_<name>.js`)
 * exports one `Tool`, and fetches what is heavy when it is first pressed, by an `import` inside `open` (as `ways.js` does
 * with the unit).
 *
 * Its words are `bar.<name>` and, in the second row, `bar.<name>.short`; its icon is `<name>` of `icons.js`.
 */
import { capture } from "./tool_capture.js";
import { detach } from "./tool_detach.js";
import { point } from "./tool_point.js";
import { transfer } from "./tool_transfer.js";

import { SHORTCUTS } from "./tool_shortcuts.js";

import { auscultation } from "./tool_auscultation.js";
import { camera } from "./tool_camera.js";
import { layout } from "./tool_layout.js";
import { share } from "./tool_share.js";

/**
 * What a tool may use of the call.
 * @typedef {object} Context
 * @property {import("./words.js").Words} words
 * @property {import("./call.js").Call} call
 * @property {import("./devices.js").Devices} devices
 * @property {import("./tiles.js").Tiles} tiles
 * @property {import("./aux.js").Aux} aux what we send beside face and voice
 * @property {import("./call_view.js").CallView} view panels (`addPanel`, `turn`) and the bar (`bar.press`, `count`, `label`)
 * @property {import("./notes.js").Notes} notes messages above the faces
 */
/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {"first" | "second" | "more"} place beside microphone and camera; below them; in the menu of the last of the first
 * @property {(context: Context) => unknown} open it was pressed
 * @property {(context: Context) => (() => void) | void} [start] somebody enters: add a panel, listen; answers how to stop
 * @property {() => boolean} [isPossible] this browser can do it; else it is not shown
 */

/** @type {readonly Tool[]} */
export const TOOLS = [
  share,
  camera,
  auscultation,
  point,
  SHORTCUTS,
  // second row: transfer, invite, chat, capture, detach, people, layout
  transfer,
  { name: "invite", place: "second", open: ({ view }) => view.turn("invite") },
  { name: "chat", place: "second", open: ({ view }) => view.turn("chat") },
  capture,
  detach,
  { name: "people", place: "second", open: ({ view }) => view.turn("people") },
  layout,
];

/**
 * Those that this browser can do.
 * @param {readonly Tool[]} tools
 * @returns {Tool[]}
 */
export function possible(tools) {
  return tools.filter(({ isPossible }) => isPossible?.() ?? true);
}

/**
 * @param {readonly Tool[]} tools
 * @param {Context} context
 * @returns {(() => void)[]} how to stop what they began
 */
export function started(tools, context) {
  return tools.flatMap((tool) => tool.start?.(context) ?? []);
}
