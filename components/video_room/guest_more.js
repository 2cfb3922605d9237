/** What an invited person finds behind the fifth button: one large button for each thing. Fetched when it is first pressed. */
import { h, icon } from "./dom.js";

/** @typedef {import("./guest_tools.js").GuestContext} GuestContext */
/** @typedef {import("./guest_tools.js").GuestTool} GuestTool */

/**
 * @param {GuestContext} context
 * @param {readonly GuestTool[]} tools
 * @param {() => void} close the sheet that it stands in
 */
export function moreList(context, tools, close) {
  const buttons = tools.map(({ name, open }) => {
    const act = () => {
      close();
      open?.(context);
    };
    const text = context.words.say(`more.${name}`);
    return h("button", { type: "button", class: "tg-btn tg-btn-line", onclick: act }, icon(name, 28), text);
  });
  return h("div", { class: "tg-more" }, ...buttons);
}
