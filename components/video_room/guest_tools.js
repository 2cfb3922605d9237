/**
 * What an invited person can do in a call beside seeing, hearing and writing: behind the fifth button, which is only there
 * when there is something. One line each here; what it needs is fetched when it is first pressed, by an `import` inside
 * `open`: this page is light. Its words are `more.<name>`, its icon is `<name>` of `icons.js`.
 */
import { Arrivals } from "./tool_receive.js";

/**
 * @typedef {object} GuestContext
 * @property {import("./words.js").Words} words
 * @property {import("./call.js").Call} call
 * @property {import("./devices.js").Devices} devices
 * @property {import("./tiles.js").Tiles} tiles
 * @property {import("./aux.js").Aux} aux what we send beside face and voice
 * @property {import("./guest_call.js").GuestCall} view its sheets: `view.show(title, content)`
 * @property {import("./notes.js").Notes} notes messages above the faces
 */
/**
 * @typedef {object} GuestTool
 * @property {string} name
 * @property {((context: GuestContext) => unknown) | null} open pressed in the sheet; null: it only listens
 * @property {(context: GuestContext) => void} [start] once, with the page
 * @property {() => boolean} [isPossible] this browser can do it; else it is not shown
 */

/** What comes to this page, by call. @type {WeakMap<object, Arrivals>} */
const arrivals = new WeakMap();

/** @type {GuestTool[]} */
export const GUEST_TOOLS = [
  {
    name: "transfer",
    open: async ({ words, call, view }) => {
      const files = await arrivals.get(call)?.received();
      if (files) view.show(words.say("files.received"), files.element);
    },
    start: (around) => void arrivals.set(around.call, new Arrivals(around)),
  },
  { name: "devices", open: async (context) => (await import("./guest_devices.js")).openDevices(context) },
  {
    name: "share",
    open: async (context) => (await import("./guest_share.js")).openShare(context),
    isPossible: () => "getDisplayMedia" in (navigator.mediaDevices ?? {}),
  },
];
